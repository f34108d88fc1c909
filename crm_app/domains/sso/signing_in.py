"""Use cases of somebody who comes in through an organization's identity provider.

The provider is the organization's choice, and anybody can own an organization. So what it says opens that
organization alone: a session begun here does not change to another one and counts as no proof of who the person is
beyond it, and a person who exists already but is no member is never let in on a provider's word.
"""

import hashlib
import secrets
from datetime import timedelta
from uuid import UUID

from sqlalchemy.ext.asyncio import AsyncSession

from crm_app.config import get_settings
from crm_app.core.clock import utc_now
from crm_app.core.database import set_scope, set_tenant, system_unit_of_work
from crm_app.core.errors import CrmError, Invalid
from crm_app.domains.accounts import rules
from crm_app.domains.accounts import service as accounts
from crm_app.domains.accounts.entry import entering, joining, tokens
from crm_app.domains.accounts.errors import EmailTaken
from crm_app.domains.accounts.models import Role
from crm_app.domains.accounts.permissions import system_actor
from crm_app.domains.accounts.schemas import NewSession
from crm_app.domains.plans import entitled
from crm_app.domains.sso import oidc, repository
from crm_app.domains.sso.errors import EmailNotProven, ForeignDomain, NotInvited, SsoDenied, SsoStale, SsoUnknown
from crm_app.domains.sso.models import IdentityProvider, SsoIdentity
from crm_app.domains.sso.schemas import Begun, Preset
from crm_app.domains.sso.settings import open_secret

CALLBACK = "/api/auth/sso/callback"
LIFETIME = timedelta(minutes=10)


async def begin(*, slug: str, returns_to: str = "/") -> Begun:
    """Begin a sign-in at the identity provider of the organization called `slug` in addresses.

    The verifier goes into a cookie of that browser and nowhere else; `returns_to` is a path of ours. Opens
    transactions of its own, none while the provider is asked. Raises `SsoUnknown`, `ModuleOff`, `ProviderAway`.
    """
    async with system_unit_of_work() as session:
        organization_id = await repository.find_organization_id(session, slug[:60].strip().lower())
        if organization_id is None:
            raise SsoUnknown
        client = await _client_of(session, organization_id)
    metadata = await oidc.discover(client.issuer)
    verifier, nonce = secrets.token_urlsafe(48), secrets.token_urlsafe(24)
    kept = {"nonce": nonce, "browser": _digest(verifier), "returns_to": _own_path(returns_to)}
    async with system_unit_of_work() as session:
        state = await tokens.issue_token(session, "sso", str(organization_id), LIFETIME, kept)
    address = oidc.authorization_url(metadata, client, state=state, nonce=nonce, verifier=verifier)
    return Begun(address=address, verifier=verifier, organization_id=organization_id)


async def finish(
    *, state: str, code: str, problem: str, verifier: str, ip: str, user_agent: str
) -> tuple[NewSession, str]:
    """Let in whoever comes back from the provider; returns the session and the path to go to.

    `problem` is what the provider answered instead of a code. The state is used up first, whatever comes of it.
    Opens transactions of its own, none while the provider is asked. Raises `SsoStale` (another browser, used, too
    old, forged), `SsoDenied`, `SsoUnknown`, `ModuleOff`, `BadIdToken`, `EmailNotProven`, `ForeignDomain`,
    `NotInvited`, `ProviderAway`, `NoOrganization`.
    """
    async with system_unit_of_work() as session:
        opened = await _redeem(session, state)
        organization_id = UUID(opened.subject)
        client = await _client_of(session, organization_id)
    if not verifier or not secrets.compare_digest(str(opened.data["browser"]), _digest(verifier)):
        raise SsoStale
    if problem or not code:
        raise SsoDenied
    metadata = await oidc.discover(client.issuer)
    nonce = str(opened.data["nonce"])
    claims = await oidc.exchange(metadata, client, code=code, verifier=verifier, nonce=nonce)
    async with system_unit_of_work() as session:
        await set_tenant(session, organization_id)
        row = await _active_provider(session, organization_id)
        if row.issuer != client.issuer:
            raise SsoStale
        user_id = await _person(session, row, claims)
        begun = await _enter(session, user_id, organization_id, ip=ip, user_agent=user_agent)
    return begun, str(opened.data["returns_to"])


async def _redeem(session: AsyncSession, state: str) -> tokens.Opened:
    try:
        return await tokens.redeem_token(session, "sso", state)
    except CrmError as error:
        raise SsoStale from error


async def _client_of(session: AsyncSession, organization_id: UUID) -> oidc.Client:
    """Return who we are at the organization's provider, and leave the organization set."""
    await set_tenant(session, organization_id)
    row = await _active_provider(session, organization_id)
    return oidc.Client(row.issuer, row.client_id, open_secret(row), get_settings().address + CALLBACK)


async def _active_provider(session: AsyncSession, organization_id: UUID) -> IdentityProvider:
    row = await repository.find_provider(session, organization_id)
    if row is None or not row.is_active:
        raise SsoUnknown
    await entitled.require_module(session, organization_id, "sso")
    return row


async def _person(session: AsyncSession, row: IdentityProvider, claims: oidc.Claims) -> UUID:
    """Return who the person is among the members: known by their subject, by their address, or new."""
    email = _proven_address(row, claims)
    known = await repository.find_identity(session, row.organization_id, row.issuer, claims.sub)
    if known is not None:
        await repository.touch_identity(session, known, utc_now())
        return known.user_id
    user_id = await repository.find_member_by_email(session, row.organization_id, email)
    if user_id is None:
        user_id = await _join(session, row, email, claims.name)
    session.add(
        SsoIdentity(
            organization_id=row.organization_id, user_id=user_id, issuer=row.issuer, subject=claims.sub[:255]
        )
    )
    await session.flush()
    actor = system_actor(row.organization_id)
    await accounts.audit(session, actor, "sso.link", "user", user_id, after={"issuer": row.issuer})
    return user_id


def _proven_address(row: IdentityProvider, claims: oidc.Claims) -> str:
    """Return the address that the provider vouches for, when it is one of the organization's domains.

    A Google account can have any address; who manages it stands in `hd`.
    """
    if not claims.email or not claims.email_verified:
        raise EmailNotProven
    try:
        email = rules.normalize_email(claims.email)
    except Invalid as error:
        raise EmailNotProven from error
    manager = claims.hd.lower() if row.preset == Preset.GOOGLE else email.rpartition("@")[2]
    if email.rpartition("@")[2] not in row.domains or manager not in row.domains:
        raise ForeignDomain(domain=email.rpartition("@")[2][:100])
    return email


async def _join(session: AsyncSession, row: IdentityProvider, email: str, name: str) -> UUID:
    if not row.joins:
        raise NotInvited
    try:
        user = await joining.join_as_new_person(
            session, system_actor(row.organization_id), email=email, name=name, role=Role(row.joins_as)
        )
    except EmailTaken as error:
        raise NotInvited from error
    return user.id


async def _enter(
    session: AsyncSession, user_id: UUID, organization_id: UUID, *, ip: str, user_agent: str
) -> NewSession:
    await set_tenant(session, None)
    await set_scope(session, "user_id", str(user_id))
    place = await entering.place_of(session, user_id, organization_id, method=entering.Way.SSO)
    return await entering.begin_session(
        session, user_id, place, method=entering.Way.SSO, ip=ip, user_agent=user_agent
    )


def _own_path(path: str) -> str:
    """Return the path if it is one of this house, else the start."""
    plain = path.startswith("/") and not path.startswith(("//", "/\\")) and path.isprintable()
    return path[:300] if plain and "\\" not in path else "/"


def _digest(verifier: str) -> str:
    return hashlib.sha256(verifier.encode("utf-8", "surrogatepass")).hexdigest()
