"""A member's number in an address. It may have slashes in it, as a program writes it or as %2F."""

from django.urls import register_converter

NUMBER = "member_number"  # the name of the converter
_BELOW = "beneficiaries/[^/]+|documents|threads"  # what an address goes on with


class NumberConverter:
    """Whatever may be a number, up to what is below it. Whether it is one, the register says."""

    regex = rf"(?:[^/]|/(?!(?:{_BELOW})\Z))+"

    def to_python(self, value: str) -> str:
        return value

    def to_url(self, value: str) -> str:
        return value


register_converter(NumberConverter, NUMBER)
