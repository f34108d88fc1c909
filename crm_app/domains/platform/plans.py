"""Use cases of the platform: what plans hold, which one an organization has, and what it has beside it.

All run without a tenant; those about an organization leave it set. Every one raises `NotFound` for anybody who
does not run the platform, and `ProofNeeded` when the last proof is too old.
"""

from collections.abc import Mapping
from typing import Any
from uuid import UUID

from sqlalchemy.ext.asyncio import AsyncSession

from crm_app.core.clock import utc_now
from crm_app.core.database import set_tenant
from crm_app.core.errors import Invalid, NotFound
from crm_app.core.events import announce
from crm_app.core.tenancy import Actor
from crm_app.domains.accounts import repository as accounts
from crm_app.domains.accounts.permissions import system_actor
from crm_app.domains.accounts.service import audit, note_for_platform
from crm_app.domains.accounts.support import support_actor
from crm_app.domains.modules.service import read_modules
from crm_app.domains.plans import repository as plans
from crm_app.domains.plans.events import ModulesChanged
from crm_app.domains.plans.registry import EVERYTHING, FALLBACK_PLAN
from crm_app.domains.platform import plan_repository
from crm_app.domains.platform.access import require_operator
from crm_app.domains.platform.errors import (
    EverythingStays,
    PlanChangedMeanwhile,
    PlanGone,
    PlanHeld,
    PlanKeyTaken,
    PlanStays,
)
from crm_app.domains.platform.plan_schemas import (
    Entitlement,
    GrantDraft,
    GrantView,
    PlanColumn,
    PlanDraft,
    PlanView,
    is_plan_key,
)

LONGEST_REASON = 300


async def list_plans(session: AsyncSession, actor: Actor) -> list[PlanView]:
    """Return all plans in their order."""
    await require_operator(session, actor)
    return [PlanView.model_validate(one) for one in await plans.list_plans(session)]


async def compare_plans(session: AsyncSession, actor: Actor) -> list[PlanColumn]:
    """Return all plans in their order, with how many organizations have each."""
    operator = await require_operator(session, actor)
    holders = await plan_repository.count_holders(session, operator)
    return [
        PlanColumn(
            **PlanView.model_validate(one).model_dump(),
            organizations=holders.get(one.id, 0),
            fixed=one.id == FALLBACK_PLAN,
        )
        for one in await plans.list_plans(session)
    ]


async def save_plan(session: AsyncSession, actor: Actor, *, key: str, version: int, draft: PlanDraft) -> PlanView:
    """Change a plan, or with version 0 make a new one. Whoever has it has the change within seconds.

    Raises `Invalid` for a key that none can have, `PlanKeyTaken`, `PlanGone`, `PlanChangedMeanwhile` when somebody
    else was faster, and `EverythingStays`.
    """
    operator = await require_operator(session, actor)
    if not is_plan_key(key):
        raise Invalid("errors.platform.plan_key", field="key")
    known = {one.key: one for one in await plans.list_plans(session)}
    before = known.get(key)
    if version == 0 and before is not None:
        raise PlanKeyTaken(field="key")
    if version and before is None:
        raise PlanGone(kind="plan")
    if before is not None and before.id == FALLBACK_PLAN and (draft.modules != [EVERYTHING] or draft.limits):
        raise EverythingStays
    if not await plan_repository.save_plan(session, operator, key=key, version=version, **draft.model_dump()):
        raise PlanChangedMeanwhile if version else PlanKeyTaken(field="key")
    was = PlanView.model_validate(before).model_dump(mode="json") if before else None
    became = {"key": key, **draft.model_dump(mode="json")}
    note_for_platform(session, actor.user_id, "plan.save", None, before=was, after=became)
    return next(PlanView.model_validate(one) for one in await plans.list_plans(session) if one.key == key)


async def retire_plan(session: AsyncSession, actor: Actor, *, key: str, version: int) -> None:
    """Remove a plan that nobody has. Raises `PlanGone`, `PlanStays`, `PlanHeld` or `PlanChangedMeanwhile`."""
    operator = await require_operator(session, actor)
    before = next((one for one in await plans.list_plans(session) if one.key == key), None)
    if before is None:
        raise PlanGone(kind="plan")
    if before.is_default or before.id == FALLBACK_PLAN:
        raise PlanStays
    was = PlanView.model_validate(before).model_dump(mode="json")
    outcome = await plan_repository.retire_plan(session, operator, key=key, version=version)
    if outcome != "retired":
        raise PlanHeld if outcome == "held" else PlanChangedMeanwhile("errors.platform.plan_changed_first")
    note_for_platform(session, actor.user_id, "plan.retire", None, before=was, after=None)


async def read_entitlement(session: AsyncSession, actor: Actor, *, organization_id: UUID) -> Entitlement:
    """Return what an organization has, why, and what was ever given to it."""
    await require_operator(session, actor)
    await _enter(session, organization_id)
    found = await plans.list_grants(session, organization_id)
    return Entitlement(
        modules=await read_modules(session, system_actor(organization_id)),
        grants=tuple(GrantView.model_validate(one) for one in found),
    )


async def change_plan_of(
    session: AsyncSession, actor: Actor, *, organization_id: UUID, plan_key: str, reason: str
) -> None:
    """Give an organization another plan, at once, also in open screens. A smaller one takes nothing back.

    Raises `NotFound` for an unknown organization or plan, or `Invalid` without a reason.
    """
    operator = await require_operator(session, actor)
    words = " ".join(reason.replace("\x00", "").split())
    if not words or len(words) > LONGEST_REASON:
        raise Invalid("errors.platform.reason", field="reason", limit=LONGEST_REASON)
    await _enter(session, organization_id)
    before = (await plans.get_plan_of(session, organization_id)).key
    if not await plan_repository.change_plan(session, operator, organization_id, plan_key):
        raise NotFound(kind="plan")
    after = {"plan": plan_key, "reason": words}
    await _changed(session, actor, organization_id, "organization.plan", before={"plan": before}, after=after)


async def grant_module(session: AsyncSession, actor: Actor, *, organization_id: UUID, draft: GrantDraft) -> UUID:
    """Give an organization a module, or more of a limit, beside its plan; returns the grant's id.

    Raises `NotFound`, or `Invalid` for an end that has passed.
    """
    operator = await require_operator(session, actor)
    if draft.expires_at is not None and draft.expires_at <= utc_now():
        raise Invalid(field="expires_at")
    await _enter(session, organization_id)
    made = await plan_repository.grant(session, operator, organization_id, **draft.model_dump())
    after = {"grant": str(made), **draft.model_dump(mode="json")}
    await _changed(session, actor, organization_id, "organization.grant", before=None, after=after)
    return made


async def revoke_grant(session: AsyncSession, actor: Actor, *, organization_id: UUID, grant_id: UUID) -> None:
    """Take back what was given. Raises `NotFound`, also for what was taken back already."""
    operator = await require_operator(session, actor)
    await _enter(session, organization_id)
    found = {one.id: one for one in await plans.list_grants(session, organization_id)}
    if not await plan_repository.revoke_grant(session, operator, organization_id, grant_id):
        raise NotFound(kind="grant")
    before = {"grant": str(grant_id), "subject": found[grant_id].subject}
    await _changed(session, actor, organization_id, "organization.grant_revoke", before=before, after=None)


async def _enter(session: AsyncSession, organization_id: UUID) -> None:
    await set_tenant(session, organization_id)
    if await accounts.find_organization(session, organization_id) is None:
        raise NotFound(kind="organization")


async def _changed(
    session: AsyncSession,
    actor: Actor,
    organization_id: UUID,
    action: str,
    *,
    before: Mapping[str, Any] | None,
    after: Mapping[str, Any] | None,
) -> None:
    """Write it down on both sides, and tell whoever has something open."""
    announce(session, ModulesChanged(organization_id=organization_id))
    note_for_platform(session, actor.user_id, action, organization_id, before=before, after=after)
    who = support_actor(organization_id)
    await audit(session, who, action, "organization", organization_id, before=before, after=after)
