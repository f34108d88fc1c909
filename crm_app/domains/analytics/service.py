"""Use cases of the figures: the dashboard of a period."""

from collections.abc import Sequence
from datetime import date, datetime
from typing import Any
from uuid import UUID

from sqlalchemy.ext.asyncio import AsyncSession

from crm_app.core.clock import utc_now
from crm_app.core.errors import NotFound
from crm_app.core.tenancy import Actor, Sight
from crm_app.domains.accounts import service as accounts
from crm_app.domains.accounts.roles.sights import sight_of_conversations, sight_of_deals
from crm_app.domains.accounts.schemas import MemberView
from crm_app.domains.analytics import repository, rules
from crm_app.domains.analytics.sales import Closings, read_closings, read_funnel, read_new_deals
from crm_app.domains.analytics.schemas import (
    DashboardView,
    MemberOption,
    PeriodKind,
    PersonFigures,
    PipelineOption,
)
from crm_app.domains.analytics.scope import Scope
from crm_app.domains.analytics.talk import Waits, read_messages, read_waits


async def dashboard(
    session: AsyncSession,
    actor: Actor,
    *,
    kind: PeriodKind = PeriodKind.MONTH_ROLLING,
    start: date | None = None,
    end: date | None = None,
    owner_id: UUID | None = None,
    pipeline_id: UUID | None = None,
    now: datetime | None = None,
) -> DashboardView:
    """Return the figures of a period, of the whole team or of one member, with the funnel of one pipeline.

    `start` and `end` (both included) are for `PeriodKind.CUSTOM`; without `pipeline_id` the default funnel is
    taken. `now` is for tests. Raises `Forbidden` without `analytics.read`, `Invalid` for an impossible period,
    `NotFound` for a member or funnel that is not the organization's, or a member out of the actor's reach.
    """
    actor.require("analytics.read")
    organization = await accounts.get_organization(session, actor)
    deals, conversations = reported_deals(actor), reported_conversations(actor)
    everybody = await accounts.list_members(session, actor)
    members = [one for one in everybody if _is_reported(one.user_id, deals, conversations)]
    if owner_id is not None and all(member.user_id != owner_id for member in members):
        raise NotFound(kind="member")
    zone = rules.time_zone(organization.time_zone)
    today = (now or utc_now()).astimezone(zone).date()
    span = rules.resolve(kind, today, start, end)
    scope = Scope(actor.organization_id, owner_id, zone, span, rules.before(kind, span), deals, conversations)
    pipelines = await repository.list_pipelines(session, scope.now)
    chosen = _choose_pipeline(pipelines, pipeline_id)
    figures = await _figures(session, scope, kind, chosen, members)
    return DashboardView(
        kind=kind,
        period=span,
        previous=scope.previous,
        today=today,
        currency=organization.currency,
        time_zone=organization.time_zone,
        pipeline_id=chosen,
        owner_id=owner_id,
        pipelines=tuple(PipelineOption(id=row.id, name=row.name) for row in pipelines),
        members=tuple(MemberOption(id=one.user_id, name=one.name) for one in members if one.is_active),
        days=tuple(rules.days_of(span)),
        **figures,
    )


def reported_deals(actor: Actor) -> Sight:
    """Return whose deals reports count: a report never counts what the actor may not see."""
    return sight_of_deals(actor).narrowed_by(sight_of_deals(actor, "analytics.read"))


def reported_conversations(actor: Actor) -> Sight:
    """Return whose conversations reports count: a report never counts what the actor may not see."""
    return sight_of_conversations(actor).narrowed_by(sight_of_conversations(actor, "analytics.read"))


def _is_reported(user_id: UUID, *sights: Sight) -> bool:
    return any(sight.covers(user_id) for sight in sights)


async def _figures(
    session: AsyncSession, scope: Scope, kind: PeriodKind, pipeline_id: UUID | None, members: Sequence[MemberView]
) -> dict[str, Any]:
    closings = await read_closings(session, scope, kind)
    new_deals = await read_new_deals(session, scope)
    funnel = await read_funnel(session, scope, pipeline_id)
    messages = await read_messages(session, scope)
    waits = await read_waits(session, scope)
    return {
        "revenue": closings.revenue,
        "open_deals": funnel.open_deals,
        "new_deals": new_deals.figure,
        "conversion": funnel.conversion,
        "response": waits.figure,
        "messages": messages.figure,
        "within_goal": waits.within_goal,
        "unassigned": await repository.count_unassigned(session, scope.now) if scope.conversations.nobody else 0,
        "revenue_cents": closings.revenue_cents,
        "previous_revenue_cents": closings.previous_revenue_cents,
        "forecast": closings.forecast,
        "created": new_deals.created,
        "previous_created": new_deals.previous_created,
        "received": messages.received,
        "sent": messages.sent,
        "stages": funnel.stages,
        "heat": waits.heat,
        "waits": waits.classes,
        "people": _rank(members, closings, waits, scope.owner_id),
    }


def _choose_pipeline(pipelines: Sequence[Any], wanted: UUID | None) -> UUID | None:
    if wanted is None:
        return pipelines[0].id if pipelines else None
    if all(row.id != wanted for row in pipelines):
        raise NotFound(kind="pipeline")
    return wanted


def _rank(
    members: Sequence[MemberView], closings: Closings, waits: Waits, owner_id: UUID | None
) -> tuple[PersonFigures, ...]:
    """Return who did what, the highest revenue first; who has left is there only with something to show."""
    people = [_person(member, closings, waits) for member in members if owner_id in {None, member.user_id}]
    active = {member.user_id for member in members if member.is_active}
    shown = [one for one in people if one.id in active or one.closed or one.answers]
    return tuple(sorted(shown, key=lambda one: (-one.revenue_cents, -one.won, one.name)))


def _person(member: MemberView, closings: Closings, waits: Waits) -> PersonFigures:
    seconds, answers = waits.by_author.get(member.user_id, (None, 0))
    return PersonFigures(
        id=member.user_id,
        name=member.name,
        revenue_cents=closings.earned.get(member.user_id, 0),
        won=closings.won.get(member.user_id, 0),
        closed=closings.closed.get(member.user_id, 0),
        response_seconds=seconds,
        answers=answers,
    )
