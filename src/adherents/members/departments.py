"""Départements as people say them: « 94 », « 094 », « 2a », « Val-de-Marne », « Val-de-Marne (94) ». Pure code.

Names of today, and those that people born before they changed grew up with (INSEE's code officiel géographique).
"""

import re

from adherents.members import names, nir
from adherents.ui.typed import bare

_TODAY = (
    "01 Ain,02 Aisne,03 Allier,04 Alpes-de-Haute-Provence,05 Hautes-Alpes,06 Alpes-Maritimes,07 Ardèche,08 Ardennes,"
    "09 Ariège,10 Aube,11 Aude,12 Aveyron,13 Bouches-du-Rhône,14 Calvados,15 Cantal,16 Charente,17 Charente-Maritime,"
    "18 Cher,19 Corrèze,20 Corse,2A Corse-du-Sud,2B Haute-Corse,21 Côte-d’Or,22 Côtes-d’Armor,23 Creuse,24 Dordogne,"
    "25 Doubs,26 Drôme,27 Eure,28 Eure-et-Loir,29 Finistère,30 Gard,31 Haute-Garonne,32 Gers,33 Gironde,34 Hérault,"
    "35 Ille-et-Vilaine,36 Indre,37 Indre-et-Loire,38 Isère,39 Jura,40 Landes,41 Loir-et-Cher,42 Loire,43 Haute-Loire,"
    "44 Loire-Atlantique,45 Loiret,46 Lot,47 Lot-et-Garonne,48 Lozère,49 Maine-et-Loire,50 Manche,51 Marne,"
    "52 Haute-Marne,53 Mayenne,54 Meurthe-et-Moselle,55 Meuse,56 Morbihan,57 Moselle,58 Nièvre,59 Nord,60 Oise,61 Orne,"
    "62 Pas-de-Calais,63 Puy-de-Dôme,64 Pyrénées-Atlantiques,65 Hautes-Pyrénées,66 Pyrénées-Orientales,67 Bas-Rhin,"
    "68 Haut-Rhin,69 Rhône,70 Haute-Saône,71 Saône-et-Loire,72 Sarthe,73 Savoie,74 Haute-Savoie,75 Paris,"
    "76 Seine-Maritime,77 Seine-et-Marne,78 Yvelines,79 Deux-Sèvres,80 Somme,81 Tarn,82 Tarn-et-Garonne,83 Var,"
    "84 Vaucluse,85 Vendée,86 Vienne,87 Haute-Vienne,88 Vosges,89 Yonne,90 Territoire de Belfort,91 Essonne,"
    "92 Hauts-de-Seine,93 Seine-Saint-Denis,94 Val-de-Marne,95 Val-d’Oise,971 Guadeloupe,972 Martinique,973 Guyane,"
    "974 La Réunion,975 Saint-Pierre-et-Miquelon,976 Mayotte,977 Saint-Barthélemy,978 Saint-Martin,986 Wallis-et-Futuna,"
    "987 Polynésie française,988 Nouvelle-Calédonie"
)
_FORMERLY = (
    "04 Basses-Alpes,17 Charente-Inférieure,22 Côtes-du-Nord,44 Loire-Inférieure,64 Basses-Pyrénées,75 Seine,"
    "76 Seine-Inférieure,78 Seine-et-Oise,90 Belfort,06 Alpes maritimes,973 Guyane française,974 Réunion,"
    "99 Étranger,99 À l’étranger,99 Né à l’étranger,99 Née à l’étranger,99 Hors de France,99 Abroad,"
    "99 Algérie,99 Alger,99 Oran,99 Constantine,99 Maroc,99 Tunisie"
)
_CODES = {
    names.squeeze(name): code
    for code, _, name in (line.partition(" ") for line in f"{_TODAY},{_FORMERLY}".split(","))
}
_CODE = re.compile(r"0?2[AB]|\d{1,3}", re.ASCII)


def department_in(text: str) -> str:
    """The code (01, 2A, 974) of a département that is written as a number, as a name, or as both that agree.

    Raises `ValueError` for anything else.
    """
    try:
        return nir.normalise_department(text)
    except ValueError:
        pass  # a name, or a number with its name
    typed = bare(text.replace(" ", "\x00")).replace("\x00", " ").upper()
    numbers = _CODE.findall(re.sub(r"[^0-9A-Z]+", " ", typed)) if any(map(str.isdigit, typed)) else []
    name = names.squeeze(re.sub(r"0?2[AB]\b|\d+", " ", text, flags=re.IGNORECASE) if numbers else text)
    codes = {nir.normalise_department(number) for number in numbers}
    if name:
        codes.add(_CODES.get(name, ""))
    if len(codes) != 1 or "" in codes:
        raise ValueError("department")
    return codes.pop()
