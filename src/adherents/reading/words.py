"""What was read, in words: the names of values, and their proofs."""

from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _

Words = str | Promise
LABELS: dict[str, Words] = {
    "iban": _("IBAN"),
    "bic": _("BIC"),
    "holder": _("Titulaire"),
    "nir": _("N° de Sécurité sociale"),
    "valid_from": _("Début des droits"),
    "valid_until": _("Fin des droits"),
    "total": _("Total lu"),
    "date": _("Daté du"),
    "paid": _("Acquittée"),
    "person": _("Élève ou étudiant"),
    "school_year": _("Année scolaire"),
}
PAID = _("Oui : c’est écrit sur le document")
HOLDERS: dict[str, Words] = {
    "same": _("Même nom qu’une personne du contrat"),
    "near": _("Nom proche de celui d’une personne du contrat : à comparer"),
    "other": _("Autre nom : ce n’est celui d’aucune personne du contrat"),
}
PROOFS: dict[str, Words] = {
    "drawn": _("écrit dans le PDF, et visible sur la page"),
    "recognised": _("reconnu sur l’image"),
    "agreed": _("lu de même par deux moteurs de reconnaissance"),
    "mod97": _("clé de l’IBAN juste"),
    "rib_key": _("clé RIB juste"),
    "bank_code": _("forme d’un compte français ou monégasque"),
    "cells": _("égal aux cases du RIB"),
    "label": _("à côté de son libellé"),
    "shape": _("bonne forme"),
    "country": _("même pays que le compte"),
    "compared": _("comparé aux noms du contrat"),
    "key": _("clé juste"),
    "calendar": _("date possible"),
    "place": _("lieu possible"),
    "person": _("celui d’une personne du contrat"),
    "sum": _("somme de ses lignes"),
    "line": _("égal à sa ligne"),
    "payments": _("égal à ce qui est réglé et à ce qui reste"),
    "not_negated": _("écrit sans « non » ni condition"),
    "consecutive": _("deux années qui se suivent"),
    "signature": _("signé"),
}
# Of a 2D-Doc whose signature is not believed: why not.
WHY_NOT: dict[str, Words] = {
    "altered": _("Sa signature n’est pas celle de ce qu’il dit : il a été changé, ou mal imprimé."),
    "revoked": _("Le certificat de son signataire a été révoqué."),
    "expired": _("Le certificat de son signataire n’était pas valable le jour de la signature."),
    "unknown": _("Son signataire n’est pas de ceux que nous connaissons."),
    "test": _("C’est un code d’essai."),
    "unreadable": _("Sa forme n’est pas de celles que nous savons lire."),
}
