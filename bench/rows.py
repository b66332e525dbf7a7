"""The rows of `bench.population` as SQL that PostgreSQL runs by itself: all but what is sealed one by one."""

from typing import Any

AGENTS, TEAMS = 60, ("Prestations", "Optique et dentaire", "Cotisations", "Accueil")
DOCUMENTS_EACH = 5
WAITING = 0.005  # of the documents: three or four days of arrivals
YEARS = 2


def with_defaults(model: Any, given: dict[str, str]) -> dict[str, str]:
    """The given columns, and for the others that may not be null what a new row has in them, as SQL.

    What has a default in the database is left to it.
    """
    facts = dict(given)
    for field in model._meta.concrete_fields:
        if field.column in facts or field.null or field.primary_key or field.has_db_default():
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
    from django.apps import apps

    model = apps.get_model(model_label)
    columns = with_defaults(model, given)
    return f"INSERT INTO {model._meta.db_table} ({', '.join(columns)}) SELECT {', '.join(columns.values())} {source}"


def statements(documents: int) -> dict[str, list[str]]:
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
                birth_key="left(m.birth_key, length(m.birth_key) - length(m.first_key)) || 'lou'",
                usage_key="''",
                first_key="'lou'",
                birth_sound="split_part(m.birth_sound, ' ', 1) || ' l'",
                usage_sound="''",
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
