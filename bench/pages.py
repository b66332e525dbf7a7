"""What a member's pages cost: queries, with five documents and with 500, and time over a bare Django template view."""

import gc
import time
import uuid
from collections.abc import Callable, Iterator
from statistics import median
from typing import Any

from django.db import connection, transaction
from django.http import HttpRequest, HttpResponse
from django.template import Context, Engine
from django.test import Client
from django.test.utils import CaptureQueriesContext, override_settings
from django.urls import path
from django.utils import timezone

from adherents.accounts.models import Account
from adherents.accounts.services.register import ensure_account
from adherents.members.models import Member
from adherents.members.nir import key_of
from adherents.vault.models import Deposit, Document, State

ROUNDS = 120
NIR = "2540338185042"
IN_A_DEPOSIT = 5
PAGES = {
    "home": "/adherent/",
    "documents": "/adherent/documents/",
    "document": "/adherent/documents/{document}/",
    "receipt": "/adherent/documents/accuses/{deposit}/",
    "send": "/adherent/documents/envoyer/",
    "personal data": "/adherent/donnees-personnelles/",
    "history": "/adherent/donnees-personnelles/historique/",
    "change password": "/adherent/donnees-personnelles/mot-de-passe/",
    "contact": "/contact/",
    "help": "/aide/",
}
BARE = Engine().from_string(
    "<!doctype html><html lang=fr><head><title>{{ title }}</title></head><body><h1>{{ title }}</h1><ul>"
    "{% for line in lines %}<li>{{ line }}</li>{% endfor %}</ul></body></html>"
)


def bare(request: HttpRequest) -> HttpResponse:
    """The baseline: a template and twenty lines, no database, no session."""
    return HttpResponse(BARE.render(Context({"title": "Bonjour", "lines": range(20)})))


urlpatterns = [path("bare/", bare)]


def bare_urls(get_response: Callable[[HttpRequest], HttpResponse]) -> Callable[[HttpRequest], HttpResponse]:
    """The baseline's only middleware: it leads to `bare`."""

    def middleware(request: HttpRequest) -> HttpResponse:
        request.urlconf = __name__  # type: ignore[attr-defined]
        return get_response(request)

    return middleware


def figures() -> Iterator[dict[str, Any]]:
    account, member = _member()
    client, baseline = Client(), Client()
    client.force_login(account)
    with override_settings(MIDDLEWARE=[f"{__name__}.bare_urls"]):
        baseline.get("/bare/")
    queries: dict[str, list[int]] = {page: [] for page in PAGES}
    for more in (5, 495):
        document = keep_documents(member, more)
        addresses = {
            page: address.format(document=document.pk, deposit=document.deposit.number)
            for page, address in PAGES.items()
        }
        for page, address in addresses.items():
            _request(client, address)
            queries[page].append(_queries(client, address))
    for page, address in addresses.items():
        ours: list[tuple[float, float]] = []
        theirs: list[tuple[float, float]] = []
        gc.collect()
        for _ in range(ROUNDS):
            theirs.append(_timed(baseline, "/bare/"))
            ours.append(_timed(client, address))
        (our_wall, our_processor), (their_wall, their_processor) = _medians(ours), _medians(theirs)
        with_5, with_500 = queries[page]
        yield {
            "figure": "member page",
            "page": page,
            "ratio": round(our_wall / their_wall, 1),
            "processor_ratio": round(our_processor / their_processor, 1),
            "ours_ms": round(our_wall * 1000, 2),
            "baseline_ms": round(their_wall * 1000, 2),
            "ours_processor_ms": round(our_processor * 1000, 2),
            "baseline_processor_ms": round(their_processor * 1000, 2),
            "baseline": "a bare Django template view, no middleware, no database",
            "queries": with_500,
            "queries_bar": 8,
            "grows_with_documents": with_500 != with_5,
            "documents": 500,
        }


def _member() -> tuple[Account, Member]:
    with transaction.atomic():
        account = ensure_account(
            identifier="B0000001",
            email="bench@example.org",
            birth_date="1954-03-05",
            language="fr",
            display_name="Camille Dupont",
        )
    Account.objects.filter(pk=account.pk).update(password_changed_at=timezone.now())
    account.refresh_from_db()
    member = Member(
        number="B0000001",
        birth_name="Dupont",
        first_names="Camille",
        birth_date="1954-03-05",
        birth_department="38",
        email="bench@example.org",
        account=account,
    )
    member.set_nir(f"{NIR}{key_of(NIR):02d}")
    member.set_search_keys()
    member.save()
    return account, member


def keep_documents(member: Member, number: int) -> Document:
    """Rows as deposits make them, in every state, without their bytes. Returns the last one."""
    first = Document.objects.of(member).count()
    deposits = [
        Deposit(number=f"D-2026-{rank:06d}", member=member)
        for rank in range(first // IN_A_DEPOSIT, (first + number) // IN_A_DEPOSIT)
    ]
    Deposit.objects.bulk_create(deposits)
    states = list(State)
    documents = [
        Document(
            deposit=deposits[rank // IN_A_DEPOSIT],
            member=member,
            kind="rib",
            name=f"rib-{rank}.pdf",
            content_type="application/pdf",
            size=120_000 + rank,
            sha256=uuid.uuid4().hex * 2,
            wrapped_key=b"",
            storage_name=uuid.uuid4().hex,
            state=states[rank % len(states)],
        )
        for rank in range(number)
    ]
    Document.objects.bulk_create(documents)
    return documents[-1]


def _queries(client: Client, address: str) -> int:
    with CaptureQueriesContext(connection) as captured:
        _request(client, address)
    ignored = ("BEGIN", "COMMIT", "SAVEPOINT", "RELEASE")
    return sum(not query["sql"].startswith(ignored) for query in captured.captured_queries)


def _request(client: Client, address: str) -> None:
    response = client.get(address)
    assert response.status_code == 200, (address, response.status_code)


def _timed(client: Client, address: str) -> tuple[float, float]:
    """Seconds on the clock, and of the processor: on a busy machine only these compare."""
    wall, processor = time.perf_counter(), time.process_time()
    _request(client, address)
    return time.perf_counter() - wall, time.process_time() - processor


def _medians(timed: list[tuple[float, float]]) -> tuple[float, float]:
    walls, processors = zip(*timed, strict=True)
    return median(walls), median(processors)
