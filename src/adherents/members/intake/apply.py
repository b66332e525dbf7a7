"""What waits in the staging tables becomes the register: all of it in the caller's transaction, or none of it."""

from collections.abc import Collection, Iterator, Sequence
from contextlib import contextmanager
from datetime import date, datetime

from django.db import connection
from django.utils import timezone

from adherents.accounts.services.register import push_facts
from adherents.database.transactions import needs_transaction
from adherents.feed.event_types import EventType
from adherents.feed.services import announce, announce_all
from adherents.members.intake import addresses
from adherents.members.intake.compare import Plan
from adherents.members.intake.former import take_number_from, take_ranks
from adherents.members.intake.sheets import MEMBERS
from adherents.members.intake.staging import NAMED_AGAIN, Staging, until_commit
from adherents.members.models import Beneficiary, Member, Source

_MEMBER = Member._meta.db_table
_BENEFICIARY = Beneficiary._meta.db_table
_PUSH = "intake_push"
_PUSHED_AT_ONCE = 500
_FIRST_LOAD = 5_000
_FIRST_LOAD_TIMES = 10

# Someone the file no longer names was covered until today, unless their file said less.
_END = (
    "gone_at = %s, row_digest = %s, "
    "end_date = CASE WHEN start_date > %s THEN start_date WHEN end_date < %s THEN end_date ELSE %s END"
)


def _address_columns() -> str:
    """SQL: what a line that changed does to the address. An agent's correction stands (G10) until the file brings an address
    that it did not have before. Letter case makes no other address, it is the same mailbox: it follows the file.
    """
    old, new = _MEMBER, "excluded"
    said_otherwise = f"{new}.email_in_file <> {old}.email_in_file"
    is_another = f"lower({new}.email_in_file) <> lower({old}.email_in_file)"
    follows = f"{said_otherwise} AND ({is_another} OR {new}.email_key = {old}.email_key)"
    # Another address may arrive where the former one did not.
    moves = f"{is_another} AND {new}.email_key <> {old}.email_key"
    return (
        f"email = CASE WHEN {follows} THEN {new}.email ELSE {old}.email END, "
        f"email_key = CASE WHEN {follows} THEN {new}.email_key ELSE {old}.email_key END, "
        f"email_bounced_at = CASE WHEN {moves} THEN NULL ELSE {old}.email_bounced_at END, "
        f"email_in_file = {new}.email_in_file"
    )


def count(plan: Plan, staging: Staging) -> None:
    """Fill in how many are in the register, and how many of them the file does not name: those it ends, and those it may not."""
    named = _named_member if staging.sheet is MEMBERS else _named_beneficiary
    present = f"FROM {staging.sheet.table} t WHERE gone_at IS NULL"
    there = _by_source(f"SELECT source, count(*) {present} GROUP BY source")
    absent = _by_source(f"SELECT source, count(*) {present} AND NOT {named(staging)} GROUP BY source")
    plan.all_sources = staging.all_sources
    plan.present, plan.own = sum(there.values()), there.get(staging.source, 0)
    plan.gone = absent.get(staging.source, 0)
    plan.kept = sum(absent.values()) - plan.gone
    if staging.all_sources:
        plan.own, plan.gone, plan.kept = plan.present, sum(absent.values()), 0


def _by_source(sql: str) -> dict[str, int]:
    with connection.cursor() as cursor:
        cursor.execute(sql)
        return dict(cursor.fetchall())


def _named_member(staging: Staging) -> str:
    return f"EXISTS (SELECT 1 FROM {staging.seen} s WHERE s.key = t.number)"  # noqa: S608


def _named_beneficiary(staging: Staging) -> str:
    return (
        f"EXISTS (SELECT 1 FROM {_MEMBER} m JOIN {staging.seen} s "  # noqa: S608
        "ON s.key = m.number || '/' || t.rank WHERE m.id = t.member_id)"
    )


def write_members(plan: Plan, staging: Staging, *, actor: str) -> None:
    """Write new and changed members, and tell the accounts. Nobody is ended but the former holders of given numbers."""
    now = timezone.now()
    if plan.given:
        _end(_MEMBER, _among("number", plan.given), sorted(plan.given), at=now)
        held = f"member_id IN (SELECT id FROM {_MEMBER} WHERE {_among('number', plan.given)})"  # noqa: S608
        _end(_BENEFICIARY, held, sorted(plan.given))
        for number in sorted(plan.given):
            take_number_from(number, actor=actor)
    _leave_newer(plan, staging, f"FROM {_MEMBER} t WHERE t.number = r.number")
    _remember_accounts(staging)
    addresses.note(staging)
    columns = ", ".join(staging.columns)
    # Of who was given another address here, `addresses.restore` puts back what the file must not undo (G10).
    copied = [name for name in staging.columns if name not in {"number", "email", "email_key"}]
    updated = ", ".join((*(f"{name} = excluded.{name}" for name in (*copied, "source")), _address_columns()))
    with _indexed_afterwards(plan, staging), connection.cursor() as cursor:
        cursor.execute(
            f"INSERT INTO {_MEMBER} ({columns}, email_in_file, source) "  # noqa: S608
            f"SELECT {columns}, email, '{staging.source.value}' FROM {staging.rows} WHERE true "
            f"ON CONFLICT (number) DO UPDATE SET {updated}, gone_at = NULL"
        )
    addresses.restore()
    if plan.named_again:
        _name_again(staging, "number IN ({keys})")
    _announce_members(staging)
    if plan.given:
        _announce_ended(staging, now)
    _tell_accounts()


def end_absent_members(plan: Plan, staging: Staging) -> int:
    """End the members whom a whole file no longer names, with their beneficiaries. Returns how many members."""
    if plan.doubts or not plan.own:
        return 0
    now = timezone.now()
    gone = _end(_MEMBER, f"{staging.own} AND NOT {_named_member(staging)}", at=now)
    if gone:
        _end(_BENEFICIARY, f"member_id IN (SELECT id FROM {_MEMBER} WHERE gone_at IS NOT NULL)")  # noqa: S608
        _announce_ended(staging, now)
    return gone


@needs_transaction
def end_member(member: Member, *, source: Source) -> None:
    """End one member, with their beneficiaries. Must be called in a transaction."""
    _end(_MEMBER, "id = %s", [member.pk])
    _end(_BENEFICIARY, "member_id = %s", [member.pk])
    announce(EventType.MEMBER_CHANGED, subject=member.subject, source=source.value, ended=True)


def write_beneficiaries(plan: Plan, staging: Staging, *, people: Staging | None = None, actor: str) -> None:
    """Write new and changed beneficiaries. Nobody is ended but those whose rank is given. `people`: the members' file."""
    now = timezone.now()
    if plan.given:
        held = _among("m.number || '/' || t.rank", plan.given)
        theirs = f"EXISTS (SELECT 1 FROM {_MEMBER} m WHERE m.id = t.member_id AND {held})"  # noqa: S608
        _end(_BENEFICIARY, theirs, sorted(plan.given), at=now)
        take_ranks(plan.given, actor=actor)
    of_the_line = "m.number = r.number AND t.rank = r.rank"
    _leave_newer(
        plan, staging, f"FROM {_BENEFICIARY} t JOIN {_MEMBER} m ON m.id = t.member_id WHERE {of_the_line}"
    )
    names = [name for name in staging.columns if name != "number"]
    updated = ", ".join(f"{name} = excluded.{name}" for name in (*names, "source") if name != "rank")
    with connection.cursor() as cursor:
        cursor.execute(
            f"INSERT INTO {_BENEFICIARY} (member_id, {', '.join(names)}, source) "  # noqa: S608
            f"SELECT m.id, {', '.join(f'r.{name}' for name in names)}, '{staging.source.value}' FROM {staging.rows} r "
            f"JOIN {_MEMBER} m ON m.number = r.number WHERE true "
            f"ON CONFLICT (member_id, rank) DO UPDATE SET {updated}, gone_at = NULL"
        )
    if plan.named_again:
        _name_again(
            staging,
            f"id IN (SELECT t.id FROM {_BENEFICIARY} t JOIN {_MEMBER} m ON m.id = t.member_id "  # noqa: S608
            "WHERE m.number || '/' || t.rank IN ({keys}))",
        )
    _announce_beneficiaries(staging, people)
    if plan.given:
        _announce_members_of_ended(staging, now)


def end_absent_beneficiaries(plan: Plan, staging: Staging) -> int:
    """End the beneficiaries whom a whole file no longer names. Returns how many."""
    if plan.doubts or not plan.own:
        return 0
    now = timezone.now()
    gone = _end(_BENEFICIARY, f"{staging.own} AND NOT {_named_beneficiary(staging)}", at=now)
    if gone:
        _announce_members_of_ended(staging, now)
    return gone


@needs_transaction
def end_beneficiary(person: Beneficiary, *, source: Source) -> None:
    """End one beneficiary. Must be called in a transaction."""
    _end(_BENEFICIARY, "id = %s", [person.pk])
    announce(EventType.MEMBER_CHANGED, subject=person.member.subject, source=source.value)


def _data(staging: Staging, *, ended: bool = False) -> str:
    """What an event says, as text of JSON in SQL."""
    return f"""'{{"source": "{staging.source.value}"{', "ended": true' if ended else ""}}}' AS data"""


def _announce_members(staging: Staging) -> None:
    """One event each, in one statement: the rows were written, and are locked."""
    announce_all(
        EventType.MEMBER_CHANGED,
        found=f"SELECT 'member/' || m.id AS subject, {_data(staging)} FROM {staging.rows} r "  # noqa: S608
        f"JOIN {_MEMBER} m ON m.number = r.number",
    )


def _announce_ended(staging: Staging, at: datetime) -> None:
    announce_all(
        EventType.MEMBER_CHANGED,
        found=f"SELECT 'member/' || id AS subject, {_data(staging, ended=True)} FROM {_MEMBER} WHERE gone_at = %s",  # noqa: S608
        parameters=[connection.ops.adapt_datetimefield_value(at)],
    )


def _announce_beneficiaries(staging: Staging, people: Staging | None) -> None:
    """The member of each who changed, once, and not again where the member's own line did."""
    told = f"LEFT JOIN {people.rows} p ON p.number = r.number WHERE p.number IS NULL" if people else ""
    announce_all(
        EventType.MEMBER_CHANGED,
        found=f"SELECT DISTINCT 'member/' || m.id AS subject, {_data(staging)} FROM {staging.rows} r "  # noqa: S608
        f"JOIN {_MEMBER} m ON m.number = r.number {told}",
    )


def _announce_members_of_ended(staging: Staging, at: datetime) -> None:
    announce_all(
        EventType.MEMBER_CHANGED,
        found=f"SELECT DISTINCT 'member/' || b.member_id AS subject, {_data(staging)} "  # noqa: S608
        f"FROM {_BENEFICIARY} b WHERE b.gone_at = %s",
        parameters=[connection.ops.adapt_datetimefield_value(at)],
    )


def _leave_newer(plan: Plan, staging: Staging, of_the_line: str) -> None:
    """Take out the lines whose person was named otherwise since they were compared: what came later stands.

    A row without a digest is a person who was ended, or whose digest went with an old key: the line was compared with that
    person all the same. Where nobody was known before, the person who is there now may be another one.
    """
    if staging.is_brief:  # compared in this transaction
        return
    with connection.cursor() as cursor:
        cursor.execute(
            f"DELETE FROM {staging.rows} AS r WHERE EXISTS (SELECT 1 {of_the_line} AND (r.digest_before IS NULL "  # noqa: S608
            "OR (t.row_digest <> r.digest_before AND t.row_digest <> %s)))",
            [b""],
        )
        plan.newer = cursor.rowcount


def _name_again(staging: Staging, condition: str) -> None:
    """Unchanged people whom another source named last."""
    keys = f"SELECT key FROM {staging.seen} WHERE standing = {NAMED_AGAIN:d}"  # noqa: S608
    with connection.cursor() as cursor:
        cursor.execute(
            f"UPDATE {staging.sheet.table} SET source = %s WHERE {condition.format(keys=keys)}",  # noqa: S608
            [staging.source.value],
        )


def _among(column: str, keys: Collection[str]) -> str:
    """SQL: that a column is one of some keys, a parameter each."""
    return f"{column} IN ({', '.join(['%s'] * len(keys))})"


def _end(
    table: str, condition: str, parameters: Sequence[str | int] = (), *, at: datetime | None = None
) -> int:
    now: datetime = at or timezone.now()
    today: date = timezone.localdate()
    day = connection.ops.adapt_datefield_value(today)
    with connection.cursor() as cursor:
        cursor.execute(
            # The digest goes: if the same line comes back, it is a change.
            f"UPDATE {table} AS t SET {_END} WHERE gone_at IS NULL AND {condition}",  # noqa: S608
            [connection.ops.adapt_datetimefield_value(now), b"", day, day, day, *parameters],
        )
        return int(cursor.rowcount)


def _remember_accounts(staging: Staging) -> None:
    """Who among the changed has an account, and in which language the register knew them."""
    with connection.cursor() as cursor:
        cursor.execute(f"DROP TABLE IF EXISTS {_PUSH}")
        cursor.execute(
            f"CREATE TEMPORARY TABLE {_PUSH}{until_commit()} AS SELECT m.id AS id, m.language AS language "  # noqa: S608
            f"FROM {staging.rows} r JOIN {_MEMBER} m ON m.number = r.number WHERE m.account_id IS NOT NULL"
        )


def _tell_accounts() -> None:
    """Push the changed facts down to the accounts, some at a time."""
    last = 0
    while some := _next_accounts(last):
        for member in Member.objects.filter(pk__in=some).select_related("account"):
            assert member.account is not None
            # The language that a member chose in the portal stands until the file says another than it said.
            chosen = some[member.pk] == member.language
            push_facts(
                account_id=member.account.pk,
                email=member.email,
                birth_date=member.birth_date,
                language=member.account.language if chosen else member.language,
                display_name=member.name,
            )
        last = max(some)
    with connection.cursor() as cursor:
        cursor.execute(f"DROP TABLE {_PUSH}")


def _next_accounts(last: int) -> dict[int, str]:
    with connection.cursor() as cursor:
        cursor.execute(
            f"SELECT id, language FROM {_PUSH} WHERE id > %s ORDER BY id LIMIT %s",  # noqa: S608
            [last, _PUSHED_AT_ONCE],
        )
        return dict(cursor.fetchall())


@contextmanager
def _indexed_afterwards(plan: Plan, staging: Staging) -> Iterator[None]:
    """A first load makes its indexes at the end, sorted: kept row by row, each row costs more the more there are.

    In the transaction like all the rest. Only where the file brings far more than the register has: while an index is
    made, PostgreSQL lets no other connection read the table.
    """
    if staging.is_brief or plan.new < _FIRST_LOAD or plan.new < _FIRST_LOAD_TIMES * plan.present:
        yield
        return
    editor = connection.SchemaEditorClass(connection)
    with connection.cursor() as cursor:
        for index in Member._meta.indexes:
            cursor.execute(f"DROP INDEX {editor.quote_name(index.name)}")
        yield
        if connection.vendor == "postgresql":
            # Foreign keys are checked at the commit; PostgreSQL makes no index while some are still to be.
            cursor.execute("SET CONSTRAINTS ALL IMMEDIATE")
            cursor.execute("SET CONSTRAINTS ALL DEFERRED")
        for index in Member._meta.indexes:
            cursor.execute(str(index.create_sql(Member, editor)))


@contextmanager
def roomy_cache(kibibytes: int = 48 * 1024) -> Iterator[None]:
    """Give SQLite more memory while the indexes of many rows are written at random places; it has its own
    back after.
    """
    if connection.vendor != "sqlite":
        yield
        return
    with connection.cursor() as cursor:
        before = cursor.execute("PRAGMA cache_size").fetchone()[0]
        cursor.execute(f"PRAGMA cache_size = -{kibibytes:d}")
        try:
            yield
        finally:
            cursor.execute(f"PRAGMA cache_size = {before:d}")
            cursor.execute("PRAGMA shrink_memory")
