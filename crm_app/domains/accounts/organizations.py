"""One person in several organizations: which they are, and for which one a session acts."""

from uuid import UUID

from sqlalchemy.ext.asyncio import AsyncSession

from crm_app.core.database import set_scope, set_tenant
from crm_app.core.errors import NotFound, Unauthenticated
from crm_app.core.events import announce
from crm_app.core.tenancy import Actor
from crm_app.domains.accounts import repository, service
from crm_app.domains.accounts.entry import entering
from crm_app.domains.accounts.entry.sso_only import SSO
from crm_app.domains.accounts.events import SessionMoved
from crm_app.domains.accounts.members import queries as member_queries
from crm_app.domains.accounts.members.views import OrganizationChoice


async def list_own_organizations(session: AsyncSession, actor: Actor) -> list[OrganizationChoice]:
    """Return the organizations of which the actor is an active member, oldest place first.

    A session that an identity provider opened knows of no other than its own. Leaves the transaction without a
    tenant.
    """
    person = actor.own_person()
    await set_tenant(session, None)
    await set_scope(session, "user_id", str(person))
    bound = actor.session_id and await member_queries.method_of_session(session, actor.session_id) == SSO
    return [
        OrganizationChoice(
            id=organization.id,
            name=organization.name,
            role=membership.role,
            brand_hue=organization.brand_hue,
            brand_chroma=organization.brand_chroma,
            is_current=organization.id == actor.organization_id,
        )
        for membership, organization in await repository.list_own_memberships(session, person)
        if organization.id == actor.organization_id or not bound
    ]


async def switch_organization(session: AsyncSession, actor: Actor, *, organization_id: UUID) -> OrganizationChoice:
    """Make the actor's own session act for another organization of theirs; every tab of it begins anew.

    Leaves that organization as the tenant. Raises `NotFound` where the actor is no active member, `SsoRequired`
    where the way in of this session does not lead, and `Unauthenticated` when the session has ended or began at an
    identity provider, which opens its own organization alone.
    """
    choices = await list_own_organizations(session, actor)
    chosen = next((one for one in choices if one.id == organization_id), None)
    if chosen is None:
        raise NotFound(kind="organization")
    if chosen.is_current:
        await set_tenant(session, organization_id, actor.user_id)
        return chosen
    if actor.user_id is None or actor.session_id is None:
        raise Unauthenticated
    own = await member_queries.method_of_session(session, actor.session_id)
    await entering.place_of(session, actor.user_id, organization_id, method=own)
    if not await member_queries.move_session(session, actor.session_id, actor.user_id, organization_id):
        raise Unauthenticated
    await set_tenant(session, organization_id, actor.user_id)
    announce(
        session,
        SessionMoved(organization_id=actor.organization_id, user_id=actor.user_id, session_id=actor.session_id),
    )
    entered = Actor(organization_id, actor.user_id, chosen.role, frozenset(), actor.session_id)
    await service.audit(session, entered, "session.enter", "user", actor.user_id)
    return chosen
