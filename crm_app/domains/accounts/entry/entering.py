"""The one door: every way in (password, link by e-mail, passkey, single sign-on) ends in `enter`.

It begins the session of whoever has no second factor, or came with a passkey, which is two factors at once: the
device and the finger or PIN that opened it. Of everybody else it keeps, for some minutes, that the first factor
was right, and waits for the second (`second_step`).
"""

from datetime import timedelta
from enum import StrEnum
from uuid import UUID

from sqlalchemy.ext.asyncio import AsyncSession

from crm_app.core.clock import utc_now
from crm_app.core.database import set_scope, set_tenant
from crm_app.core.errors import Invalid, OrganizationClosed
from crm_app.core.tenancy import NOWHERE, Actor
from crm_app.domains.accounts import repository, rules, service
from crm_app.domains.accounts.entry import passwords, sso_only
from crm_app.domains.accounts.errors import NoOrganization, SsoRequired, WrongCredentials
from crm_app.domains.accounts.factors import repository as factor_repository
from crm_app.domains.accounts.factors.models import PendingEntry
from crm_app.domains.accounts.models import Membership, User, UserSession
from crm_app.domains.accounts.schemas import FactorNeeded, NewSession
from crm_app.domains.plans import entitled

PENDING_LIFETIME = timedelta(minutes=10)


class Way(StrEnum):
    """How somebody came in."""

    PASSWORD = "password"  # noqa: S105 (the name of a way in)
    LINK = "link"
    PASSKEY = "passkey"
    SSO = sso_only.SSO


WHOLE = frozenset({Way.PASSKEY})
"""Ways that are two factors by themselves."""


async def enter_with_password(
    session: AsyncSession, *, email: str, password: str, ip: str, user_agent: str
) -> NewSession | FactorNeeded:
    """Let in whoever knows the password, into the person's oldest organization.

    Runs before a tenant is known. Raises `WrongCredentials` or `NoOrganization`.
    """
    try:
        address = rules.normalize_email(email)
    except Invalid:
        address = ""
    user = await repository.find_user_by_email(session, address)
    known = await passwords.verify_password(user.password_hash if user else None, password)
    if user is None or not known:
        raise WrongCredentials
    if user.password_hash and passwords.needs_rehash(user.password_hash):
        user.password_hash = await passwords.hash_password(password)
    return await enter(session, user, method=Way.PASSWORD, ip=ip, user_agent=user_agent)


async def enter(
    session: AsyncSession,
    user: User,
    *,
    method: Way,
    ip: str,
    user_agent: str,
    organization_id: UUID | None = None,
) -> NewSession | FactorNeeded:
    """Let in a person whose first factor was right: begin the session, or ask for the second factor.

    `organization_id` says where to, if the person is a member there; otherwise into their oldest organization.
    Runs in a transaction without a tenant; a session leaves its organization set. Raises `NoOrganization`.
    """
    await set_scope(session, "user_id", str(user.id))
    place = await place_or_platform(session, user.id, organization_id, method=method)
    if method not in WHOLE:
        kinds = await factor_repository.list_kinds(session, user.id)
        if kinds:
            return await _ask_for_factor(session, user.id, kinds, method, ip, user_agent, organization_id)
    return await begin_session(session, user.id, place, method=method, ip=ip, user_agent=user_agent)


async def place_of(
    session: AsyncSession, user_id: UUID, organization_id: UUID | None, *, method: str
) -> Membership:
    """Return the wanted (or oldest) membership of a person to which this way in leads.

    Needs the scope `user_id`. Raises `NoOrganization`, `OrganizationClosed`, or `SsoRequired` where another way is
    the only one.
    """
    memberships = await repository.list_own_memberships(session, user_id)
    wanted = [pair for pair in memberships if organization_id in (None, pair[0].organization_id)]
    if not wanted:
        closed = await repository.list_own_memberships(session, user_id, closed=True)
        raise OrganizationClosed if closed else NoOrganization
    for membership, organization in wanted:
        if sso_only.admits(membership, organization, method):
            return membership
        if not await _has_sso(session, user_id, organization.id):
            return membership  # the one way in is closed: nobody is locked out
    raise SsoRequired(slug=wanted[0][1].slug)


async def _has_sso(session: AsyncSession, user_id: UUID, organization_id: UUID) -> bool:
    """Tell whether an organization still has single sign-on; leaves the scope as it was."""
    await set_tenant(session, organization_id, user_id)
    found = await entitled.has_module(session, organization_id, "sso")
    await set_tenant(session, None)
    await set_scope(session, "user_id", str(user_id))
    return found


async def place_or_platform(
    session: AsyncSession, user_id: UUID, organization_id: UUID | None, *, method: str
) -> Membership | None:
    """Return the place as `place_of` does, or None for whoever runs the platform and belongs nowhere."""
    try:
        return await place_of(session, user_id, organization_id, method=method)
    except (NoOrganization, OrganizationClosed):
        if organization_id is not None or not await repository.is_platform_admin(session, user_id):
            raise
        return None


async def _ask_for_factor(
    session: AsyncSession,
    user_id: UUID,
    kinds: frozenset[str],
    method: Way,
    ip: str,
    user_agent: str,
    organization_id: UUID | None,
) -> FactorNeeded:
    token = rules.new_token()
    expires_at = utc_now() + PENDING_LIFETIME
    session.add(
        PendingEntry(
            token_hash=rules.hash_token(token),
            user_id=user_id,
            wanted_organization=organization_id,
            method=method,
            ip=ip[:64],
            user_agent=clean_user_agent(user_agent),
            expires_at=expires_at,
        )
    )
    await session.flush()
    return FactorNeeded(token=token, expires_at=expires_at, kinds=kinds)


async def begin_session(
    session: AsyncSession, user_id: UUID, place: Membership | None, *, method: str, ip: str, user_agent: str
) -> NewSession:
    """Begin a session of a person whose factors were all right, at a place of theirs; the tenant is set then.

    Without a place it is a session of the platform.
    """
    token, now = rules.new_token(), utc_now()
    expires_at = now + rules.SESSION_LIFETIME
    session.add(
        UserSession(
            token_hash=rules.hash_token(token),
            user_id=user_id,
            organization_id=place.organization_id if place else None,
            ip=ip[:64],
            user_agent=clean_user_agent(user_agent),
            method=method[:20],
            # What another house says is no proof towards the person's own account.
            proven_at=None if method == Way.SSO else now,
            expires_at=expires_at,
        )
    )
    await session.flush()
    where = place.organization_id if place else NOWHERE
    await set_tenant(session, where, user_id)
    actor = Actor(where, user_id, place.role if place else "platform", frozenset())
    await service.audit(session, actor, "session.begin", "user", user_id, after={"method": method})
    return NewSession(token=token, expires_at=expires_at, user_id=user_id, organization_id=where)


def clean_user_agent(text: str) -> str:
    """Return what a browser says it is, in the form in which it is kept."""
    return text.replace("\x00", "")[:300]
