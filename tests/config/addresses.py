"""Every address that the portal answers, read from its URL configuration: a page that is added is tested the same day."""

import re
from dataclasses import dataclass

from django.urls import URLPattern, URLResolver, get_resolver

ARGUMENTS = {
    "str:token": "0" * 32,
    "str:number": "D-2026-000001",
    "str:key_id": "0" * 16,
    "str:reference": "0" * 16,
    "int:pk": "1",
    "int:number": "1",
    "int:photo": "1",
    "uuid:document_id": "00000000-0000-4000-8000-000000000000",
    "uuid:other_id": "00000000-0000-4000-8000-000000000001",
    "uuid:batch_id": "00000000-0000-4000-8000-000000000000",
    "uuid:arrival_id": "00000000-0000-4000-8000-000000000000",
    "uuid:sending_id": "00000000-0000-4000-8000-000000000000",
    "uuid:thread_id": "00000000-0000-4000-8000-000000000000",
    "uuid:circular_id": "00000000-0000-4000-8000-000000000000",
    "int:answer_id": "1",
    "slug:name": "semaines",
    "uuid:upload_id": "00000000-0000-4000-8000-000000000000",
}
REGEXES = {"^(?P<shell>member|agent)/$": "member/"}


@dataclass(frozen=True)
class Address:
    name: str
    path: str

    def __str__(self) -> str:
        return self.name


def _filled(route: str) -> str:
    if route.startswith("^"):
        return REGEXES.get(route, "404/")
    return re.sub(r"<([^>]+)>", lambda match: ARGUMENTS[match[1]], route)


def _walk(resolver: URLResolver, before: str, space: str) -> list[Address]:
    addresses = []
    for pattern in resolver.url_patterns:
        if isinstance(pattern, URLResolver) and pattern.namespace == "api-v1":
            continue  # programs' addresses, which no person opens: `tests/api` holds each to its scope
        path = before + _filled(str(pattern.pattern))
        if isinstance(pattern, URLResolver):
            inner = f"{space}{pattern.namespace}:" if pattern.namespace else space
            addresses += _walk(pattern, path, inner)
        elif isinstance(pattern, URLPattern):
            addresses.append(Address(f"{space}{pattern.name or path}", path))
    return addresses


ADDRESSES = _walk(get_resolver(), "/", "")
