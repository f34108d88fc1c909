"""What an organization has of the product: its plan, its modules and limits, and who was chosen for what."""

from collections import defaultdict
from collections.abc import Awaitable, Callable, Sequence
from datetime import datetime
from typing import Final
from uuid import UUID

from sqlalchemy.ext.asyncio import AsyncSession

from crm_app.core.clock import utc_now
from crm_app.core.errors import NotFound
from crm_app.core.events import announce
from crm_app.core.tenancy import Actor
from crm_app.domains.accounts import service as accounts
from crm_app.domains.accounts.events import MemberRoleChanged
from crm_app.domains.accounts.members import seats
from crm_app.domains.channels import service as channels
from crm_app.domains.modules.errors import NotByInvitation
from crm_app.domains.modules.schemas import LimitView, ModulesView, ModuleView, PlanName
from crm_app.domains.plans import metering, repository, rules
from crm_app.domains.plans.models import ModuleGrant, Plan
from crm_app.domains.plans.registry import EVERYTHING, KEYS, LIMITS, MODULES, Module, Period
from crm_app.domains.plans.rules import ForWhom, Given, State, Why

MANAGE: Final = "organization.manage"
_STANDING: Final[dict[str, Callable[[AsyncSession, Actor], Awaitable[int]]]] = {
    "members": seats.count_seats,
    "channels": channels.count_channels,
}


async def read_modules(session: AsyncSession, actor: Actor) -> ModulesView:
    """Return the organization's plan, all modules with why it has them or not, and what its limits are.

    Permission `organization.manage`.
    """
    actor.require(MANAGE)
    now = utc_now()
    plans = await repository.list_plans(session)
    own = await repository.get_plan_of(session, actor.organization_id)
    given = given_of(await repository.list_grants(session, actor.organization_id))
    chosen = await _chosen(session, actor)
    return ModulesView(
        plan=_name(own),
        modules=tuple(
            _module_view(rules.state_of(module, own.modules, given, now), plans, chosen.get(module.key, ()))
            for module in MODULES
        ),
        limits=tuple([await _limit(session, actor, name, period, now) for name, period in LIMITS.items()]),
    )


def given_of(grants: Sequence[ModuleGrant]) -> list[Given]:
    """Return the modules beside the plan that were not taken back; their ends are not looked at."""
    return [
        Given(one.subject, Why(one.kind), one.chosen_only, one.expires_at)
        for one in grants
        if one.amount is None and one.revoked_at is None and one.kind in set(Why)
    ]


async def _chosen(session: AsyncSession, actor: Actor) -> dict[str, list[UUID]]:
    found = defaultdict(list)
    for row in await repository.list_chosen(session, actor.organization_id):
        found[row.module].append(row.user_id)
    return found


def _name(plan: Plan) -> PlanName:
    return PlanName(key=plan.key, name=plan.name)


def _module_view(state: State, plans: Sequence[Plan], chosen: Sequence[UUID]) -> ModuleView:
    module = state.module
    return ModuleView(
        key=module.key,
        access=module.access.value,
        for_whom=state.for_whom.name.lower(),
        why=state.why.value,
        until=state.until,
        limit=module.limit,
        plans=tuple(_name(one) for one in plans if EVERYTHING in one.modules or module.key in one.modules),
        chosen=tuple(chosen),
    )


async def _limit(session: AsyncSession, actor: Actor, name: str, period: Period, now: datetime) -> LimitView:
    mine = actor.organization_id
    monthly = period is Period.MONTH
    used = await (repository.used(session, mine, name, now) if monthly else _STANDING[name](session, actor))
    most = await metering.limit_of(session, mine, name)
    return LimitView(name=name, period=period.value, used=used, most=most)


async def choose_member(session: AsyncSession, actor: Actor, *, module: str, user_id: UUID) -> None:
    """Give a member a module that the organization has for the chosen only; at once, also in open screens.

    Permission `organization.manage`. Raises `NotFound` for an unknown module or member, or `NotByInvitation`.
    """
    actor.require(MANAGE)
    await accounts.access_member(session, actor, user_id)
    if await _for_whom(session, actor, module) is not ForWhom.CHOSEN:
        raise NotByInvitation
    mine, now = actor.organization_id, utc_now()
    if await repository.choose(session, mine, user_id, module, now=now, given_by=actor.user_id):
        announce(session, MemberRoleChanged(organization_id=mine, user_id=user_id))
        await accounts.audit(session, actor, "module.choose", "user", user_id, after={"module": module})


async def unchoose_member(session: AsyncSession, actor: Actor, *, module: str, user_id: UUID) -> None:
    """Take a module from a member who was chosen for it; at once, also in open screens.

    Permission `organization.manage`. Raises `NotFound` for an unknown module or somebody who was not chosen.
    """
    actor.require(MANAGE)
    _get_module(module)
    if not await repository.unchoose(session, actor.organization_id, user_id, module):
        raise NotFound(kind="member")
    announce(session, MemberRoleChanged(organization_id=actor.organization_id, user_id=user_id))
    await accounts.audit(session, actor, "module.unchoose", "user", user_id, before={"module": module})


async def _for_whom(session: AsyncSession, actor: Actor, key: str) -> ForWhom:
    plan = await repository.get_plan_of(session, actor.organization_id)
    given = given_of(await repository.list_grants(session, actor.organization_id))
    return rules.state_of(_get_module(key), plan.modules, given, utc_now()).for_whom


def _get_module(key: str) -> Module:
    if key not in KEYS:
        raise NotFound(kind="module")
    return next(module for module in MODULES if module.key == key)
