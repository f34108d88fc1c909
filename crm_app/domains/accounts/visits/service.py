"""Visits: an administrator sees the app as a member sees it, for a while, and changes nothing.

A session says in which visit it is. Whoever asks who is behind it gets an actor with the member's reach and menus
and without what writes (`visit_rules.barred`), bound to read-only work by `core.visiting`. Each time it is asked
anew whether the visit may still be: its time, the visitor's rights, the member's place. See docs/adr/0017.
"""

from uuid import UUID

from sqlalchemy.ext.asyncio import AsyncSession

from crm_app.core.clock import utc_now
from crm_app.core.database import set_tenant
from crm_app.core.errors import CrmError, NotFound, Unauthenticated
from crm_app.core.tenancy import Actor, VisitKind
from crm_app.domains.accounts import repository, service
from crm_app.domains.accounts.members import queries as member_queries
from crm_app.domains.accounts.roles import access
from crm_app.domains.accounts.schemas import SignedIn, UserView, VisitView
from crm_app.domains.accounts.visits import queries as visit_queries
from crm_app.domains.accounts.visits import rules as visit_rules
from crm_app.domains.accounts.visits import steps as visit_steps
from crm_app.domains.accounts.visits import support as support_visits
from crm_app.domains.accounts.visits.models import VisitRecord


async def recognise(session: AsyncSession, token: str) -> SignedIn:
    """Return who acts behind a session token: the person, or during a visit whom they look through.

    Runs before a tenant is known. Ends a visit that may no longer be. Raises `Unauthenticated`.
    """
    own = await service.resolve_session(session, token)
    if own.visit_place is None:
        return own
    organization_id, visit_id = own.visit_place
    await set_tenant(session, organization_id, own.user.id)
    record = await visit_queries.find_visit(session, organization_id, visit_id)
    if record is None or record.ended_at is not None or record.session_id != own.actor.session_id:
        return own
    if record.expires_at <= utc_now():
        await visit_steps.end(session, record, visit_steps.EXPIRED)
        return own
    try:
        return await _through_other_eyes(session, own, record)
    except CrmError:
        await visit_steps.end(session, record, visit_steps.REFUSED)
        return own


async def _through_other_eyes(session: AsyncSession, own: SignedIn, record: VisitRecord) -> SignedIn:
    if own.must_set_factor or own.at_rest:
        raise Unauthenticated
    if record.kind == VisitKind.SUPPORT:
        return await support_visits.look_for_support(session, own, record)
    own.actor.require(visit_rules.VIEW_AS)
    assert record.member_id is not None  # the database says so of every other kind
    member = await _member_actor(session, own.actor, record.member_id)
    visit_rules.check_view_as(own.actor, member)
    seen = UserView.model_validate(await repository.find_user(session, record.member_id))
    return own.model_copy(
        update={
            "actor": visit_steps.guest(member, own.actor, record),
            # The words and colours are those of whoever reads.
            "user": seen.model_copy(update={"locale": own.user.locale, "theme": own.user.theme}),
            "expires_at": min(own.expires_at, record.expires_at),
            "visit_place": None,
        }
    )


async def _member_actor(session: AsyncSession, visitor: Actor, user_id: UUID) -> Actor:
    """Return an active member of the visitor's organization as an actor. Raises `NotFound`."""
    place = await member_queries.find_place(session, visitor.organization_id, user_id)
    if place is None or not place.is_active:
        raise NotFound(kind="member")
    return await access.actor_of(session, place, visitor.session_id)


async def begin_view_as(session: AsyncSession, actor: Actor, *, user_id: UUID) -> VisitView:
    """See the app as a member does, read-only, in all windows of the actor's session, for half an hour.

    Permission `members.view_as`. Raises `NotFound`, `ViewsSelf`, `ViewsOwner`, `ViewsMore`, or `Unauthenticated`
    outside of a session.
    """
    actor.require(visit_rules.VIEW_AS)
    member = await _member_actor(session, actor, user_id)
    visit_rules.check_view_as(actor, member)
    if actor.session_id is None:
        raise Unauthenticated
    record = VisitRecord(
        organization_id=actor.organization_id,
        kind=VisitKind.VIEW_AS,
        visitor_id=actor.own_person(),
        session_id=actor.session_id,
        member_id=user_id,
        expires_at=utc_now() + visit_rules.VIEW_AS_LASTS,
    )
    begun = await visit_steps.begin(session, actor, record)
    after = {"until": record.expires_at.isoformat(timespec="seconds")}
    await service.audit(session, actor, "view_as.start", "user", user_id, after=after, on_behalf_of=user_id)
    return begun


async def leave_visit(session: AsyncSession, actor: Actor) -> None:
    """End the visit that happens in the actor's session, if any; its windows begin anew as who they are.

    `actor` is the visitor, as who they are. Leaves the visited organization as the tenant.
    """
    place = await visit_queries.visit_of_session(session, actor.session_id) if actor.session_id else None
    if place is not None:
        await end_visit(session, *place, how=visit_steps.LEFT)


async def end_visit(
    session: AsyncSession, organization_id: UUID, visit_id: UUID, *, how: str = visit_steps.EXPIRED
) -> None:
    """End a visit; harmless when it is over. Leaves the visited organization as the tenant."""
    await set_tenant(session, organization_id)
    record = await visit_queries.find_visit(session, organization_id, visit_id)
    if record is not None:
        await visit_steps.end(session, record, how)


async def end_cut_off(session: AsyncSession, user_id: UUID) -> None:
    """End the visits of a person whose session was ended."""
    for organization_id, visit_id in await visit_queries.list_cut_off(session, user_id):
        await end_visit(session, organization_id, visit_id, how=visit_steps.CUT_OFF)
