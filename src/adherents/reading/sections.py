from adherents.reading.selectors import for_member
from adherents.vault.sections import section

section("reading/for_member.html")(for_member)
