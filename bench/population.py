"""An insurer's portal after two years, made in minutes on PostgreSQL: members with their accounts and beneficiaries, five
documents each, what the queue and the agents did of them, the journal. For `bench.desk`.

The members are the invented ones, sealed and indexed as the import does; the rest comes from `generate_series`. What no page
of the bench reads is not there: no bytes of documents, no images of pages, no digests that prove the journal.
Usage, with `ADHERENTS_DATABASE_URL` set: python -m bench.population MEMBERS [NAMESAKES]

A name that one person bears among ten thousand is fifty people's among a million, and a list of fifty takes longer to read
and to show than a list of one. With `NAMESAKES`, a small portal's members share each name and each birthday as
often as a large one's do: what a search finds is then alike, and the time that remains is what the size costs.
"""

import multiprocessing
import os
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import replace
from typing import Any

AGENTS, TEAMS = 60, ("Prestations", "Optique et dentaire", "Cotisations", "Accueil")
DOCUMENTS_EACH = 5
WAITING = 0.005  # of the documents: three or four days of arrivals
YEARS = 2
PROCESSES = 2
COLUMNS = (
    "number nir nir_index birth_name usage_name first_names birth_date start_date row_digest birth_department email email_key"
    " email_in_file phone language birth_key usage_key birth_pair usage_pair"
)


def person(rank: int, members: int, namesakes: int = 0) -> Any:
    """The invented member of this rank, from 1; `namesakes`: how many share the same names, and how many others the same
    birth date."""
    from adherents.demo import invented

    persona = invented.member(rank)
    if not namesakes:
        return persona
    named = invented.member(1 + rank % (members // namesakes))
    return replace(
        persona,
        nom_naissance=named.nom_naissance,
        nom_usage=named.nom_usage,
        prenoms=named.prenoms,
        date_naissance=invented.member(1 + rank // namesakes).date_naissance,
    )


def fill(members: int, namesakes: int = 0) -> None:
    """Everything, in an empty database; says on stderr how long each step takes."""
    from django.core.management import call_command
    from django.db import connection

    call_command("migrate", verbosity=0)
    _step("agents", _agents)
    with connection.cursor() as cursor, _without_indexes(cursor):
        _step("members", lambda: _members(members, namesakes))
        cursor.execute("SELECT setseed(0.2026)")
        for name, statements in _statements(members * DOCUMENTS_EACH).items():
            _step(name, lambda told=statements: [cursor.execute(statement) for statement in told])
        _step("words of decisions", lambda: _words(cursor))
    _step("tallies", _tallies)
    with connection.cursor() as cursor:
        _step("vacuum", lambda: cursor.execute("VACUUM ANALYZE"))
        cursor.execute("CHECKPOINT")


def _step(name: str, work: Callable[[], object]) -> None:
    start = time.perf_counter()
    work()
    print(f"  {name}: {time.perf_counter() - start:.1f} s", file=sys.stderr, flush=True)


def _agents() -> None:
    from adherents.accounts.models import Account, Role

    grouped = any(field.name == "team" for field in Account._meta.concrete_fields)
    for rank in range(AGENTS):
        address = f"agent.{rank}@mese.example"
        team = {"team": TEAMS[rank % len(TEAMS)]} if grouped else {}
        Account.objects.create(
            identifier=address, email=address, role=Role.ADVISER, display_name=f"Agent {rank}", **team
        )


def _members(count: int, namesakes: int) -> None:
    """By COPY, from two processes, each with a connection of its own: the one that they inherit stays their parent's."""
    size = -(-count // PROCESSES)
    parts = [
        (range(first, min(first + size, count + 1)), count, namesakes) for first in range(1, count + 1, size)
    ]
    with multiprocessing.get_context("fork").Pool(PROCESSES) as pool:
        pool.starmap(_copy_members, parts)


def _copy_members(ranks: range, count: int, namesakes: int) -> None:
    import psycopg

    more = _with_defaults(_model("members", "Member"), dict.fromkeys(COLUMNS.split(), ""))
    fixed = {name: value for name, value in more.items() if name not in COLUMNS.split()}
    with psycopg.connect(os.environ["ADHERENTS_DATABASE_URL"]) as connection, connection.cursor() as cursor:
        cursor.execute("CREATE TEMPORARY TABLE arriving (LIKE members_member)")
        cursor.execute(
            "SELECT attname FROM pg_attribute WHERE attrelid = 'arriving'::regclass AND attnum > 0 AND attnotnull"
        )
        for (column,) in cursor.fetchall():
            cursor.execute(f'ALTER TABLE arriving ALTER COLUMN "{column}" DROP NOT NULL')
        names = f"id, {', '.join(COLUMNS.split())}"
        with cursor.copy(f"COPY arriving ({names}) FROM STDIN") as copy:
            for rank in ranks:
                copy.write_row((rank, *_row(person(rank, count, namesakes))))
        cursor.execute(
            f"INSERT INTO members_member ({', '.join([names, *fixed])})"
            f" SELECT {', '.join([names, *fixed.values()])} FROM arriving"
        )


def _row(line: Any) -> tuple[object, ...]:
    """A line of the insurer's file as the register keeps it."""
    from adherents.crypto.index import blind_index
    from adherents.members.models import NIR_PURPOSE, Member
    from adherents.members.search_query import pair_key, search_key

    day, month, year = line.date_naissance.split("/")
    return (
        line.numero_adherent,
        Member._meta.get_field("nir").seal(line.nir, line.numero_adherent),  # type: ignore[union-attr]
        blind_index(NIR_PURPOSE, line.nir),
        line.nom_naissance,
        line.nom_usage,
        line.prenoms,
        f"{year}-{month}-{day}",
        "-".join(reversed(line.date_debut.split("/"))),
        os.urandom(16),
        line.departement_naissance,
        line.email,
        line.email.lower(),
        line.email,
        line.telephone,
        line.langue,
        search_key(line.nom_naissance, line.prenoms),
        search_key(line.nom_usage, line.prenoms),
        pair_key(line.nom_naissance, line.prenoms),
        pair_key(line.nom_usage, line.prenoms),
    )


def _model(room: str, name: str) -> Any:
    from django.apps import apps

    return apps.get_model(room, name)


def _with_defaults(model: Any, given: dict[str, str]) -> dict[str, str]:
    """The given columns, and for the others that may not be null what a new row has in them, as SQL."""
    facts = dict(given)
    for field in model._meta.concrete_fields:
        if field.column in facts or field.null or field.primary_key:
            continue
        value = field.get_default()
        kind = field.get_internal_type()
        if kind == "DateTimeField":
            facts[field.column] = "now()"
        elif kind == "BinaryField":
            facts[field.column] = "''::bytea"
        elif kind == "JSONField":
            facts[field.column] = "'[]'::jsonb" if value == [] else "'{}'::jsonb"
        elif isinstance(value, int):
            facts[field.column] = str(value).lower()
        else:
            facts[field.column] = f"'{value or ''}'"
    return facts


def _insert(model_label: str, source: str, **given: str) -> str:
    model = _model(*model_label.split("."))
    columns = _with_defaults(model, given)
    return f"INSERT INTO {model._meta.db_table} ({', '.join(columns)}) SELECT {', '.join(columns.values())} {source}"


def _statements(documents: int) -> dict[str, list[str]]:
    """What fills each table, in order. A document's hash decides what becomes of it, the same in each table."""
    from django.utils import timezone

    from adherents.insurer.profile import profile
    from adherents.journal.events import Event

    now = f"'{timezone.now().isoformat()}'::timestamptz"
    kinds = ", ".join(f"'{kind.code}'" for kind in profile().documents.kinds)
    kind = f"(ARRAY[{kinds}])[1 + (i * 7 + i / 11) % {len(profile().documents.kinds)}]"
    deposits = documents // 2
    waiting = max(int(documents * WAITING), 1)
    moment = f"{now} - interval '1 hour' - interval '{YEARS} years' * (1 - {{0}}::float / {deposits})"
    chance = "(hashtext(d.id::text) & 1023)"
    rank = f"(hashtext(d.id::text) >> 10 & 1048575) % {AGENTS}"
    agent = (
        f"((SELECT array_agg(id ORDER BY id) FROM accounts_account WHERE role = 'conseiller'))[1 + {rank}]"
    )
    team = f"(ARRAY[{', '.join(repr(team) for team in TEAMS)}])[1 + {rank} % {len(TEAMS)}]"
    return {
        "accounts": [
            _insert(
                "accounts.Account",
                "FROM members_member m WHERE m.id % 5 < 3",
                identifier="m.number",
                email="m.email",
                birth_date="m.birth_date",
                password="'!'",
                role="'member'",
                password_changed_at="now() - interval '20 days'",
                last_sign_in_at="now() - interval '9 days'",
            ),
            "CREATE INDEX bench_identifier ON accounts_account (identifier); ANALYZE accounts_account, members_member",
            "UPDATE members_member m SET account_id = a.id FROM accounts_account a WHERE a.identifier = m.number",
            "DROP INDEX bench_identifier",
        ],
        "beneficiaries": [
            _insert(
                "members.Beneficiary",
                "FROM members_member m WHERE m.id % 3 = 0",
                member_id="m.id",
                rank="1",
                birth_name="m.birth_name",
                first_names="'Lou'",
                birth_date="'2010-05-09'",
                relation="'enfant'",
            )
        ],
        "deposits": [
            _insert(
                "vault.Deposit",
                f"FROM generate_series(1, {deposits}) i",
                id="i",
                number="'D-' || (2024 + i % 3) || '-' || to_char(i, 'FM00000000')",
                member_id=f"1 + (i::bigint * 2654435761) % {documents // DOCUMENTS_EACH}",
                at=moment.format("i"),
            )
        ],
        "documents": [
            _insert(
                "vault.Document",
                f"FROM generate_series(1, {documents}) i",
                id="gen_random_uuid()",
                deposit_id="1 + (i - 1) / 2",
                member_id=f"1 + ((1 + (i - 1) / 2)::bigint * 2654435761) % {documents // DOCUMENTS_EACH}",
                at=moment.format("(1 + (i - 1) / 2)"),
                rank="1 + (i - 1) % 2",
                kind=kind,
                name="'IMG_' || i || '.jpg'",
                name_key="'img ' || i || ' jpg'",
                content_type="'image/jpeg'",
                size="900000 + i % 3000000",
                sha256="encode(sha256(int8send(i)), 'hex')",
                wrapped_key="decode(repeat('5a', 140), 'hex')",
                storage_name="'documents/' || gen_random_uuid()",
                state=f"CASE WHEN i > {documents - waiting} THEN 'checked' WHEN i % 100 < 80 THEN 'accepted'"
                " WHEN i % 100 < 94 THEN 'refused' ELSE 'incomplete' END",
                state_at=f"{moment.format('(1 + (i - 1) / 2)')} + interval '1 day'",
                checked_at=f"{moment.format('(1 + (i - 1) / 2)')} + interval '3 minutes'",
                next_attempt_at="NULL",
                page_count="1 + i % 3",
                scanned_at=f"{moment.format('(1 + (i - 1) / 2)')} + interval '2 minutes'",
                scanned_by="'ClamAV 1.4.3'",
            )
        ],
        "items": [
            _insert(
                "casework.Item",
                "FROM vault_document d",
                id="d.id",  # as good as any, and what is decided of it is found by it
                document_id="d.id",
                kind="d.kind",
                due_on="(d.at + interval '7 days')::date",
                entered_at="d.checked_at",
                status="CASE WHEN d.state = 'checked' THEN 'waiting' ELSE 'done' END",
                agent_id=f"CASE WHEN d.state = 'checked' THEN NULL ELSE {agent} END",
            )
        ],
        "decisions": [
            _insert(
                "casework.Decision",
                "FROM (SELECT *, least(-ln(random() + 1e-9) * 30, 600) * interval '1 hour' AS wait FROM vault_document"
                " WHERE state <> 'checked') d",
                item_id="d.id",
                outcome="d.state",
                agent_id=agent,
                team=team,
                at=f"least(d.checked_at + d.wait, {now})",
                reason=f"CASE WHEN d.state = 'accepted' THEN '' ELSE (ARRAY['illisible', 'incomplet', 'autre_personne',"
                f" 'date_passee', 'double', 'autre'])[1 + {chance} % 6] END",
                until="CASE WHEN d.state = 'incomplete' THEN (d.at + interval '40 days')::date END",
                settled_at=f"least(d.checked_at + d.wait, {now}) + interval '10 seconds'",
                next_attempt_at="NULL",
            )
        ],
        "corrections": [
            _insert(
                "casework.Correction",
                "FROM casework_decision c WHERE c.outcome = 'incomplete'",
                decision_id="c.id",
                document_id="c.item_id",
                agent_id="c.agent_id",
                asked_at="c.settled_at",
                until="c.until",
                answered_at="CASE WHEN c.id % 3 > 0 THEN c.settled_at + interval '4 days' END",
            )
        ],
        "journal": [
            *(
                _insert(
                    "journal.Entry",
                    source,
                    subject=subject,
                    sequence=sequence,
                    at=at,
                    event=f"'{event.value}'",
                    actor=actor,
                    details="'{}'::jsonb",
                    digest="encode(sha256(int8send(s.id)), 'hex')",
                )
                for event, source, subject, sequence, at, actor in [
                    (
                        Event.SIGNED_IN,
                        "FROM accounts_account s, generate_series(1, 3) n WHERE s.role = 'member'",
                        "'account:' || s.id",
                        "n",
                        f"{now} - n * interval '9 days' - (s.id % 900) * interval '1 minute'",
                        "'account:' || s.id",
                    ),
                    (
                        Event.MEMBER_CONSULTED,
                        "FROM members_member s WHERE s.id % 2 = 0",
                        "'member:' || s.id",
                        "1",
                        f"{now} - (s.id % 700) * interval '1 day'",
                        f"'agent:' || (1 + s.id % {AGENTS})",
                    ),
                ]
            ),
            _insert(
                "journal.Entry",
                "FROM vault_document d, generate_series(1, 2) n WHERE (hashtext(d.id::text) & 3) = 0",
                subject="'document:' || d.id",
                sequence="n",
                at="CASE n WHEN 1 THEN d.at ELSE d.state_at END",
                event=f"CASE n WHEN 1 THEN '{Event.DOCUMENT_DEPOSITED.value}' ELSE '{Event.DOCUMENT_OPENED.value}' END",
                actor=f"CASE n WHEN 1 THEN 'member:' || d.member_id ELSE 'agent:' || (1 + {chance} % {AGENTS}) END",
                details="'{}'::jsonb",
                digest="d.sha256",
            ),
            "INSERT INTO journal_head (subject, sequence, digest)"
            " SELECT subject, max(sequence), max(digest) FROM journal_entry GROUP BY subject",
        ],
    }


def _words(cursor: Any) -> None:
    """What members were told, each sealed for its own decision."""
    from adherents.casework.models import Decision

    words = Decision._meta.get_field("words_fr")
    decisions = list(Decision.objects.exclude(reason="").values_list("pk", *words.bound_to))
    cursor.execute("CREATE TEMPORARY TABLE said (id bigint, words bytea)")
    with cursor.copy("COPY said FROM STDIN") as copy:
        for pk, *identity in decisions:
            copy.write_row((pk, words.seal("Le document est illisible.", *identity, pk=pk)))
    cursor.execute("UPDATE casework_decision d SET words_fr = s.words FROM said s WHERE s.id = d.id")


def _tallies() -> None:
    """Through the service, as `adherents rebuild_figures` does."""
    from adherents.casework.services.tallying import rebuild

    assert sum(number for _monday, number in rebuild())


@contextmanager
def _without_indexes(cursor: Any) -> Iterator[None]:
    """The tables bare of indexes and constraints while they are filled; the same afterwards, foreign keys not looked through."""
    cursor.execute(
        "SELECT conrelid::regclass::text, conname, contype, pg_get_constraintdef(oid) FROM pg_constraint"
        " WHERE connamespace = 'public'::regnamespace AND contype IN ('f', 'u', 'p', 'c')"
        " AND conrelid::regclass::text = ANY(%s) OR contype = 'f' AND confrelid::regclass::text = ANY(%s)",
        [TABLES, TABLES],
    )
    constraints = sorted(cursor.fetchall(), key=lambda row: "fcup".index(row[2]))
    for table, name, _kind, _definition in constraints:
        cursor.execute(f'ALTER TABLE {table} DROP CONSTRAINT "{name}"')
    cursor.execute(
        "SELECT indexname, indexdef FROM pg_indexes WHERE schemaname = 'public' AND tablename = ANY(%s)",
        [TABLES],
    )
    indexes = cursor.fetchall()
    for name, _definition in indexes:
        cursor.execute(f'DROP INDEX "{name}"')
    yield
    cursor.execute("SET maintenance_work_mem = '1GB'; SET max_parallel_maintenance_workers = 2")

    def restore() -> None:
        for _name, definition in indexes:
            cursor.execute(definition)
        for table, name, kind, definition in reversed(constraints):
            late = " NOT VALID" if kind in "cf" else ""
            cursor.execute(f'ALTER TABLE {table} ADD CONSTRAINT "{name}" {definition}{late}')
        cursor.execute("SELECT setval('vault_deposit_id_seq', (SELECT max(id) FROM vault_deposit))")
        cursor.execute("SELECT setval('members_member_id_seq', (SELECT max(id) FROM members_member))")

    _step("indexes", restore)


TABLES = [
    "accounts_account", "members_member", "members_beneficiary", "vault_deposit", "vault_document", "casework_item",
    "casework_decision", "casework_correction", "journal_entry", "journal_head",
]  # fmt: skip


if __name__ == "__main__":
    import django

    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "adherents.config.settings")
    django.setup()
    fill(*map(int, sys.argv[1:]))
