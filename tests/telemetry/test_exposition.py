"""`/metrics`: who may read it, what it costs, and what it says while parts are away."""

import json
import re
import secrets
import shutil
import subprocess
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
import yaml
from django.db import OperationalError
from django.test import Client
from django.utils import timezone
from pytest_django import DjangoAssertNumQueries

from adherents.accounts.models import ResetRequest
from adherents.telemetry import engines, metrics, readings
from adherents.telemetry.engines import Engine
from adherents.work.models import Heartbeat
from adherents.work.services import beat
from tests.telemetry.figures import now, values_in

MONITORING = Path(__file__).parents[2] / "deploy" / "monitoring"
TOKEN = "b7d0c9e2f1a34856b7d0c9e2f1a34856"
pytestmark = pytest.mark.django_db


@pytest.fixture(autouse=True)
def _read_anew() -> None:
    readings.forget()


def ask(token: str = "", **headers: str) -> Any:
    given = {"Authorization": f"Bearer {token}"} if token else {}
    return Client().get("/metrics", headers=given | headers)


def test_a_portal_on_trial_tells_everybody() -> None:
    metrics.begin()
    answer = ask()
    assert answer.status_code == 200
    assert answer["Content-Type"].startswith("text/plain; version=")
    assert "Set-Cookie" not in answer
    told = values_in(answer.content.decode())
    assert any(name.startswith("adherents_build_info{version=") for name in told)
    assert told['adherents_sign_ins_total{outcome="locked"}'] >= 0
    accepts = ask(Accept="application/openmetrics-text; version=1.0.0")
    assert accepts.content.endswith(b"# EOF\n")


def test_in_production_only_a_token_opens_it(settings: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    settings.IN_PRODUCTION = True
    answer = ask()
    assert answer.status_code == 404
    assert answer.templates[0].name == "ui/errors/404.html", "as if there were no such page"
    settings.ADHERENTS_METRICS_BIND = ("127.0.0.1", 9100)
    assert ask().status_code == 404, "a listener of its own opens nothing here"
    settings.ADHERENTS_METRICS_TOKEN = TOKEN
    compared: list[bytes] = []
    compare = secrets.compare_digest

    def noted(given: Any, token: Any) -> bool:
        compared.append(given)
        return compare(given, token)

    monkeypatch.setattr("adherents.telemetry.exposition.secrets.compare_digest", noted)
    for wrong in ("", "x", TOKEN[:-1], TOKEN + "0", "é"):
        refused = ask(wrong)
        assert (refused.status_code, refused.content, refused["WWW-Authenticate"]) == (401, b"", "Bearer")
    assert len(compared) == 4, "in constant time"
    assert ask(Authorization=f"Basic {TOKEN}").status_code == 401
    assert ask(TOKEN).status_code == 200


def test_what_waits_and_who_works_is_told() -> None:
    at = timezone.now() - timedelta(minutes=10)
    for minutes in (0, 5):
        ResetRequest.objects.create(
            identifier="70100001",
            requested_at=at + timedelta(minutes=minutes),
            leased_until=timezone.now() + timedelta(minutes=5 if minutes else -5),
        )
    beat(worker="one", lanes=["mails"])
    told = now()
    assert told['adherents_backlog_rows{kind="links",lane="mails"}'] == 2
    assert 600 <= told['adherents_backlog_oldest_seconds{kind="links",lane="mails"}'] < 660
    assert told['adherents_backlog_oldest_seconds{kind="mails",lane="mails"}'] == 0
    assert told['adherents_leases{kind="links"}'] == 1
    assert told['adherents_lane_alive{lane="mails"}'] == 1
    assert told['adherents_lane_workers{lane="mails"}'] == 1
    assert told['adherents_lane_alive{lane="drawings"}'] == 0
    assert told['adherents_engine_up{engine="database"}'] == 1
    assert told['adherents_engine_up{engine="worker"}'] == 0
    assert not any(told[name] for name in told if name.startswith("adherents_reading_failed"))


def test_the_database_is_asked_once_in_a_few_seconds(
    django_assert_num_queries: DjangoAssertNumQueries, django_assert_max_num_queries: Any
) -> None:
    with django_assert_max_num_queries(60):
        now()
    with django_assert_num_queries(0):
        for _ in range(5):
            now()


def test_what_cannot_be_read_is_said_and_keeps_nothing_else_back(monkeypatch: pytest.MonkeyPatch) -> None:
    def broken() -> None:
        raise OperationalError("x")

    monkeypatch.setattr("adherents.config.readings.lane_states", broken)
    told = now()
    assert told['adherents_reading_failed{reading="lanes"}'] == 1
    assert told['adherents_reading_failed{reading="backlogs"}'] == 0
    assert not any(name.startswith("adherents_lane_alive") for name in told)
    assert any(name.startswith("adherents_backlog_rows") for name in told)


def test_a_database_that_is_away_is_not_asked(monkeypatch: pytest.MonkeyPatch) -> None:
    def away() -> None:
        raise OSError("refused")

    monkeypatch.setattr(engines, "ENGINES", {"database": Engine("database", away, vital=True)})
    for name in ("backlog_states", "lane_states", "lease_counts"):
        monkeypatch.setattr(f"adherents.config.readings.{name}", lambda: pytest.fail("it was asked"))
    answer = ask()
    assert answer.status_code == 200
    told = values_in(answer.content.decode())
    assert told['adherents_engine_up{engine="database"}'] == 0
    assert told['adherents_reading_failed{reading="backlogs"}'] == 1
    # Counters may be read before the engines are asked: the next reading has what this one saw.
    assert values_in(ask().content.decode())['adherents_engine_failures_total{engine="database"}'] >= 1


NAME = re.compile(r"\badherents_[a-z_]+")


def named_in(expressions: list[str]) -> set[str]:
    return {name for expression in expressions for name in NAME.findall(expression)}


def every_name() -> set[str]:
    """Whatever can be told, also before it happened for the first time."""
    Heartbeat.objects.all().delete()
    for counter in vars(metrics).values():
        if isinstance(counter, metrics.Counter | metrics.Histogram):
            counter.labels(*counter._labelnames)
    return {name.partition("{")[0] for name in now()}


def test_every_figure_of_a_rule_is_told() -> None:
    groups = yaml.safe_load((MONITORING / "alerts.yml").read_text())["groups"]
    rules = [rule for group in groups for rule in group["rules"]]
    assert len(rules) > 10
    assert named_in([rule["expr"] for rule in rules]) <= every_name()
    assert all(set(rule["annotations"]) == {"summary", "description"} for rule in rules)
    assert {rule["labels"]["severity"] for rule in rules} == {"page", "ticket"}


def test_every_label_and_kind_of_a_rule_is_ours() -> None:
    """A kind that was renamed would leave an alert that never rings."""
    told = "\n".join(now())
    for line in (MONITORING / "alerts.yml").read_text().splitlines():
        for kinds in re.findall(r'kind=~?"([^"]+)"', line):
            for kind in kinds.split("|"):
                assert f'kind="{kind}"' in told, kind
        for outcomes in re.findall(r'(?:sign_ins|mails|scans)_total\{outcome=~?"([^"]+)"', line):
            every_name()
            assert all(f'outcome="{outcome}"' in "\n".join(now()) for outcome in outcomes.split("|"))


def test_every_figure_of_the_dashboard_is_told() -> None:
    panels = json.loads((MONITORING / "grafana-dashboard.json").read_text())["panels"]
    expressions = [target["expr"] for panel in panels for target in panel["targets"]]
    shown = named_in(expressions)
    assert shown <= every_name()
    assert len({panel["id"] for panel in panels}) == len(panels) > 15
    base = {re.sub(r"_(bucket|count|sum)$", "", name) for name in shown}
    all_of_them = {re.sub(r"_(bucket|count|sum)$", "", name) for name in every_name()}
    assert {name for name in all_of_them if not name.endswith("_created")} == base, "none is left out"


def test_every_figure_is_explained() -> None:
    guide = (Path(__file__).parents[2] / "docs" / "operating.md").read_text()
    told = {re.sub(r"_(bucket|count|sum)$", "", name) for name in every_name()}
    assert not {name for name in told if f"`{name}`" not in guide}


def test_promtool_takes_the_rules_and_the_figures() -> None:
    tool = shutil.which("promtool")
    if tool is None:
        pytest.skip("promtool is not on this machine: scripts/system-packages promtool installs it")
    checked = subprocess.run(
        [tool, "check", "rules", str(MONITORING / "alerts.yml")], capture_output=True, text=True, check=False
    )
    assert checked.returncode == 0, checked.stderr
    linted = subprocess.run([tool, "check", "metrics"], input=ask().content, capture_output=True, check=False)
    assert linted.returncode == 0, linted.stderr.decode()
