"""A call goes to a public address, to that very one, once, for ten seconds, and reads little."""

import time
from ipaddress import ip_address, ip_network
from pathlib import Path
from typing import Any

import pytest

from adherents.webhooks import call, networks
from adherents.webhooks.call import CallAnswer, post
from adherents.webhooks.networks import NotAUrl, NotCalled, check_url
from adherents.webhooks.troubles import Trouble
from tests.config.certificates import certificate
from tests.webhooks.receiver import Receiver, answers, receiving, says_too_much, trickles

pytestmark = pytest.mark.any_database
INSIDE = [
    "127.0.0.1", "127.1.2.3", "0.0.0.0", "10.0.0.1", "172.16.9.9", "192.168.1.1", "100.64.0.1", "100.100.100.200",
    "169.254.169.254", "192.0.0.1", "192.0.2.1", "198.18.0.1", "224.0.0.1", "239.255.255.250", "240.0.0.1",
    "255.255.255.255", "168.63.129.16", "::", "::1", "::ffff:127.0.0.1", "::ffff:10.0.0.1", "::ffff:169.254.169.254",
    "::127.0.0.1", "fe80::1", "fec0::1", "fc00::1", "fd00:ec2::254", "ff02::1", "2001:db8::1", "2002:7f00:1::",
    "2002:a9fe:a9fe::", "64:ff9b::7f00:1", "64:ff9b::a00:1", "2001:0:7f00:1::", "100::1",
]  # fmt: skip
OUTSIDE = [
    "93.184.215.14",
    "2606:2800:21f:cb07:6820:80da:af6b:8b2c",
    "64:ff9b::5db8:d70e",
    "2002:5db8:d70e::",
]
WRITTEN_OTHERWISE = [
    "2130706433",
    "0x7f000001",
    "0177.0.0.1",
    "127.1",
    "0",
    "0x7f.1",
    "[::ffff:127.0.0.1]",
    "[::1]",
]
NO_ADDRESS = [
    "", "nowhere", "ftp://a.fr/", "file:///etc/passwd", "https://", "https:///a", "https://user@a.fr/", "https://u:p@a.fr/",
    "https://a.fr/#x", "https://a.fr:0/", "https://a.fr:99999/", "https://a.fr/a b", "https://a.fr/\r\nX: y",
    "https://a.fr/é", "javascript:alert(1)", "https://" + "a" * 70 + ".fr/", "https://a.fr/" + "a" * 500,
]  # fmt: skip


def leads_to(monkeypatch: pytest.MonkeyPatch, *addresses: str) -> list[str]:
    """In the place of the system's resolver, which no test may change: what a name leads to. Returns the names asked for."""
    asked: list[str] = []

    def resolve(host: str, port: int) -> list[networks.Ip]:
        asked.append(host)
        return [ip_address(address) for address in addresses]

    monkeypatch.setattr(networks, "resolve", resolve)
    return asked


@pytest.mark.parametrize("address", INSIDE)
def test_a_name_that_leads_inside_is_not_called(address: str, monkeypatch: pytest.MonkeyPatch) -> None:
    leads_to(monkeypatch, "93.184.215.14", address)
    with pytest.raises(NotCalled):
        networks.reachable("https://insurer.example/", resolve=networks.resolve, seconds=1)
    assert post("https://insurer.example/", b"{}", {}) == CallAnswer(Trouble.FORBIDDEN)


@pytest.mark.parametrize("address", OUTSIDE)
def test_an_address_of_the_internet_may_be_called(address: str, monkeypatch: pytest.MonkeyPatch) -> None:
    leads_to(monkeypatch, address)
    found = networks.reachable("https://insurer.example/", resolve=networks.resolve, seconds=1)
    assert found == [ip_address(address)]
    with pytest.raises(NotCalled):  # never in clear
        networks.reachable("http://insurer.example/", resolve=networks.resolve, seconds=1)


@pytest.mark.parametrize("host", WRITTEN_OTHERWISE)
def test_this_machine_under_another_writing_is_refused_when_it_is_typed_and_when_it_is_called(
    host: str,
) -> None:
    with pytest.raises(NotCalled):
        check_url(f"https://{host}/")
    assert post(f"https://{host}/", b"{}", {}).trouble in {Trouble.FORBIDDEN, Trouble.NO_NAME}


@pytest.mark.parametrize("url", NO_ADDRESS)
def test_what_is_no_web_address_is_refused(url: str) -> None:
    with pytest.raises(NotAUrl):
        check_url(url)


def test_http_is_for_the_networks_of_the_setting_alone(
    settings: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    with pytest.raises(NotCalled) as refusal:
        check_url("http://insurer.example/")
    assert refusal.value.trouble == Trouble.CLEAR
    settings.ADHERENTS_WEBHOOK_NETWORKS = [ip_network("10.1.0.0/16")]
    check_url("http://insurer.example/")
    for address, trouble in (
        ("10.1.2.3", None),
        ("10.2.2.3", Trouble.FORBIDDEN),
        ("93.184.215.14", Trouble.CLEAR),
    ):
        leads_to(monkeypatch, address)
        if trouble is None:
            networks.reachable("http://insurer.example/", resolve=networks.resolve, seconds=1)
        else:
            assert post("http://insurer.example/", b"{}", {}).trouble == trouble
    leads_to(monkeypatch, "::ffff:10.1.2.3")
    networks.reachable("http://insurer.example/", resolve=networks.resolve, seconds=1)


def test_the_address_that_was_looked_at_is_the_one_called_whatever_the_name_leads_to_next(
    receiver: Receiver, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A name that leads elsewhere each time it is asked for: it is asked for once, and the call goes there, under the name."""
    answers_given = [[ip_address("127.0.0.1")], [ip_address("10.0.0.1")]]
    monkeypatch.setattr(networks, "resolve", lambda host, port: answers_given.pop(0))
    port = receiver.url.rpartition(":")[2].partition("/")[0]
    assert post(f"http://insurer.example:{port}/a", b'{"id": "1"}', {"webhook-id": "1"}) == CallAnswer(
        "", 204
    )
    assert receiver.requests[0]["host"] == f"insurer.example:{port}"
    assert len(answers_given) == 1


def test_no_proxy_of_the_environment_is_asked(receiver: Receiver, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("HTTP_PROXY", "http://127.0.0.1:9")
    monkeypatch.setenv("http_proxy", "http://127.0.0.1:9")
    assert post(receiver.url, b'{"id": "1"}', {"webhook-id": "1"}).status == 204


@pytest.mark.parametrize(
    ("status", "trouble"),
    [(200, ""), (202, ""), (204, ""), (301, Trouble.REDIRECT), (307, Trouble.REDIRECT), (400, Trouble.REFUSED),
     (404, Trouble.REFUSED), (410, Trouble.GONE), (429, Trouble.REFUSED), (503, Trouble.REFUSED)],
)  # fmt: skip
def test_only_an_answer_of_the_two_hundreds_takes_an_event_and_no_redirect_is_followed(
    receiver: Receiver, status: int, trouble: str
) -> None:
    with receiving() as elsewhere:
        receiver.answer = answers(status, Location=elsewhere.url)
        assert post(receiver.url, b'{"id": "1"}', {"webhook-id": "1"}) == CallAnswer(trouble, status)
        assert elsewhere.requests == []
    assert len(receiver.requests) == 1


def test_an_answer_that_trickles_is_given_up_when_the_time_is_over(
    receiver: Receiver, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(call, "SECONDS", 0.6)
    receiver.answer = trickles
    began = time.monotonic()
    assert post(receiver.url, b'{"id": "1"}', {"webhook-id": "1"}).trouble == Trouble.SLOW
    assert 0.5 < time.monotonic() - began < 5


def test_a_resolver_that_hangs_is_given_up_too(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(call, "SECONDS", 0.3)
    monkeypatch.setattr(networks, "resolve", lambda host, port: time.sleep(3) or [])
    began = time.monotonic()
    assert post("https://insurer.example/", b"{}", {}).trouble == Trouble.SLOW
    assert time.monotonic() - began < 2


def test_of_a_long_answer_64_kib_are_read_and_no_more(receiver: Receiver) -> None:
    receiver.answer = says_too_much
    assert post(receiver.url, b'{"id": "1"}', {"webhook-id": "1"}).trouble == Trouble.UNREADABLE


def test_nobody_there_and_no_such_name_are_said_apart(near: None) -> None:
    assert post("http://127.0.0.1:9/", b"{}", {}).trouble == Trouble.UNREACHED
    assert post("https://nowhere.invalid/", b"{}", {}).trouble == Trouble.NO_NAME


@pytest.mark.parametrize("proven", [True, False])
def test_over_tls_the_server_proves_the_name_and_not_the_address(
    proven: bool, near: None, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    shown = certificate(tmp_path, host="insurer.example" if proven else "other.example")
    monkeypatch.setenv("SSL_CERT_FILE", str(shown.authority))
    leads_to(monkeypatch, "127.0.0.1")
    with receiving(certificate=shown.context()) as there:
        port = there.url.rpartition(":")[2].partition("/")[0]
        answer = post(f"https://insurer.example:{port}/", b'{"id": "1"}', {"webhook-id": "1"})
    assert answer == (CallAnswer("", 204) if proven else CallAnswer(Trouble.TLS))
    assert bool(there.requests) == proven
