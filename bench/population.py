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
from dataclasses import astuple, replace
from typing import Any

from bench.rows import AGENTS, DOCUMENTS_EACH, TEAMS, statements, with_defaults

PROCESSES = 2
COLUMNS = (
    "number nir nir_index birth_name usage_name first_names birth_date start_date row_digest birth_department email email_key"
    " email_in_file phone language birth_key usage_key birth_pair usage_pair"
    " first_key birth_sound usage_sound"
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
        for name, told in statements(members * DOCUMENTS_EACH).items():
            _step(name, lambda told=told: [cursor.execute(statement) for statement in told])
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

    from adherents.members.models import Member

    more = with_defaults(Member, dict.fromkeys(COLUMNS.split(), ""))
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
    from adherents.members.search_query import search_keys

    keys = search_keys(line.nom_naissance, line.nom_usage, line.prenoms)
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
        *astuple(keys),
    )


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
