"""School certificates that nobody ever received, and ones whose year or pupil is not what it seems."""

import random

from stress.reading_papers import GIVEN, Owner, Paper, Sheet, invented_owner

MONTHS = [
    "janvier", "février", "mars", "avril", "mai", "juin", "juillet", "août", "septembre", "octobre", "novembre",
    "décembre",
]  # fmt: skip


def printed_day(chance: random.Random) -> tuple[str, str]:
    """As it is printed, and as an ISO date."""
    day, month, year = chance.randrange(1, 29), chance.randrange(1, 13), chance.randrange(2024, 2027)
    iso = f"{year}-{month:02d}-{day:02d}"
    if chance.random() < 0.3:
        return f"{'1er' if day == 1 else day} {MONTHS[month - 1]} {year}", iso
    between = chance.choice("/.-")
    return f"{day:02d}{between}{month:02d}{between}{year}", iso


def certificate(seed: int) -> Paper:
    chance = random.Random(f"certificate {seed}")
    owner, sheet = invented_owner(chance), Sheet(chance)
    title = chance.choice(
        [
            "CERTIFICAT DE SCOLARITÉ",
            "Certificat de scolarité",
            "Attestation de scolarité",
            "ATTESTATION D'INSCRIPTION",
        ]
    )
    first = chance.randrange(2023, 2028)
    separator = chance.choice(["-", "/", " - ", " / "])
    years, label = (
        f"{first}{separator}{first + 1}",
        chance.choice(["Année scolaire", "année universitaire", "ANNÉE SCOLAIRE"]),
    )
    pupil, like = _pupil(chance, owner)
    sheet.say(60, 790, "ACADÉMIE DE RENNES - Lycée Anne de Bretagne", size=9)
    sheet.say(60, 750, title, size=15)
    truth = {"school_year": f"{first}-{first + 1}", "person": like}
    fault = FAULTS[seed % 10] if seed % 10 < len(FAULTS) else ""
    if fault == "no such years":
        years = f"{first}{separator}{first + 2}"
        truth.pop("school_year")
    sheet.say(60, 725, f"{label} : {years}" if seed % 2 else f"{label} {years}")
    match seed % 4:
        case 0:
            sheet.say(60, 690, "Je soussignée, Mme Le Bihan, proviseure, certifie que l'élève")
            sheet.say(60, 672, f"{pupil}, né(e) le 12/03/2010,")
        case 1:
            sheet.say(60, 690, f"Nom et prénom de l'élève : {pupil}")
            sheet.say(60, 672, "Date de naissance : 12/03/2010")
        case 2:
            sheet.say(60, 690, "Le chef d'établissement certifie que :")
            sheet.say(60, 672, f"{chance.choice(['', 'M. ', 'Mme '])}{pupil}")
            sheet.say(60, 654, "né(e) le 12 mars 2010")
        case _:
            sheet.say(60, 690, f"Le directeur atteste que l'étudiant {pupil} est")
    refused = "n'est plus inscrit" if fault == "left" else "est régulièrement inscrit(e)"
    sheet.say(60, 630, f"{refused} dans notre établissement en classe de seconde.")
    if fault == "two years":
        sheet.say(60, 600, f"Réinscription pour l'année scolaire {first + 1}-{first + 2}")
        truth.pop("school_year")
    sheet.say(60, 585, f"Bourse accordée pour {first - 1}-{first}", size=8)
    if fault == "the signer":
        sheet.say(60, 570, f"Le responsable légal : {owner.birth_name.upper()} {owner.first_names}")
    printed, iso = printed_day(chance)
    sheet.say(
        60,
        520,
        chance.choice(
            ["Fait à Brest, le {}", "Fait le {}", "Délivré le {}", "Fait à Saint-Malo le {}"]
        ).format(printed),
    )
    truth["date"] = iso
    if fault == "left":
        return Paper("certificate of one who left", sheet.content(), owner, None, {})
    return Paper("certificate", sheet.content(), owner, "certificat_scolarite", truth)


FAULTS = ["no such years", "left", "two years", "the signer"]


def _pupil(chance: random.Random, owner: Owner) -> tuple[str, str]:
    family, given, choice = owner.birth_name, owner.first_names, chance.random()
    if choice < 0.5:
        return f"{family.upper()} {given}", "same"
    if choice < 0.75:
        return f"{given} {family}", "same"
    return f"ZIMMERMANN {chance.choice(GIVEN)}", "other"
