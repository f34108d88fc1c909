"""What a member may use, out of the row that a statement with `repository.ENTITLED` returns."""

from collections.abc import Iterable, Mapping
from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy.ext.asyncio import AsyncSession

from crm_app.core.clock import utc_now
from crm_app.core.errors import ModuleOff
from crm_app.domains.plans import repository
from crm_app.domains.plans.registry import EVERYTHING, MODULE_OF
from crm_app.domains.plans.rules import Given, Why, modules_off


def off_for(row: Mapping[str, Any], now: datetime) -> frozenset[str]:
    """Return the modules that the member behind the row has not."""
    plan = row["plan_modules"]
    given = [Given(subject, Why(kind), chosen) for subject, kind, chosen in row["given"] or () if kind in set(Why)]
    return modules_off([EVERYTHING] if plan is None else plan, given, row["chosen_for"] or (), now)


def withheld(permissions: Iterable[str], off: frozenset[str]) -> dict[str, str]:
    """Return which of these permissions belong to a module that is off, and to which."""
    if not off:
        return {}
    return {one: MODULE_OF[one] for one in permissions if MODULE_OF.get(one) in off}


async def has_module(session: AsyncSession, organization_id: UUID, module: str) -> bool:
    """Tell whether an organization has a module, where nobody of it acts yet. Its tenant must be set.

    Whoever has an actor asks `Actor.has_module`, which costs no query.
    """
    now = utc_now()
    return module not in off_for(await repository.load_entitled(session, organization_id, None, now), now)


async def require_module(session: AsyncSession, organization_id: UUID, module: str) -> None:
    """Raise `ModuleOff` unless an organization has a module, where nobody of it acts yet."""
    if not await has_module(session, organization_id, module):
        raise ModuleOff(module)


async def begin(session: AsyncSession) -> None:
    """Give the new organization, whose tenant is set, the plan with which new ones begin."""
    await repository.begin(session)
