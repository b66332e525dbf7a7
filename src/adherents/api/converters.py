"""What stands in an address: a member's number, which may have slashes in it, as a program writes it or as %2F; an id, in lower
case or in capitals (RFC 9562).
"""

from django.urls import register_converter
from django.urls.converters import StringConverter

from adherents.api.ids import ANY_CASE_ID

NUMBER, ANY_CASE_UUID = "member_number", "any_case_uuid"  # the names of the converters
_BELOW = "beneficiaries/[^/]+|documents|threads"  # what an address goes on with


class NumberConverter:
    """Whatever may be a number, up to what is below it. Whether it is one, the register says."""

    regex = rf"(?:[^/]|/(?!(?:{_BELOW})\Z))+"

    def to_python(self, value: str) -> str:
        return value

    def to_url(self, value: str) -> str:
        return value


class AnyCaseUuidConverter(StringConverter):
    """Ninja makes a UUID of the text."""

    regex = ANY_CASE_ID


register_converter(NumberConverter, NUMBER)
register_converter(AnyCaseUuidConverter, ANY_CASE_UUID)
