"""Every event that the journal knows, on one page. A value never changes; a label is what a person reads."""

from django.db.models import TextChoices
from django.utils.translation import gettext_lazy as _


class Event(TextChoices):
    # accounts: signing in
    SIGNED_IN = "account.signed_in", _("Connexion réussie")
    SIGN_IN_REFUSED = "account.sign_in_refused", _("Connexion refusée")
    SIGN_IN_EXPIRED = "account.sign_in_expired", _("Connexion arrêtée : mot de passe périmé")
    SIGNED_OUT = "account.signed_out", _("Déconnexion")
    LOCKED = "account.locked", _("Compte bloqué après des essais infructueux")
    LOCK_ENDED = "account.lock_ended", _("Blocage levé par le service")
    OBJECT_REFUSED = "account.object_refused", _("Objet refusé : inconnu, ou à quelqu’un d’autre")
    NEW_DEVICE = "account.new_device", _("Connexion depuis un nouvel appareil")
    SECOND_FACTOR_REFUSED = "account.second_factor_refused", _("Code de sécurité refusé")
    PASSKEY_COPIED = "account.passkey_copied", _("Clé d’accès refusée : son compteur n’a pas avancé")
    SECOND_FACTOR_ADDED = "account.second_factor_added", _("Second facteur ajouté")
    SECOND_FACTOR_REMOVED = "account.second_factor_removed", _("Second facteur retiré")
    # accounts: password life
    LINK_REQUESTED = "account.link_requested", _("Lien de mot de passe demandé")
    LINK_SENT = "account.link_sent", _("Lien de mot de passe envoyé")
    LINK_NOT_SENT = "account.link_not_sent", _("Lien de mot de passe non envoyé")
    LINK_KILLED = "account.link_killed", _("Lien de mot de passe annulé")
    BIRTH_DATE_REFUSED = "account.birth_date_refused", _("Date de naissance refusée")
    PASSWORD_SET = "account.password_set", _("Mot de passe créé")
    PASSWORD_CHANGED = "account.password_changed", _("Mot de passe modifié")
    PASSWORD_CHANGE_REFUSED = "account.password_change_refused", _("Modification du mot de passe refusée")
    SESSIONS_ENDED = "account.sessions_ended", _("Sessions fermées")
    # accounts: life
    ACCOUNT_CREATED = "account.created", _("Compte ouvert")
    ACCOUNT_CLOSED = "account.closed", _("Compte fermé")
    ACCOUNT_REOPENED = "account.reopened", _("Compte rouvert")
    ACCOUNT_RETIRED = (
        "account.retired",
        _("Compte fermé : le n° adhérent a été donné à une autre personne"),
    )
    EMAIL_CHANGED = "account.email_changed", _("Adresse e-mail modifiée")
    LETTER_MADE = "account.letter_made", _("Courrier avec un code préparé par le service")
    STRANGER_REPORTED = "account.stranger_reported", _("« Ce n’était pas moi » : tout est fermé")
    # accounts: agents
    AGENT_INVITED = "agent.invited", _("Agent invité")
    AGENT_ROLE_CHANGED = "agent.role_changed", _("Rôle de l’agent modifié")
    AGENT_TEAM_CHANGED = "agent.team_changed", _("Groupe de l’agent modifié")
    AGENT_SPECIALTY_CHANGED = "agent.specialty_changed", _("Types et langues que l’agent traite : modifiés")
    ABSENCE_PLANNED = "agent.absence_planned", _("Absence de l’agent notée")
    ABSENCE_ENDED = "agent.absence_ended", _("Absence de l’agent finie ou retirée")
    AGENT_SUSPENDED = "agent.suspended", _("Agent suspendu")
    AGENT_REINSTATED = "agent.reinstated", _("Agent rétabli")
    AGENT_ARRIVED = "agent.arrived", _("Agent venu de l’annuaire : compte créé")
    DIRECTORY_REFUSED = "agent.directory_refused", _("Connexion par l’annuaire refusée")
    DIRECTORY_LINK_ASKED = (
        "agent.directory_link_asked",
        _("Annuaire : une personne demande à être reliée à cet agent"),
    )
    DIRECTORY_LINKED = "agent.directory_linked", _("Agent relié à l’annuaire")
    DIRECTORY_UNLINKED = "agent.directory_unlinked", _("Agent délié de l’annuaire")
    BREAK_GLASS_USED = "agent.break_glass_used", _("Compte de secours utilisé")
    NEW_FACTOR_ASKED = "agent.new_factor_asked", _("Nouveau second facteur demandé")
    NEW_FACTOR_APPROVED = (
        "agent.new_factor_approved",
        _("Nouveau second facteur accordé par une seconde personne"),
    )
    NEW_FACTOR_REFUSED = "agent.new_factor_refused", _("Nouveau second facteur refusé")
    NEW_FACTOR_EXPIRED = (
        "agent.new_factor_expired",
        _("Nouveau second facteur : personne n’a répondu à temps"),
    )
    NEW_FACTOR_LINK_SENT = "agent.new_factor_link_sent", _("Lien du nouveau second facteur envoyé")
    NEW_FACTOR_WITHDRAWN = "agent.new_factor_withdrawn", _("Nouveau second facteur : demande sans objet")
    # enrolment
    IDENTITY_CLAIMED = "enrolment.identity_claimed", _("Première connexion demandée")
    IDENTITY_UNMATCHED = "enrolment.identity_unmatched", _("Première connexion sans correspondance")
    FRANCECONNECT_REFUSED = "enrolment.franceconnect_refused", _("Connexion par FranceConnect refusée")
    FRANCECONNECT_ASKED = (
        "enrolment.franceconnect_asked",
        _("FranceConnect : la personne a été reconnue, le lien avec son compte reste à confirmer"),
    )
    FRANCECONNECT_LINKED = "enrolment.franceconnect_linked", _("Compte relié à FranceConnect")
    FRANCECONNECT_UNLINKED = "enrolment.franceconnect_unlinked", _("Compte délié de FranceConnect")
    CODE_REFUSED = "enrolment.code_refused", _("Code reçu par courrier refusé")
    EMAIL_PROPOSED = "enrolment.email_proposed", _("Adresse e-mail donnée, à confirmer")
    ADDRESS_TAKEN_BACK = (
        "enrolment.address_taken_back",
        _("« Ce n’était pas moi » : l’adresse d’avant est remise"),
    )
    LETTERS_READY = "enrolment.letters_ready", _("Courriers prêts à imprimer")
    LETTERS_TAKEN = "enrolment.letters_taken", _("Courriers téléchargés par le service")
    LETTERS_DESTROYED = "enrolment.letters_destroyed", _("Courriers détruits")
    # members
    ADDRESS_FAILED = "register.address_failed", _("Adresse e-mail refusée par son serveur")
    ADDRESS_TRUSTED = "register.address_trusted", _("Adresse e-mail vérifiée par le service")
    FACTS_CHANGED = "register.facts_changed", _("Adhérent mis à jour par le système de gestion")
    BENEFICIARY_CHANGED = (
        "register.beneficiary_changed",
        _("Bénéficiaire mis à jour par le système de gestion"),
    )
    MEMBER_ENDED = "register.member_ended", _("Adhérent terminé par le système de gestion")
    BENEFICIARY_ENDED = "register.beneficiary_ended", _("Bénéficiaire terminé par le système de gestion")
    REGISTER_BATCH = "register.batch", _("Lot d’adhérents reçu du système de gestion")
    REGISTER_IMPORTED = "register.imported", _("Fichier des adhérents importé")
    NUMBER_GIVEN = "register.number_given", _("N° adhérent donné à une autre personne")
    RANK_GIVEN = "register.rank_given", _("Rang d’un bénéficiaire donné à une autre personne")
    # the installation
    BACKUP_MADE = "installation.backup_made", _("Sauvegarde faite")
    RESTORED = "installation.restored", _("Portail restauré depuis une sauvegarde")
    MAILS_RELEASED = "installation.mails_released", _("Mails retenus depuis la restauration : ils partent")
    HOLDS_LIFTED = "installation.holds_lifted", _("Effacements permis à nouveau après une restauration")
    EVERYTHING_EXPORTED = "installation.everything_exported", _("Tout le portail exporté en formats ouverts")
    JOURNAL_EXPORTED = "installation.journal_exported", _("Journal exporté")
    # the insurer's own systems
    CLIENT_CREATED = "client.created", _("Système de gestion autorisé")
    CLIENT_KEY_MADE = "client.key_made", _("Clé donnée à un système de gestion")
    CLIENT_KEY_ENDED = "client.key_ended", _("Clé retirée à un système de gestion")
    CLIENT_SUSPENDED = "client.suspended", _("Système de gestion suspendu")
    CLIENT_RESUMED = "client.resumed", _("Système de gestion rétabli")
    CLIENT_CALLED = "client.called", _("Appel d’un système de gestion")
    # the exchange folder
    FOLDER_BATCH_TAKEN = "folder.batch_taken", _("Lot du dossier d’échange pris")
    FOLDER_BATCH_REFUSED = "folder.batch_refused", _("Lot du dossier d’échange refusé")
    FOLDER_DELIVERY_MADE = "folder.delivery_made", _("Fichiers remis dans le dossier d’échange")
    # webhooks
    WEBHOOK_MADE = "webhook.made", _("Webhook créé")
    WEBHOOK_PAUSED = "webhook.paused", _("Webhook mis en pause")
    WEBHOOK_RESUMED = "webhook.resumed", _("Webhook remis en service")
    WEBHOOK_SET_ASIDE = "webhook.set_aside", _("Webhook mis de côté : rien n’a été pris pendant trois jours")
    WEBHOOK_REPLAYED = "webhook.replayed", _("Webhook : événements envoyés à nouveau")
    WEBHOOK_PASSED_OVER = "webhook.passed_over", _("Webhook : un événement n’est plus envoyé")
    WEBHOOK_SECRET_MADE = "webhook.secret_made", _("Nouveau secret d’un webhook")
    WEBHOOK_SECRET_REMOVED = "webhook.secret_removed", _("Ancien secret d’un webhook retiré")
    WEBHOOK_REMOVED = "webhook.removed", _("Webhook supprimé")
    # vault
    DOCUMENT_DEPOSITED = "vault.document_deposited", _("Document envoyé")
    DOCUMENT_DOWNLOADED = "vault.document_downloaded", _("Document téléchargé")
    DOCUMENT_OPENED = "vault.document_opened", _("Document consulté par le service")
    DOCUMENT_GATHERED = "vault.document_gathered", _("Photos réunies en un PDF")
    DOCUMENT_CHECKED = "vault.document_checked", _("Document vérifié")
    DOCUMENT_SET_ASIDE = "vault.document_set_aside", _("Document mis de côté")
    DOCUMENT_ALTERED = "vault.document_altered", _("Document altéré, refusé à la lecture")
    DOCUMENT_UNSCANNED = "vault.document_unscanned", _("Document en attente de l’antivirus")
    DOCUMENT_INFECTED = "vault.document_infected", _("Document reconnu dangereux par l’antivirus")
    DOCUMENT_TAKEN_BACK = "vault.document_taken_back", _("Document repris par l’adhérent")
    DOCUMENT_ERASED = "vault.document_erased", _("Document détruit : sa clé, puis ses octets")
    DOCUMENT_ACKNOWLEDGED = "vault.document_acknowledged", _("Document rangé par un système de gestion")
    DOCUMENTS_EXPORTED = "vault.documents_exported", _("Tous les documents téléchargés")
    RECEIPT_DOWNLOADED = "vault.receipt_downloaded", _("Accusé de dépôt téléchargé")
    SIGNING_KEY_MADE = "vault.signing_key_made", _("Clé de signature des accusés créée")
    SIGNING_KEY_RETIRED = "vault.signing_key_retired", _("Clé de signature des accusés remplacée")
    VALUE_ANSWERED = "reading.value_answered", _("Valeur lue sur un document : réponse de l’adhérent")
    VALUE_JUDGED = "reading.value_judged", _("Valeur lue sur un document : avis d’un agent")
    # casework: the queue
    DOCUMENT_TAKEN = "casework.document_taken", _("Document pris en charge")
    DOCUMENT_GIVEN_BACK = "casework.document_given_back", _("Document rendu à la file")
    LEASE_ENDED = "casework.lease_ended", _("Document laissé, revenu dans la file")
    DOCUMENT_FILED = "vault.document_filed", _("Type du document choisi par un agent")
    DOCUMENT_REFILED = "vault.document_refiled", _("Document reclassé par un agent")
    DOCUMENT_SPLIT = "vault.document_split", _("Document réparti en plusieurs")
    PART_MADE = "vault.part_made", _("Partie d’un document, à traiter pour elle-même")
    SPLIT_UNDONE = "vault.split_undone", _("Répartition annulée")
    DOCUMENT_JOINED = "vault.document_joined", _("Document réuni avec d’autres du même envoi")
    JOINED_MADE = "vault.joined_made", _("Plusieurs documents réunis, à traiter comme un seul")
    JOIN_UNDONE = "vault.join_undone", _("Réunion de documents annulée")
    DOCUMENT_RELOCATED = "vault.document_relocated", _("Document classé dans le dossier d’un autre adhérent")
    RELOCATED_HERE = "vault.relocated_here", _("Document venu du dossier d’un autre adhérent")
    REFILING_UNDONE = "vault.refiling_undone", _("Reclassement annulé")
    DOCUMENT_HANDED_OVER = "casework.document_handed_over", _("Document transmis à un autre agent")
    DOCUMENT_ASSIGNED = "casework.document_assigned", _("Document attribué à un agent")
    DOCUMENT_RELEASED = "casework.document_released", _("Document revenu à tous")
    QUEUE_EXPORTED = "casework.queue_exported", _("File de traitement exportée")
    FILTER_SHARED = "casework.filter_shared", _("Filtre de la file partagé avec tous les agents")
    FILTER_UNSHARED = "casework.filter_unshared", _("Filtre de la file qui n’est plus partagé")
    RELOCATION_MADE = (
        "casework.relocation_made",
        _("Classement dans le dossier d’un autre adhérent, encore annulable"),
    )
    RELOCATION_UNDONE = "casework.relocation_undone", _("Classement dans un autre dossier annulé")
    RELOCATION_LAPSED = (
        "casework.relocation_lapsed",
        _("Classement dans un autre dossier impossible : le document revient dans la file"),
    )
    DECISION_MADE = "casework.decision_made", _("Décision prise, encore annulable")
    DECISION_UNDONE = "casework.decision_undone", _("Décision annulée avant son envoi")
    DECISION_REOPENED = "casework.decision_reopened", _("Décision rouverte : le document attend à nouveau")
    DOCUMENT_ACCEPTED = "casework.document_accepted", _("Document accepté")
    DOCUMENT_REFUSED = "casework.document_refused", _("Document refusé")
    CORRECTION_ASKED = "casework.correction_asked", _("Correction demandée")
    CORRECTION_ANSWERED = "casework.correction_answered", _("Réponse à une demande de correction")
    # casework
    MEMBER_CONSULTED = "casework.member_consulted", _("Dossier consulté par le service")
    NIR_SHOWN = "casework.nir_shown", _("Numéro de sécurité sociale affiché au service")
    LINK_ASKED_FOR = "casework.link_asked_for", _("Lien demandé par le service")
    MESSAGE_WRITTEN = "casework.message_written", _("Message de l’adhérent")
    MESSAGE_ANSWERED = "casework.message_answered", _("Message du service à l’adhérent")
    MESSAGES_READ = "casework.messages_read", _("Messages lus")
    NOTE_WRITTEN = "casework.note_written", _("Note interne")
    NOTE_REMOVED = "casework.note_removed", _("Note interne retirée")
    OPINION_ASKED = "casework.opinion_asked", _("Avis demandé à un collègue")
    OPINION_GIVEN = "casework.opinion_given", _("Avis donné par un collègue")
    OPINION_WITHDRAWN = "casework.opinion_withdrawn", _("Demande d’avis annulée")
    THREAD_TRANSFERRED = "casework.thread_transferred", _("Conversation transférée")
    THREAD_CLOSED = "casework.thread_closed", _("Conversation fermée")
    THREAD_REOPENED = "casework.thread_reopened", _("Conversation rouverte")
    THREAD_ERASED = "casework.thread_erased", _("Conversation effacée, pièces jointes comprises")
    CIRCULAR_WRITTEN = "casework.circular_written", _("Message à plusieurs adhérents écrit, encore annulable")
    CIRCULAR_UNDONE = "casework.circular_undone", _("Message à plusieurs adhérents annulé avant son envoi")
    CIRCULAR_BEGUN = "casework.circular_begun", _("Message à plusieurs adhérents : l’envoi commence")
    CIRCULAR_ENDED = "casework.circular_ended", _("Message à plusieurs adhérents envoyé")
    CANNED_ANSWER_CHANGED = "casework.canned_answer_changed", _("Réponse type modifiée")
    CANNED_ANSWER_REMOVED = "casework.canned_answer_removed", _("Réponse type supprimée")
    ACCESS_REFUSED = "casework.access_refused", _("Accès refusé")
