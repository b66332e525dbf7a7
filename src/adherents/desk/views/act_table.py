"""What agents do on a member's record, and administrators on an agent's page, each with its reason: one table."""

from django.shortcuts import redirect
from django.utils.text import format_lazy
from django.utils.translation import gettext_lazy as _

from adherents.accounts.directory import services as directory
from adherents.accounts.models import Account, Purpose
from adherents.accounts.permissions import Act
from adherents.accounts.services import agents, end_sessions, new_factor
from adherents.desk.agent_forms import RoleForm, SpecialtyForm, TeamForm
from adherents.desk.forms import ChangeEmailForm
from adherents.desk.panels import what_suspending_releases
from adherents.desk.services import account_actions, consulting, handing_over, specialties
from adherents.desk.services.account_actions import EmailChange
from adherents.desk.views.act_page import ActPage, AgentActPage, MemberActPage
from adherents.desk.views.member_record import show_nir_for_a_while
from adherents.members.models import Member
from adherents.vault.views.own import zip_response

ON_A_MEMBER: list[ActPage[Member]] = [
    MemberActPage(
        act=Act.CHANGE_EMAIL,  # G10
        name="change_email",
        path="adherents/<int:pk>/adresse/",
        title=_("Changer l’adresse e-mail"),
        button=_("Changer l’adresse"),
        form=ChangeEmailForm,
        do=account_actions.change_email,
        done_words={
            EmailChange.TRUSTED_AGAIN: _("Adresse vérifiée : les mails y partent à nouveau."),
            EmailChange.FIRST: format_lazy("{} {}", _("Adresse e-mail changée."), _("Elle est prévenue.")),
            EmailChange.REPLACED: format_lazy(
                "{} {}", _("Adresse e-mail changée."), _("L’ancienne et la nouvelle adresse sont prévenues.")
            ),
        },
    ),
    MemberActPage(
        act=Act.END_LOCK,  # G11
        name="end_lock",
        path="adherents/<int:pk>/blocage/",
        title=_("Mettre fin au blocage"),
        words=_(
            "L’adhérent n’attend plus : un mail le lui dit, et « Mot de passe oublié » lui donne un "
            "nouveau mot de passe. L’ancien n’ouvre plus."
        ),
        do=account_actions.end_lock,
        done_words=_("Blocage levé. L’adhérent est prévenu : il lui reste à créer un nouveau mot de passe."),
    ),
    MemberActPage(
        act=Act.SEND_LINK,
        name="send_link",
        path="adherents/<int:pk>/lien/",
        title=_("Envoyer le lien"),
        do=account_actions.send_link,
        done_words={
            Purpose.FIRST_CONNECTION: _("Lien de première connexion envoyé à l’adresse du dossier."),
            Purpose.RESET: _("Lien de nouveau mot de passe envoyé à l’adresse du dossier."),
        },
    ),
    MemberActPage(
        act=Act.WRITE_LETTER,  # G10: for a member that no mail reaches
        name="write_letter",
        path="adherents/<int:pk>/courrier/",
        title=_("Préparer un courrier avec un code"),
        button=_("Préparer le courrier"),
        do=account_actions.write_letter,
        then=lambda request, member, batch: redirect("desk:letters", batch.pk),
    ),
    MemberActPage(
        act=Act.CLOSE_ACCOUNT,
        name="close_account",
        path="adherents/<int:pk>/fermeture/",
        title=_("Fermer le compte"),
        danger=True,
        do=account_actions.close_account,
        done_words=_(
            "Compte fermé. Ses connexions sont terminées, ses liens et ses courriers n’ouvrent plus."
        ),
    ),
    MemberActPage(
        act=Act.REOPEN_ACCOUNT,
        name="reopen_account",
        path="adherents/<int:pk>/reouverture/",
        title=_("Rouvrir le compte"),
        do=account_actions.reopen_account,
        done_words=_(
            "Compte rouvert. Il reste à l’adhérent à créer un nouveau mot de passe, par un lien ou un "
            "courrier."
        ),
    ),
    MemberActPage(
        act=Act.HAND_OVER_EXPORT,  # to a former holder of the number, who cannot sign in
        name="hand_over_export",
        path="adherents/<int:pk>/export/",
        title=_("Remettre les documents"),
        button=_("Télécharger le zip"),
        do=handing_over.hand_over_export,
        then=lambda request, member, export: zip_response(export),
        gives_a_file=True,
    ),
    MemberActPage(
        act=Act.SHOW_NIR,
        name="show_nir",
        path="adherents/<int:pk>/nir/",
        title=_("Montrer le NIR"),
        words=_(
            "Il s’affiche pendant deux minutes. L’adhérent peut lire dans son historique que le service "
            "l’a vu."
        ),
        do=consulting.show_nir,
        then=lambda request, member, nir: show_nir_for_a_while(request, member),
        done_words=_("Le numéro de Sécurité sociale est affiché pendant deux minutes."),
    ),
    MemberActPage(
        act=Act.END_SESSIONS,  # a lost phone, a shared computer
        name="end_member_sessions",
        path="adherents/<int:pk>/connexions/",
        title=_("Mettre fin aux connexions"),
        words=_(
            "L’adhérent est déconnecté de tous ses appareils, aussitôt. Son mot de passe ne change pas ; "
            "un mail le prévient."
        ),
        do=account_actions.end_sessions,
        done_words=_("Connexions terminées. Un mail prévient l’adhérent."),
    ),
]

ON_AN_AGENT: list[ActPage[Account]] = [
    AgentActPage(
        act=Act.MANAGE_AGENTS,
        name="invite_again",
        path="agents/<int:pk>/invitation/",
        title=_("Renvoyer l’invitation"),
        words=_("Un nouveau lien part à l’adresse de l’agent ; celui d’avant ne s’ouvre plus."),
        do=agents.invite_again,
        done_words=_("Invitation renvoyée."),
    ),
    AgentActPage(
        act=Act.MANAGE_AGENTS,
        name="agent_role",
        path="agents/<int:pk>/role/",
        title=_("Changer le rôle"),
        words=_(
            "Le rôle dit ce que l’agent peut faire. Ses connexions ouvertes se terminent, un mail le "
            "prévient."
        ),
        form=RoleForm,
        do=agents.change_role,
        done_words=_("Rôle changé. L’agent est prévenu et doit se reconnecter."),
    ),
    AgentActPage(
        act=Act.MANAGE_AGENTS,
        name="agent_team",
        path="agents/<int:pk>/groupe/",
        title=_("Changer le groupe"),
        words=_(
            "Le groupe range l’agent dans les chiffres et la répartition ; il ne change rien à ce qu’il "
            "peut faire."
        ),
        button=_("Enregistrer"),
        form=TeamForm,
        do=agents.change_team,
        done_words=_("Groupe enregistré."),
    ),
    AgentActPage(
        act=Act.MANAGE_AGENTS,
        name="agent_specialty",
        path="agents/<int:pk>/specialites/",
        title=_("Choisir ce que l’agent traite"),
        words=_(
            "« Suivant » ne lui donne que ces types et ces langues, et « À traiter » ne compte que ceux-là. Ce qui lui est "
            "réservé lui vient toujours, et il peut ouvrir tout document."
        ),
        button=_("Enregistrer"),
        form=SpecialtyForm,
        do=specialties.set_specialty,
        done_words=_("Enregistré : « Suivant » en tient compte dès maintenant."),
    ),
    AgentActPage(
        act=Act.MANAGE_AGENTS,
        name="link_agent",
        path="agents/<int:pk>/annuaire/",
        title=_("Relier à l’annuaire"),
        words=_(
            "La personne de l’annuaire qui s’est présentée avec cette adresse entrera en tant que cet agent, avec le rôle que "
            "l’annuaire lui donne. Assurez-vous, de vive voix, que c’est bien lui ; un mail le prévient."
        ),
        button=_("Relier"),
        do=directory.link,
        done_words=_("Agent relié à l’annuaire. Un mail le prévient."),
    ),
    AgentActPage(
        act=Act.MANAGE_AGENTS,
        name="unlink_agent",
        path="agents/<int:pk>/annuaire/delier/",
        title=_("Délier de l’annuaire"),
        words=_(
            "L’annuaire n’ouvre plus cet accès, et les connexions qui en viennent se terminent. Si une personne attendait d’être "
            "reliée, sa demande est refusée. Elle pourra demander à nouveau."
        ),
        button=_("Délier"),
        danger=True,
        do=directory.unlink,
        done_words=_("Fait : l’annuaire n’ouvre plus cet accès."),
    ),
    AgentActPage(
        act=Act.MANAGE_AGENTS,
        name="suspend_agent",
        path="agents/<int:pk>/suspendre/",
        title=_("Suspendre l’agent"),
        words=_(
            "Ses connexions se terminent aussitôt, ses liens ne s’ouvrent plus, et il ne peut plus se "
            "connecter. Ce qu’il a fait reste au journal. Vous pourrez le rétablir."
        ),
        button=_("Suspendre"),
        danger=True,
        consequences=what_suspending_releases,
        do=agents.suspend,
        done_words=_("Agent suspendu. Un mail le prévient."),
    ),
    AgentActPage(
        act=Act.MANAGE_AGENTS,
        name="reinstate_agent",
        path="agents/<int:pk>/retablir/",
        title=_("Rétablir l’agent"),
        words=_("Il se reconnecte avec le mot de passe et le second facteur qu’il avait."),
        button=_("Rétablir"),
        do=agents.reinstate,
        done_words=_("Agent rétabli. Un mail le prévient."),
    ),
    AgentActPage(
        act=Act.MANAGE_AGENTS,  # G11
        name="end_agent_lock",
        path="agents/<int:pk>/blocage/",
        title=_("Mettre fin au blocage"),
        words=_(
            "L’agent n’attend plus : « Mot de passe oublié » lui donne un nouveau mot de passe. L’ancien "
            "n’ouvre plus."
        ),
        do=agents.end_lock,
        done_words=_("Blocage levé. Un mail prévient l’agent."),
    ),
    AgentActPage(
        act=Act.MANAGE_AGENTS,
        name="end_agent_sessions",
        path="agents/<int:pk>/connexions/",
        title=_("Mettre fin aux connexions"),
        words=_("L’agent est déconnecté partout, aussitôt. Il peut se reconnecter ; un mail le prévient."),
        danger=True,
        do=lambda agent, by, reason: end_sessions.end_all_of(account=agent, by=by, reason=reason),
        done_words=_("Connexions terminées. Un mail prévient l’agent."),
    ),
    AgentActPage(
        act=Act.GIVE_SECOND_FACTOR,  # the first of two people; the second one answers in `second_factor.answer`
        name="ask_new_factor",
        path="agents/<int:pk>/second-facteur/",
        title=_("Demander un nouveau second facteur"),
        words=_(
            "Assurez-vous, de vive voix, que c’est bien l’agent qui l’a perdu. Une seconde personne "
            "devra l’accorder ; l’agent est prévenu tout de suite."
        ),
        button=_("Demander"),
        do=new_factor.ask,
        done_words=_("Demande enregistrée : une seconde personne doit maintenant l’accorder."),
    ),
    AgentActPage(
        act=Act.GIVE_SECOND_FACTOR,
        name="send_factor_link",
        path="agents/<int:pk>/second-facteur/lien/",
        title=_("Renvoyer le lien du second facteur"),
        button=_("Renvoyer le lien"),
        do=new_factor.send_again,
        done_words=_("Lien renvoyé."),
    ),
]

ACT_PAGES: list[ActPage[Member] | ActPage[Account]] = [*ON_A_MEMBER, *ON_AN_AGENT]
