"""The client in Python before a portal that stumbles: what is tried again, how often and when, and what is said in the end."""

import json
from collections.abc import Callable

import httpx
import pytest
from espace_adherents import Beneficiary, Member, Portal, Problem, Unreachable

Answer = httpx.Response | httpx.TransportError


class Stumbling:
    """Answers each call with the next of `answers`. A mock: what it plays cannot be had from a portal at will."""

    def __init__(self, *answers: Answer) -> None:
        self.answers, self.requests, self.waited = list(answers), list[httpx.Request](), list[float]()

    def __call__(self, request: httpx.Request) -> httpx.Response:
        self.requests.append(request)
        answer = self.answers.pop(0)
        if isinstance(answer, httpx.TransportError):
            raise answer
        return answer

    @property
    def portal(self) -> Portal:
        transport = httpx.MockTransport(self)
        return Portal("https://portal.example", key="k", transport=transport, sleep=self.waited.append)


def problem(status: int, code: str, **headers: str) -> httpx.Response:
    said = {"type": f"https://portal.example/api/v1/problems/{code}", "title": "No.", "status": status}
    return httpx.Response(
        status, json=said, headers={name.replace("_", "-"): text for name, text in headers.items()}
    )


def done() -> httpx.Response:
    return httpx.Response(200, json={})


@pytest.mark.parametrize(
    "passing",
    [
        lambda: problem(503, "unavailable", Retry_After="7"),
        lambda: problem(429, "too-many-requests", Retry_After="7"),
        lambda: problem(409, "in-progress", Retry_After="7"),
    ],
)
def test_what_passes_is_tried_again_when_the_portal_says_under_one_key(passing: Callable[[], Answer]) -> None:
    stumbling = Stumbling(passing(), httpx.ReadTimeout("silence"), done())
    stumbling.portal.acknowledge("1", reference="GED-1")
    assert stumbling.waited[0] == 7
    assert 1 <= stumbling.waited[1] <= 2
    [key] = {request.headers["Idempotency-Key"] for request in stumbling.requests}
    assert len(key) == 36
    assert {request.content for request in stumbling.requests} == {b'{"reference":"GED-1"}'}


@pytest.mark.parametrize(
    ("status", "code"),
    [(401, "not-authenticated"), (409, "in-hand"), (422, "invalid"), (500, "server-error")],
)
def test_what_does_not_pass_is_said_at_once(status: int, code: str) -> None:
    stumbling = Stumbling(problem(status, code))
    with pytest.raises(Problem) as said:
        stumbling.portal.document("1")
    assert (said.value.status, said.value.code, said.value.title) == (status, code, "No.")
    assert stumbling.waited == []


def test_it_gives_up_after_five_tries_and_says_why() -> None:
    away = Stumbling(*[problem(503, "unavailable") for _ in range(5)])
    with pytest.raises(Problem):
        away.portal.document("1")
    dead = Stumbling(*[httpx.ConnectError("refused") for _ in range(5)])
    with pytest.raises(Unreachable, match="refused"):
        dead.portal.document("1")
    assert len(away.waited) == len(dead.waited) == 4
    assert dead.waited == sorted(dead.waited)


LOST = [lambda: httpx.ReadTimeout("silence"), lambda: httpx.Response(502), lambda: httpx.Response(504)]


@pytest.mark.parametrize("lost", LOST)
def test_what_was_lost_and_may_have_been_done_is_never_said_to_be_stale_or_there_before(
    lost: Callable[[], Answer],
) -> None:
    member = Member(number="1", birth_name="Petit")
    beneficiary = Beneficiary(rank=1, birth_name="Petit")
    for call in (
        lambda portal: portal.put_member(member, if_match='"a"'),
        lambda portal: portal.change_member("1", if_match='"a"', phone="0102030405"),
        lambda portal: portal.end_member("1", if_match='"a"'),
        lambda portal: portal.put_beneficiary("1", beneficiary, if_match='"a"'),
        lambda portal: portal.end_beneficiary("1", 1, if_match='"a"'),
    ):
        stumbling = Stumbling(lost(), problem(412, "precondition-failed"))
        with pytest.raises(Unreachable, match="may have been done"):
            call(stumbling.portal)
        assert len(stumbling.requests) == 1
        passing = Stumbling(httpx.ConnectError("refused"), problem(503, "unavailable"), done())
        call(passing.portal)  # neither of the two was done
        assert len(passing.requests) == 3
    assert Stumbling(lost(), done()).portal.put_member(member).created is None
    assert Stumbling(lost(), httpx.Response(201, json={})).portal.put_member(member).created
    assert Stumbling(httpx.ConnectError("refused"), done()).portal.put_member(member).created is False


def test_a_page_of_a_proxy_is_a_problem_without_a_code() -> None:
    with pytest.raises(Problem) as said:
        Stumbling(httpx.Response(413, html="<h1>Too large</h1>")).portal.document("1")
    assert (said.value.status, said.value.code) == (413, "unknown")


def test_content_that_is_not_what_its_digest_says_is_fetched_again_and_never_given() -> None:
    broken = [
        httpx.Response(200, content=b"half", headers={"Repr-Digest": "sha-256=:AAAA:"}) for _ in range(5)
    ]
    with pytest.raises(Unreachable):
        Stumbling(*broken).portal.content("1")


def test_a_list_is_read_to_its_end_and_a_number_stays_one_part_of_the_address() -> None:
    pages = [{"items": [{"number": "1"}], "next": "more"}, {"items": [{"number": "2"}], "next": None}]
    stumbling = Stumbling(
        *[httpx.Response(200, json=page) for page in pages], httpx.Response(200, json={"number": "a/b c"})
    )
    assert [member.number for member in stumbling.portal.members()] == ["1", "2"]
    assert stumbling.requests[1].url.params["cursor"] == "more"
    stumbling.portal.member("a/b c")
    assert stumbling.requests[2].url.raw_path == b"/api/v1/members/a%2Fb%20c"


def test_the_feed_is_followed_from_next_to_next() -> None:
    event = {
        "id": "e",
        "type": "document.checked",
        "at": "2026-01-02T03:04:05Z",
        "subject": "document/1",
        "data": {},
    }
    pages = [{"items": [event], "next": "b"}, {"items": [], "next": "b"}, {"items": [event], "next": "c"}]
    stumbling = Stumbling(*[httpx.Response(200, content=json.dumps(page)) for page in pages])
    feed = stumbling.portal.follow("a", pause=3)
    assert [next(feed).next, next(feed).next] == ["b", "c"]
    assert [request.url.params["after"] for request in stumbling.requests] == ["a", "b", "b"]
    assert stumbling.waited == [3]
