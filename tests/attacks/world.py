"""One row in every tenant table of an organization, with a secret in every text, and a way to see it change."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from functools import cache
from typing import Any
from uuid import UUID

import psycopg
from sqlalchemy import JSON, Column, Date, DateTime, ForeignKeyConstraint, Table, insert, select
from sqlalchemy.dialects.postgresql import ARRAY, JSONB
from sqlalchemy.ext.asyncio import AsyncSession

import crm_app.domains.models  # noqa: F401  every table is known
from crm_app.core.clock import utc_now
from crm_app.core.crypto import get_sealer
from crm_app.core.database import unit_of_work
from crm_app.core.ids import new_id
from crm_app.core.mail.models import MailStatus, OutboundMail
from crm_app.domains.accounts.factors.models import Passkey
from crm_app.domains.accounts.models import Organization, User
from crm_app.domains.channels.credentials import WEBHOOK_SECRET
from crm_app.domains.models import metadata
from crm_app.domains.plans.registry import FALLBACK_PLAN
from tests.conftest import Tenant, operator_url

BORN = datetime(2026, 1, 5, 12, tzinfo=UTC)


@dataclass(frozen=True, slots=True)
class World:
    """An organization with one row per table; `ids` maps a table's name to that row."""

    tenant: Tenant
    ids: Mapping[str, UUID]

    @property
    def secret(self) -> str:
        """The word that stands in every text of this organization, and nowhere else."""
        return secret_of(self.tenant)

    @property
    def user_id(self) -> UUID:
        """The id of the owner's user."""
        assert self.tenant.owner.user_id
        return self.tenant.owner.user_id


def secret_of(tenant: Tenant) -> str:
    """Return the word of this organization, or rather of the person to whom the rows belong."""
    assert tenant.owner.user_id
    return f"segredo{tenant.owner.user_id.hex[-8:]}"


@cache
def tenant_tables() -> tuple[Table, ...]:
    """Return every table that carries an organization, those that others point at first."""
    return tuple(table for table in metadata.sorted_tables if "organization_id" in table.primary_key.columns)


async def build_world(tenant: Tenant, shared: Mapping[str, UUID] | None = None) -> World:
    """Commit one row into every tenant table of this organization, but for tables whose row is `shared`."""
    assert tenant.owner.user_id
    ids: dict[str, UUID] = dict(shared or {})
    async with unit_of_work(tenant.owner) as session:
        for table in tenant_tables():
            if table.name == "membership" or table.name in ids:
                continue
            if table.name == "audit_chain":  # begun by the database, together with the organization
                ids[table.name] = tenant.organization.id
                continue
            if table.name == "life_cycle_step":  # likewise
                ids[table.name] = (await session.scalars(select(table.c.id))).one()
                continue
            row = example_row(table, tenant, ids)
            if table.name in GIVEN:
                ids[table.name] = await _give(table, row)
                continue
            await session.execute(insert(table).values(row))
            ids[table.name] = row["id"]
        ids["passkey"] = await _add_passkey(session, tenant.owner.user_id)
        ids["mail"] = ids.get("mail") or await _add_letter(session, tenant)
    if tenant.owner.session_id:
        ids["user_session"] = tenant.owner.session_id
    return World(tenant, ids)


GIVEN = {"organization_plan", "module_grant"}
"""Tables that the platform alone writes; an organization may have a plan from its birth."""


async def _give(table: Table, row: dict[str, Any]) -> UUID:
    """Add what the platform gives, as the owner of the tables; returns the id of the row that stands."""
    names = ", ".join(row)
    marks = ", ".join(f"%({name})s" for name in row)
    add = f"INSERT INTO {table.name} ({names}) VALUES ({marks}) ON CONFLICT DO NOTHING"
    look = f"SELECT id FROM {table.name} WHERE organization_id = %(organization_id)s"
    async with await psycopg.AsyncConnection.connect(operator_url()) as owner:
        await owner.execute(add, row)  # type: ignore[arg-type]
        found = await owner.execute(look, row)  # type: ignore[arg-type]
        return UUID(str((await found.fetchall())[0][0]))


async def _add_passkey(session: AsyncSession, user_id: UUID) -> UUID:
    """Add what belongs to the person, not to the organization."""
    row = Passkey(user_id=user_id, credential_id=new_id().bytes, public_key=b"x", name="x")
    session.add(row)
    await session.flush()
    return row.id


async def _add_letter(session: AsyncSession, tenant: Tenant) -> UUID:
    """Add a letter of the organization; others belong to none."""
    secret = secret_of(tenant)
    row = OutboundMail(
        organization_id=tenant.organization.id,
        kind="invitation",
        recipient=f"{secret}@exemplo.com.br",
        subject=secret,
        status=MailStatus.FAILED,
        error=secret,
        content=secret.encode(),
        useful_until=utc_now() + timedelta(days=1),
    )
    session.add(row)
    await session.flush()
    return row.id


async def mark_people(tenant: Tenant) -> None:
    """Give the organization and its owner names that hold the secret."""
    secret = secret_of(tenant)
    async with unit_of_work(tenant.owner) as session:
        (await session.get_one(Organization, tenant.organization.id)).name = f"Casa {secret}"
        (await session.get_one(User, tenant.owner.user_id)).name = f"Dona {secret}"


def example_row(table: Table, tenant: Tenant, ids: Mapping[str, UUID]) -> dict[str, Any]:
    """Return a row that this table accepts; it points at the rows in `ids`."""
    row: dict[str, Any] = {"organization_id": tenant.organization.id, "id": new_id()}
    targets = {
        element.parent.name: element.column.table.name
        for constraint in table.constraints
        if isinstance(constraint, ForeignKeyConstraint)
        for element in constraint.elements
    }
    for column in table.columns:
        if column.name in row or column.computed is not None:
            continue
        target = targets.get(column.name)
        if target == "plan":  # the platform's, the same for all
            row[column.name] = FALLBACK_PLAN
        elif target in {"membership", "app_user"}:
            row[column.name] = tenant.owner.user_id
        elif target is not None:
            row[column.name] = ids.get(target)
        elif not column.nullable or column.name.endswith("_text"):
            row[column.name] = _value(table.name, column, secret_of(tenant))
    return row | _sealed(row, secret_of(tenant)) if table.name == "channel_credential" else row


def _sealed(row: Mapping[str, Any], secret: str) -> dict[str, Any]:
    """Return what makes a row of credentials one that opens: the channel's webhook secret is the word."""
    sealed = get_sealer().seal(secret.encode(), context=f"channel:{row['channel_id']}:{WEBHOOK_SECRET}")
    return {"name": WEBHOOK_SECRET, "key_id": sealed.key_id, "ciphertext": sealed.data}


# Columns whose words the code knows; anything else may hold a secret.
_KNOWN = {
    ("conversation", "status"): "open",
    ("conversation", "last_message_kind"): "text",
    ("conversation", "last_message_direction"): "in",
    ("channel", "provider"): "simulator",
    ("channel", "status"): "connected",
    ("inbound_event", "status"): "failed",
    ("message", "status"): "failed",
    ("message", "direction"): "out",
    ("message", "kind"): "text",
    ("message_status", "status"): "sent",
    ("attachment", "kind"): "image",
    ("attachment", "status"): "failed",
    ("stage", "kind"): "open",
    ("contact_identity", "kind"): "telegram",
    ("activity", "kind"): "note.added",
    ("deal", "rank"): "a0",
    ("identity_provider", "preset"): "other",
    ("identity_provider", "joins_as"): "sales",
    ("visit", "kind"): "view_as",
}


def _value(table: str, column: Column[Any], secret: str) -> Any:
    if (table, column.name) in _KNOWN:
        return _KNOWN[table, column.name]
    if isinstance(column.type, JSON | JSONB):
        return {"text": secret}
    if isinstance(column.type, ARRAY):
        return [secret]
    if isinstance(column.type, DateTime):
        return BORN
    if isinstance(column.type, Date):
        return date(2026, 1, 5)
    python = column.type.python_type
    examples: dict[type, Any] = {int: 1, bool: False, float: 1.0, bytes: secret.encode(), UUID: new_id()}
    length = getattr(column.type, "length", None)
    return examples[python] if python in examples else secret[:length]


_PEOPLE = "SELECT user_id FROM membership WHERE organization_id = %(id)s"
# What belongs to the people of an organization, or to it without being a tenant's table. Looking in is no change.
_BESIDE = {
    "organization": "SELECT t::text AS row FROM organization t WHERE id = %(id)s",
    "app_user": f"SELECT t::text AS row FROM app_user t WHERE id IN ({_PEOPLE})",
    "user_session": "SELECT (to_jsonb(t) - 'last_seen_at')::text AS row FROM user_session t "
    f"WHERE id = ANY(%(sessions)s) AND user_id IN ({_PEOPLE})",
    "passkey": f"SELECT t::text AS row FROM passkey t WHERE user_id IN ({_PEOPLE})",
    "totp_factor": f"SELECT t::text AS row FROM totp_factor t WHERE user_id IN ({_PEOPLE})",
    "recovery_code": f"SELECT t::text AS row FROM recovery_code t WHERE user_id IN ({_PEOPLE})",
    "outbound_mail": "SELECT t::text AS row FROM outbound_mail t WHERE organization_id = %(id)s",
    "procrastinate_jobs": "SELECT t.args::text AS row FROM procrastinate_jobs t "
    "WHERE t.args->>'organization_id' = %(id)s::text",
}


@cache
def _question(only: tuple[tuple[str, UUID], ...] | None) -> str:
    """Return the statement that digests every row of an organization and beside it, or one row per table."""
    own = "organization_id = %(id)s"
    which = {table.name: own for table in tenant_tables()}
    if only is not None:
        which = {name: f"{own} AND id = '{row}'" for name, row in only}
    parts = {name: f"SELECT t::text AS row FROM {name} t WHERE {rows}" for name, rows in which.items()}
    if only is None:
        parts |= _BESIDE
    return " UNION ALL ".join(
        f"SELECT '{name}', md5(string_agg(row, '|' ORDER BY row)) FROM ({query}) AS q"
        for name, query in parts.items()
    )


class Watchman:
    """Sees whether anything of an organization has changed since the last look, whatever the walls.

    `keeper` is a connection that sees everything; all watchmen of a process share it, and its prepared statements.
    With `only`, it sees just those rows, by table: what somebody else in the organization does is their business.
    """

    def __init__(self, keeper: psycopg.Connection, world: World, only: Mapping[str, UUID] | None = None) -> None:
        self._connection = keeper
        self._organization_id = world.tenant.organization.id
        rows = self._connection.execute(
            "SELECT id FROM user_session WHERE organization_id = %s", (self._organization_id,)
        )
        self._sessions = [one for (one,) in rows.fetchall()]
        self._statement = _question(tuple(only.items()) if only is not None else None)
        self._seen = self._look()
        missing = {name for name, rows in self._seen.items() if not rows} - set(_BESIDE)
        assert not missing, "the watchman must see every table"

    def changes(self) -> list[str]:
        """Return the tables of which a row was added, changed or removed since the last look."""
        before, self._seen = self._seen, self._look()
        return sorted(name for name in before if before[name] != self._seen[name])

    def assert_untouched(self) -> None:
        """Fail when a row was added, changed or removed."""
        assert self.changes() == []

    def _look(self) -> dict[str, str]:
        given = {"id": self._organization_id, "sessions": self._sessions}
        return dict(self._connection.execute(self._statement, given).fetchall())  # type: ignore[arg-type]
