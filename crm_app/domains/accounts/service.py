"""Use cases around people: signing out, the actor behind a session, members, the audit trail."""

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any
from uuid import UUID

from psycopg.types.json import Jsonb
from sqlalchemy.ext.asyncio import AsyncSession
from structlog.contextvars import get_contextvars

from crm_app.core.clock import utc_now
from crm_app.core.database import require_growth, set_scope, set_tenant
from crm_app.core.errors import Invalid, NotFound, Unauthenticated
from crm_app.core.events import announce
from crm_app.core.ids import new_id
from crm_app.core.life_cycle import State, standing_of
from crm_app.core.tenancy import NOWHERE, Actor, VisitKind
from crm_app.core.trace import current_trace_id
from crm_app.domains.accounts import repository, rules
from crm_app.domains.accounts.entry import passwords
from crm_app.domains.accounts.entry.sso_only import SSO
from crm_app.domains.accounts.errors import EmailTaken
from crm_app.domains.accounts.events import MemberAdded, PreferencesChanged, SessionRevoked
from crm_app.domains.accounts.factors import repository as factor_repository
from crm_app.domains.accounts.members import queries as member_queries
from crm_app.domains.accounts.members import seats
from crm_app.domains.accounts.models import Membership, Organization, Role, User, UserSession
from crm_app.domains.accounts.permissions import permissions_of
from crm_app.domains.accounts.roles import access
from crm_app.domains.accounts.schemas import (
    PLATFORM_VIEW,
    MemberView,
    OrganizationCreated,
    OrganizationView,
    SignedIn,
    UserView,
)
from crm_app.domains.accounts.support import SUPPORT_ID
from crm_app.domains.plans import entitled

LOCALES = ("pt-BR", "en")
THEMES = ("system", "light", "dark")


async def resolve_session(session: AsyncSession, token: str) -> SignedIn:
    """Return whose a session token is, as who they are: during a visit see `visits.recognise`.

    Runs before a tenant is known. Raises `Unauthenticated`.
    """
    found = await repository.find_session(session, rules.hash_token(token))
    now = utc_now()
    if found is None or not _is_valid(found[0], now):
        raise Unauthenticated
    row, user, runs_platform = found
    await set_scope(session, "user_id", str(user.id))
    memberships = await repository.list_own_memberships(session, user.id)
    place = next((pair for pair in memberships if pair[1].id == row.organization_id), None)
    if place is None and (row.organization_id is not None or not runs_platform):
        raise Unauthenticated
    if now - row.last_seen_at > rules.SEEN_EVERY:
        await repository.touch_session(session, row.id, now)
    if place is None:
        return SignedIn(
            actor=Actor(NOWHERE, user.id, "platform", frozenset(), row.id),
            user=UserView.model_validate(user),
            organization=PLATFORM_VIEW,
            expires_at=row.expires_at,
            runs_platform=True,
            visit_place=_visit_place(row),
        )
    return await _at(session, row, user, *place, runs_platform=runs_platform)


async def _at(
    session: AsyncSession,
    row: UserSession,
    user: User,
    membership: Membership,
    organization: Organization,
    *,
    runs_platform: bool,
) -> SignedIn:
    """Return who is behind a session at its place, with what they may do there."""
    must_set_factor = row.method != SSO and await _lacks_factor(session, user.id, membership, organization)
    if must_set_factor or not standing_of(organization.state).works:
        actor = Actor(organization.id, user.id, membership.role, frozenset(), row.id)
    else:
        await set_tenant(session, organization.id, user.id)
        actor = await access.actor_of(session, membership, row.id)
    return SignedIn(
        actor=actor,
        user=UserView.model_validate(user),
        organization=OrganizationView.model_validate(organization),
        expires_at=row.expires_at,
        must_set_factor=must_set_factor,
        runs_platform=runs_platform,
        visit_place=_visit_place(row),
    )


def _visit_place(row: UserSession) -> tuple[UUID, UUID] | None:
    return (row.visited_id, row.visit_id) if row.visited_id and row.visit_id else None


async def _lacks_factor(
    session: AsyncSession, user_id: UUID, membership: Membership, organization: Organization
) -> bool:
    asked = membership.role in organization.factor_roles
    return asked and not await factor_repository.list_kinds(session, user_id)


def _is_valid(row: UserSession, now: datetime) -> bool:
    return row.revoked_at is None and row.expires_at > now and now - row.last_seen_at < rules.SESSION_IDLE


async def sign_out(session: AsyncSession, actor: Actor) -> None:
    """End the actor's own session; effective on the next event, even over an open socket."""
    user_id, session_id = actor.own_person(), actor.session_id
    await repository.revoke_sessions(session, user_id, utc_now(), session_id)
    announce(
        session, SessionRevoked(organization_id=actor.organization_id, user_id=user_id, session_id=session_id)
    )
    await audit(session, actor, "session.end", "user", user_id)


async def sign_out_everywhere(session: AsyncSession, actor: Actor) -> int:
    """End every session of the actor's user, this one too; returns how many ended.

    From a session that an identity provider opened, those in its own organization.
    """
    user_id = actor.own_person()
    method = await member_queries.method_of_session(session, actor.session_id) if actor.session_id else ""
    within = actor.organization_id if method == SSO else None
    ended = await repository.revoke_sessions(session, user_id, utc_now(), within=within)
    announce(session, SessionRevoked(organization_id=actor.organization_id, user_id=user_id))
    await audit(session, actor, "session.end_all", "user", user_id, after={"ended": ended})
    return ended


async def change_preferences(
    session: AsyncSession, actor: Actor, *, locale: str | None = None, theme: str | None = None
) -> UserView:
    """Keep the actor's language (`pt-BR` or `en`) and theme (`system`, `light`, `dark`). Raises `Invalid`."""
    user = await repository.find_user(session, actor.own_person())
    if user is None:
        raise Unauthenticated
    if locale is not None:
        user.locale = _one_of(locale, LOCALES, "locale")
    if theme is not None:
        user.theme = _one_of(theme, THEMES, "theme")
    await session.flush()
    announce(session, PreferencesChanged(organization_id=actor.organization_id, user_id=user.id))
    return UserView.model_validate(user)


def _one_of(value: str, allowed: Sequence[str], field: str) -> str:
    if value not in allowed:
        raise Invalid(field=field)
    return value


async def create_organization(
    session: AsyncSession,
    *,
    name: str,
    owner_email: str,
    password: str,
    owner_name: str = "",
    is_demo: bool = False,
) -> OrganizationCreated:
    """Create an organization and its owner. Runs before a tenant is known and leaves the new one set.

    Raises `BadEmail`, `WeakPassword`, `EmailTaken` or, for an empty name, `Invalid`.
    """
    title = name.strip()
    if not title or len(title) > 120 or "\x00" in title:
        raise Invalid(field="name")
    organization = Organization(
        name=title,
        slug=rules.slugify(title),
        is_demo=is_demo,
        state=State.DEMO if is_demo else State.ONBOARDING,
    )
    user = await _new_user(session, email=owner_email, name=owner_name, password=password)
    user.email_verified_at = utc_now()  # whoever runs the installation has typed it
    organization.slug = await repository.free_slug(session, organization.slug)
    await set_tenant(session, organization.id)
    session.add(organization)
    await session.flush()
    session.add(Membership(organization_id=organization.id, user_id=user.id, role=Role.OWNER))
    await session.flush()
    if not is_demo:  # which has everything
        await entitled.begin(session)
    owner = Actor(organization.id, user.id, Role.OWNER, permissions_of(Role.OWNER))
    await audit(session, owner, "organization.create", "organization", organization.id, after={"name": title})
    return OrganizationCreated(id=organization.id, slug=organization.slug, owner_id=user.id)


async def _new_user(session: AsyncSession, *, email: str, name: str, password: str) -> User:
    address = rules.normalize_email(email)
    rules.check_password(password)
    if await repository.find_user_by_email(session, address):
        raise EmailTaken(email=address)
    user = User(
        email=address,
        name=name.strip()[:120] or address.partition("@")[0][:120],
        password_hash=await passwords.hash_password(password),
    )
    session.add(user)
    await session.flush()
    return user


async def add_member(
    session: AsyncSession, actor: Actor, *, email: str, name: str, password: str, role: str
) -> MemberView:
    """Create a user and make them a member with this role.

    Raises `EmailTaken`, `Invalid`, `Forbidden`, `SeatsTaken` or `PaymentPending`.
    """
    actor.require("members.manage")
    await require_growth(session)
    held = _one_of(role, list(Role), "role")
    user = await _new_user(session, email=email, name=name, password=password)
    await seats.take_seat(session, actor.organization_id)
    membership = Membership(organization_id=actor.organization_id, user_id=user.id, role=held)
    session.add(membership)
    await session.flush()
    announce(session, MemberAdded(organization_id=actor.organization_id, user_id=user.id))
    await audit(session, actor, "member.add", "user", user.id, after={"email": user.email, "role": held})
    return _member_view(membership, user)


def _member_view(membership: Membership, user: User) -> MemberView:
    return MemberView(
        user_id=user.id, name=user.name, email=user.email, role=membership.role, is_active=membership.is_active
    )


async def list_members(session: AsyncSession, actor: Actor) -> list[MemberView]:
    """Return everybody in the actor's organization, by name; every member may see the others' names."""
    rows = await repository.list_members(session, actor.organization_id)
    return [_member_view(membership, user) for membership, user in rows]


async def access_member(session: AsyncSession, actor: Actor, user_id: UUID) -> MemberView:
    """Return an active member of the actor's organization. Raises `NotFound` for anybody else."""
    membership = await repository.find_membership(session, actor.organization_id, user_id)
    user = await repository.find_user(session, user_id) if membership and membership.is_active else None
    if membership is None or user is None:
        raise NotFound(kind="member")
    return _member_view(membership, user)


async def get_organization(session: AsyncSession, actor: Actor) -> OrganizationView:
    """Return the actor's organization."""
    organization = await repository.find_organization(session, actor.organization_id)
    if organization is None:
        raise NotFound(kind="organization")
    return OrganizationView.model_validate(organization)


async def list_organization_ids(session: AsyncSession) -> list[UUID]:
    """Return every organization's id, whatever its state. Runs without a tenant."""
    await set_scope(session, "directory", "on")
    return list(await repository.list_organization_ids(session))


async def list_working_organization_ids(session: AsyncSession) -> list[UUID]:
    """Return the ids of the organizations that do work, for scheduled jobs. Runs without a tenant."""
    await set_scope(session, "directory", "on")
    return list(await repository.list_working_organization_ids(session))


async def audit(
    session: AsyncSession,
    actor: Actor,
    action: str,
    entity_type: str,
    entity_id: UUID | None = None,
    *,
    before: Mapping[str, Any] | None = None,
    after: Mapping[str, Any] | None = None,
    on_behalf_of: UUID | None = None,
) -> None:
    """Write down a critical act in the transaction in which it happens. Values must be plain JSON.

    `on_behalf_of` is the user as whom somebody else acts. The entry is written last, together with the commit.
    """
    if actor.organization_id == NOWHERE:
        note_for_platform(session, actor.user_id, action, None, before=before, after=after)
        return
    values = {
        "organization_id": actor.organization_id,
        "id": new_id(),
        "created_at": utc_now(),
        "user_id": _who(actor),
        "on_behalf_of": actor.user_id if _looks_as(actor) else on_behalf_of,
        "action": action,
        "entity_type": entity_type,
        "entity_id": entity_id,
        "before": Jsonb(dict(before)) if before is not None else None,
        "after": Jsonb(dict(after)) if after is not None else None,
        "ip": str(get_contextvars().get("ip", ""))[:64],
        "trace_id": current_trace_id()[:64],
    }
    repository.insert_audit_entry(session, values)


def note_for_platform(
    session: AsyncSession,
    user_id: UUID | None,
    action: str,
    concerns: UUID | None,
    *,
    before: Mapping[str, Any] | None = None,
    after: Mapping[str, Any] | None = None,
) -> None:
    """Write down what an administrator of the platform does, about an organization or none, with the commit."""
    values = {
        "user_id": user_id,
        "action": action,
        "concerns": concerns,
        "before": Jsonb(dict(before)) if before is not None else None,
        "after": Jsonb(dict(after)) if after is not None else None,
        "ip": str(get_contextvars().get("ip", ""))[:64],
        "trace_id": current_trace_id()[:64],
    }
    repository.insert_platform_entry(session, values)


def _looks_as(actor: Actor) -> bool:
    return actor.visit is not None and actor.visit.kind is VisitKind.VIEW_AS


def _who(actor: Actor) -> UUID | None:
    """Return who an entry names: during a visit the visitor, and of the platform nobody in particular."""
    if actor.visit is None:
        return actor.user_id
    return actor.visit.visitor.user_id if _looks_as(actor) else SUPPORT_ID
