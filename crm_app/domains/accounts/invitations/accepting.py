"""Accepting an invitation: with an account that is signed in, or with a new one. Exactly one place comes of it.

All of it runs before a tenant is known: the link says which organization, and leaves it set.
"""

from dataclasses import dataclass
from uuid import UUID

from sqlalchemy.exc import IntegrityError
from sqlalchemy.ext.asyncio import AsyncSession

from crm_app.core.clock import utc_now
from crm_app.core.database import set_tenant, tenant_state
from crm_app.core.errors import Invalid, Unauthenticated
from crm_app.core.events import announce
from crm_app.core.life_cycle import refusal_of
from crm_app.core.tenancy import Actor
from crm_app.domains.accounts import organizations, repository, service
from crm_app.domains.accounts.entry import passwords
from crm_app.domains.accounts.entry.entering import Way, begin_session
from crm_app.domains.accounts.entry.strength import require_strong
from crm_app.domains.accounts.entry.tokens import Opened, peek_token, redeem_token, revoke_tokens
from crm_app.domains.accounts.errors import (
    AccountExists,
    InvitationAccepted,
    InvitationExpired,
    InvitationGone,
    WrongAddress,
)
from crm_app.domains.accounts.events import InvitationChanged, MemberAdded
from crm_app.domains.accounts.invitations import queries as invitation_queries
from crm_app.domains.accounts.invitations.views import InvitationOffer
from crm_app.domains.accounts.members import queries as member_queries
from crm_app.domains.accounts.members import seats
from crm_app.domains.accounts.models import Invitation, Membership, Role, User
from crm_app.domains.accounts.permissions import permissions_of
from crm_app.domains.accounts.roles import queries as role_queries
from crm_app.domains.accounts.roles.models import TeamMember
from crm_app.domains.accounts.schemas import NewSession


@dataclass(frozen=True, slots=True)
class _Held:
    """An invitation whose link was shown, and whether that link came by mail to the address."""

    invitation: Invitation
    mailed: bool


async def read_invitation(session: AsyncSession, *, token: str) -> InvitationOffer:
    """Return what the holder of a link is told; nothing is used up.

    Raises `UnknownToken`, `UsedToken`, `ExpiredToken`, `InvitationGone`, `InvitationAccepted` or
    `InvitationExpired`.
    """
    held = await _held(session, await peek_token(session, "invitation", token))
    invitation = held.invitation
    organization = await repository.find_organization(session, invitation.organization_id)
    if organization is None:
        raise InvitationGone
    names = await member_queries.names_of(session, invitation.organization_id, [invitation.invited_by])
    known = await repository.find_user_by_email(session, invitation.email)
    return InvitationOffer(
        organization_name=organization.name,
        inviter_name=names.get(invitation.invited_by, ""),
        email=invitation.email,
        role=invitation.role,
        has_account=known is not None,
    )


async def accept_with_new_account(
    session: AsyncSession, *, token: str, name: str, password: str, ip: str, user_agent: str
) -> NewSession:
    """Make an account for the invited address, give it its place and begin a session there.

    A refusal leaves the link as good as it was. Raises as `read_invitation` does, `AccountExists`, `WeakPassword`,
    `Invalid` for an empty name, or `SeatsTaken`.
    """
    held = await _held(session, await redeem_token(session, "invitation", token), lock=True)
    if await repository.find_user_by_email(session, held.invitation.email):
        raise AccountExists(email=held.invitation.email)
    title = " ".join(name.split())
    if not title or len(title) > 120 or not title.isprintable():
        raise Invalid(field="name")
    user = await _new_user(session, held, title, password)
    place = await _take_place(session, held.invitation, user)
    return await begin_session(session, user.id, place, method=Way.LINK, ip=ip, user_agent=user_agent)


async def _new_user(session: AsyncSession, held: _Held, name: str, password: str) -> User:
    email = held.invitation.email
    await require_strong(password, (name, email))
    user = User(
        email=email,
        name=name,
        locale=held.invitation.language,
        password_hash=await passwords.hash_password(password),
        email_verified_at=utc_now() if held.mailed else None,
    )
    session.add(user)
    try:
        await session.flush()
    except IntegrityError as taken:
        raise AccountExists(email=email) from taken
    return user


async def accept_as(session: AsyncSession, actor: Actor, *, token: str) -> UUID:
    """Give the signed-in person the place, have their session act there, and return the organization's id.

    Raises as `read_invitation` does, `WrongAddress` when the invitation is for another address, or `SeatsTaken`.
    """
    if actor.user_id is None:
        raise Unauthenticated
    await set_tenant(session, None)
    user = await repository.find_user(session, actor.user_id)
    if user is None:
        raise Unauthenticated
    held = await _held(session, await redeem_token(session, "invitation", token), lock=True)
    if user.email != held.invitation.email:
        raise WrongAddress(email=held.invitation.email, own=user.email)
    if held.mailed and user.email_verified_at is None:
        user.email_verified_at = utc_now()
    await _take_place(session, held.invitation, user)
    organization_id = held.invitation.organization_id
    await organizations.switch_organization(session, actor, organization_id=organization_id)
    return organization_id


async def _held(session: AsyncSession, opened: Opened, *, lock: bool = False) -> _Held:
    organization_id = UUID(opened.data["organization_id"])
    await set_tenant(session, organization_id)
    refusal = refusal_of(await tenant_state(session))
    if refusal is not None:
        raise refusal
    if lock:
        await member_queries.lock_members(session, organization_id)
    invitation = await invitation_queries.find_invitation(session, organization_id, UUID(opened.subject))
    if invitation is None or invitation.revoked_at is not None:
        raise InvitationGone
    if invitation.accepted_at is not None:
        raise InvitationAccepted
    if invitation.expires_at <= utc_now():
        raise InvitationExpired
    return _Held(invitation, bool(opened.data.get("mailed")))


async def _role(session: AsyncSession, invitation: Invitation) -> tuple[str, UUID | None]:
    """Return the built-in role and the own one that were promised; a role that is no more leaves the least."""
    if invitation.role in list(Role):
        return invitation.role, None
    own = await role_queries.find_role(session, invitation.organization_id, UUID(invitation.role))
    return (own.based_on, own.id) if own else (Role.VIEWER, None)


async def _join_teams(session: AsyncSession, invitation: Invitation, user_id: UUID) -> None:
    for team_id in map(UUID, invitation.teams):
        team = await role_queries.find_team(session, invitation.organization_id, team_id)
        if team is not None and await role_queries.find_team_member(session, team, user_id) is None:
            session.add(TeamMember(organization_id=invitation.organization_id, team_id=team_id, user_id=user_id))


async def _take_place(session: AsyncSession, invitation: Invitation, user: User) -> Membership:
    """Give the person the place that the invitation promises; whoever has one already keeps theirs as it is."""
    organization_id = invitation.organization_id
    place = await repository.find_membership(session, organization_id, user.id)
    if place is None or place.removed_at is not None:
        await seats.take_seat(session, organization_id)
        place = place or Membership(organization_id=organization_id, user_id=user.id)
        place.role, place.role_id = await _role(session, invitation)
        place.is_active, place.removed_at = True, None
        session.add(place)
        await session.flush()
        await _join_teams(session, invitation, user.id)
    invitation.accepted_at = utc_now()
    await session.flush()
    await revoke_tokens(session, "invitation", str(invitation.id))
    await set_tenant(session, organization_id, user.id)
    joined = Actor(organization_id, user.id, place.role, permissions_of(place.role))
    after = {"email": user.email, "role": place.role, "invited_by": str(invitation.invited_by)}
    await service.audit(session, joined, "invitation.accept", "invitation", invitation.id, after=after)
    announce(session, InvitationChanged(organization_id=organization_id, invitation_id=invitation.id))
    announce(session, MemberAdded(organization_id=organization_id, user_id=user.id))
    return place
