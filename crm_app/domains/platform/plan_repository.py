"""The platform's doors to plans: functions of the database that look at the operator's session themselves."""

from datetime import datetime
from typing import Any
from uuid import UUID

from psycopg.types.json import Jsonb
from sqlalchemy.ext.asyncio import AsyncSession

from crm_app.core.sql import fetch_all, fetch_value

_SAVE = """
SELECT platform_save_plan(%(session)s, %(key)s::varchar, %(name)s::varchar, %(modules)s, %(limits)s,
                          %(position)s::integer, %(is_default)s, %(version)s::integer)"""
_HOLDERS = "SELECT * FROM platform_plan_holders(%(session)s)"
_RETIRE = "SELECT platform_retire_plan(%(session)s, %(key)s::varchar, %(version)s::integer)"
_CHANGE = "SELECT platform_change_plan(%(session)s, %(organization)s, %(key)s::varchar)"
_GRANT = """
SELECT platform_grant(%(session)s, %(organization)s, %(kind)s::varchar, %(subject)s::varchar, %(amount)s::integer,
                      %(chosen_only)s, %(reason)s::varchar, %(expires_at)s::timestamptz)"""
_REVOKE = "SELECT platform_revoke_grant(%(session)s, %(organization)s, %(grant)s)"


async def save_plan(
    session: AsyncSession,
    operator_session: UUID,
    *,
    key: str,
    version: int,
    modules: list[str],
    limits: dict[str, int],
    **values: Any,
) -> bool:
    """Write a plan, a new one with version 0; False when it has another version, or exists already."""
    wanted = {"session": operator_session, "key": key, "version": version, **values}
    return bool(await fetch_value(session, _SAVE, wanted | {"modules": Jsonb(modules), "limits": Jsonb(limits)}))


async def count_holders(session: AsyncSession, operator_session: UUID) -> dict[UUID, int]:
    """Return how many organizations have each plan, by its id; plans that nobody has are not in it."""
    rows = await fetch_all(session, _HOLDERS, {"session": operator_session})
    return {row["plan_id"]: row["organizations"] for row in rows}


async def retire_plan(session: AsyncSession, operator_session: UUID, *, key: str, version: int) -> str:
    """Remove a plan: `retired`; `held` when an organization has it, `changed` when it has another version."""
    values = {"session": operator_session, "key": key, "version": version}
    return str(await fetch_value(session, _RETIRE, values))


async def change_plan(session: AsyncSession, operator_session: UUID, organization_id: UUID, key: str) -> bool:
    """Give an organization another plan; False when there is no such plan."""
    values = {"session": operator_session, "organization": organization_id, "key": key}
    return bool(await fetch_value(session, _CHANGE, values))


async def grant(
    session: AsyncSession,
    operator_session: UUID,
    organization_id: UUID,
    *,
    kind: str,
    subject: str,
    amount: int | None,
    chosen_only: bool,
    reason: str,
    expires_at: datetime | None,
) -> UUID:
    """Give an organization something beside its plan."""
    values = {
        "session": operator_session,
        "organization": organization_id,
        "kind": kind,
        "subject": subject,
        "amount": amount,
        "chosen_only": chosen_only,
        "reason": reason,
        "expires_at": expires_at,
    }
    return UUID(str(await fetch_value(session, _GRANT, values)))


async def revoke_grant(
    session: AsyncSession, operator_session: UUID, organization_id: UUID, grant_id: UUID
) -> bool:
    """Take back what was given; False when there is no such thing, or no more."""
    values = {"session": operator_session, "organization": organization_id, "grant": grant_id}
    return bool(await fetch_value(session, _REVOKE, values))
