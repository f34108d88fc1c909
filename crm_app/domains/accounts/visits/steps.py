"""What every visit has in common, whoever looks through whosever eyes: its beginning, its end, its actor."""

from dataclasses import replace

from sqlalchemy.ext.asyncio import AsyncSession

from crm_app.core.clock import utc_now
from crm_app.core.errors import Unauthenticated
from crm_app.core.events import announce
from crm_app.core.queue import enqueue
from crm_app.core.tenancy import Actor, Visit, VisitKind
from crm_app.domains.accounts import service
from crm_app.domains.accounts.events import SessionMoved, SupportChanged
from crm_app.domains.accounts.schemas import VisitView
from crm_app.domains.accounts.support import support_actor
from crm_app.domains.accounts.visits import queries as visit_queries
from crm_app.domains.accounts.visits import rules as visit_rules
from crm_app.domains.accounts.visits.models import VisitRecord

END_JOB = "accounts.end_visit"
EXPIRED, LEFT, CUT_OFF, REFUSED, SHUT_OUT = "expired", "left", "session", "rights", "owner"
"""How a visit ended: by its time, by its visitor, with the session, since it may no longer be, by an owner."""


async def begin(session: AsyncSession, visitor: Actor, record: VisitRecord) -> VisitView:
    """Write a visit down and have it happen in the visitor's session, whose windows begin anew.

    The transaction must be the visited organization's. Raises `Unauthenticated` when the session has ended.
    """
    session.add(record)
    await session.flush()
    place = (record.organization_id, record.id)
    if not await visit_queries.put_into_session(session, record.session_id, record.visitor_id, place):
        raise Unauthenticated
    await enqueue(
        session,
        END_JOB,
        schedule_at=record.expires_at,
        organization_id=record.organization_id,
        visit_id=record.id,
    )
    _tell(session, record, visitor)
    return VisitView(id=record.id, user_id=record.member_id, until=record.expires_at)


async def end(session: AsyncSession, record: VisitRecord, how: str) -> None:
    """End a visit, once: whoever comes second finds it over. The transaction must be that organization's."""
    if not await visit_queries.close_visit(session, record.organization_id, record.id, utc_now()):
        return
    await visit_queries.put_into_session(session, record.session_id, record.visitor_id, None)
    visitor = Actor(record.organization_id, record.visitor_id, "visitor", frozenset(), record.session_id)
    _tell(session, record, visitor)
    after = {"how": how}
    if record.kind == VisitKind.SUPPORT:
        organization_id = record.organization_id
        await service.audit(
            session, support_actor(organization_id), "support.end", "organization", organization_id, after=after
        )
        return
    member_id = record.member_id
    await service.audit(session, visitor, "view_as.end", "user", member_id, after=after, on_behalf_of=member_id)


def _tell(session: AsyncSession, record: VisitRecord, visitor: Actor) -> None:
    # Told where the session's windows are: at the beginning at home, at the end where they look.
    announce(
        session,
        SessionMoved(
            organization_id=visitor.organization_id, user_id=record.visitor_id, session_id=record.session_id
        ),
    )
    if record.kind == VisitKind.SUPPORT:
        announce(session, SupportChanged(organization_id=record.organization_id))


def guest(seen: Actor, visitor: Actor, record: VisitRecord) -> Actor:
    """Return an actor for whoever looks through the eyes of `seen`."""
    barred = visit_rules.barred(seen.permissions)
    visit = Visit(record.id, VisitKind(record.kind), visitor, record.expires_at)
    return replace(seen, permissions=seen.permissions - barred, barred=barred, visit=visit)
