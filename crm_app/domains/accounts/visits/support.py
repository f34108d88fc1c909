"""The platform's support looks at an organization: with a reason, for a while, before everybody's eyes, read-only.

Its people see a line that says so as long as it lasts, its owners end it at once, its trail names the beginning,
the end, and each screen that was opened. Who it was stands in the platform's own record.
"""

from datetime import timedelta
from uuid import UUID

from sqlalchemy.ext.asyncio import AsyncSession

from crm_app.core.clock import utc_now
from crm_app.core.database import set_tenant
from crm_app.core.errors import Invalid, NotFound, Unauthenticated
from crm_app.core.life_cycle import refusal_of
from crm_app.core.tenancy import Actor, VisitKind
from crm_app.domains.accounts import repository, service
from crm_app.domains.accounts.errors import OwnersOnly
from crm_app.domains.accounts.models import Organization, Role
from crm_app.domains.accounts.permissions import permissions_of
from crm_app.domains.accounts.schemas import OrganizationView, SignedIn, SupportView, VisitView
from crm_app.domains.accounts.support import support_actor
from crm_app.domains.accounts.visits import queries as visit_queries
from crm_app.domains.accounts.visits import rules as visit_rules
from crm_app.domains.accounts.visits import steps as visit_steps
from crm_app.domains.accounts.visits.errors import ReasonMissing
from crm_app.domains.accounts.visits.models import VisitRecord

LONGEST_REASON = 300


async def begin_support(
    session: AsyncSession, actor: Actor, *, organization_id: UUID, reason: str, minutes: int
) -> VisitView:
    """Look at an organization for support, for 15, 30 or 60 minutes, in all windows of the actor's session.

    For whoever runs the platform; the proof of who they are is asked for by `platform.support`. Leaves the
    organization as the tenant. Raises `NotFound` for anybody else or no such organization, `ReasonMissing`,
    `Invalid` for another time, `OrganizationSuspended` or `OrganizationClosed`, and `Unauthenticated` outside of
    a session.
    """
    person = actor.own_person()
    if not await repository.runs_platform(session, person):
        raise NotFound
    words = " ".join(reason.replace("\x00", "").split())
    if not words:
        raise ReasonMissing(field="reason")
    if len(words) > LONGEST_REASON or minutes not in visit_rules.SUPPORT_MINUTES:
        raise Invalid(field="minutes" if len(words) <= LONGEST_REASON else "reason")
    if actor.session_id is None:
        raise Unauthenticated
    organization = await _access_organization(session, organization_id)
    record = VisitRecord(
        organization_id=organization.id,
        kind=VisitKind.SUPPORT,
        visitor_id=person,
        session_id=actor.session_id,
        reason=words,
        expires_at=utc_now() + timedelta(minutes=minutes),
    )
    begun = await visit_steps.begin(session, actor, record)
    after = {"reason": words, "until": record.expires_at.isoformat(timespec="seconds")}
    await service.audit(
        session, support_actor(organization_id), "support.start", "organization", organization_id, after=after
    )
    return begun


async def _access_organization(session: AsyncSession, organization_id: UUID) -> Organization:
    await set_tenant(session, organization_id)
    organization = await repository.find_organization(session, organization_id)
    if organization is None:
        raise NotFound(kind="organization")
    refusal = refusal_of(organization.state)
    if refusal is not None:
        raise refusal
    return organization


async def look_for_support(session: AsyncSession, own: SignedIn, record: VisitRecord) -> SignedIn:
    """Return who acts during a visit of support: an owner's eyes, and nobody's hands.

    Raises `NotFound` for whoever runs the platform no more, and what the organization's state says.
    """
    if not own.runs_platform:
        raise NotFound
    organization = await _access_organization(session, record.organization_id)
    seen = Actor(organization.id, own.user.id, VisitKind.SUPPORT, permissions_of(Role.OWNER), own.actor.session_id)
    return own.model_copy(
        update={
            "actor": visit_steps.guest(seen, own.actor, record),
            "organization": OrganizationView.model_validate(organization),
            "expires_at": min(own.expires_at, record.expires_at),
            "visit_place": None,
        }
    )


async def find_support(session: AsyncSession, actor: Actor) -> SupportView | None:
    """Return the visit of support that the actor's organization has at the moment; every member may know."""
    found = await visit_queries.find_support(session, actor.organization_id, utc_now())
    return SupportView.model_validate(found) if found else None


async def end_support(session: AsyncSession, actor: Actor, *, visit_id: UUID) -> None:
    """Show the platform's support out, at once. Raises `NotFound`, or `OwnersOnly` for anybody but an owner."""
    actor.require("organization.manage")
    record = await visit_queries.find_visit(session, actor.organization_id, visit_id)
    if record is None or record.kind != VisitKind.SUPPORT:
        raise NotFound(kind="visit")
    if actor.role != Role.OWNER:
        raise OwnersOnly
    await service.audit(session, actor, "support.shut_out", "organization", actor.organization_id)
    await visit_steps.end(session, record, visit_steps.SHUT_OUT)


async def note_look(session: AsyncSession, organization_id: UUID, page: str) -> None:
    """Write down in the organization's trail that support has opened a screen. Leaves it as the tenant."""
    await set_tenant(session, organization_id)
    await service.audit(
        session, support_actor(organization_id), "support.look", "organization", organization_id,
        after={"page": page[:200]},
    )  # fmt: skip
