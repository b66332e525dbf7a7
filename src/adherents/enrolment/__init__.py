"""« Première connexion / Identifiant perdu »: from a person's own words to the one member of the register, or to none."""
