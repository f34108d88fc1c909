"""Inviting people by e-mail: several at once, again, taken back. Accepting is in `accepting`."""

import re
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import timedelta
from typing import Final
from uuid import UUID

from sqlalchemy.ext.asyncio import AsyncSession

from crm_app.config import get_settings
from crm_app.core.clock import utc_now
from crm_app.core.errors import Forbidden, Invalid, NotFound
from crm_app.core.events import announce
from crm_app.core.mail import Letter, MailOff, send_mail
from crm_app.core.tenancy import Actor
from crm_app.domains.accounts import service
from crm_app.domains.accounts.entry.tokens import issue_token, revoke_tokens
from crm_app.domains.accounts.errors import (
    BadEmail,
    InvitationAccepted,
    InvitationGone,
    OwnershipNeedsConsent,
    TooManyAddresses,
    TooManyInvitations,
)
from crm_app.domains.accounts.events import InvitationChanged
from crm_app.domains.accounts.invitations import queries as invitation_queries
from crm_app.domains.accounts.invitations.views import InvitationLink, InvitationOutcome, InvitationView
from crm_app.domains.accounts.members import queries as member_queries
from crm_app.domains.accounts.models import Invitation
from crm_app.domains.accounts.roles import matrix, teams
from crm_app.domains.accounts.roles import service as roles
from crm_app.domains.accounts.rules import normalize_email

MANAGE: Final = "members.manage"
MOST_AT_ONCE: Final = 50
MOST_A_DAY: Final = 300
"""Letters to strangers that one organization may cause in a day, so that nobody sends spam through us."""
DEFAULT_DAYS: Final = 7
LONGEST_DAYS: Final = 30


_SEPARATORS = re.compile(r"[,;\n\r\t]+")


def split_addresses(text: str) -> list[str]:
    """Return the addresses in a pasted text, as they were written: `Ana <ana@x.com>; beto@x.com caio@x.com`."""
    found: list[str] = []
    for part in _SEPARATORS.split(text):
        named = re.search(r"<([^<>]*)>", part)
        found.extend([named[1].strip()] if named else part.split())
    return [one for one in found if one]


async def list_invitations(session: AsyncSession, actor: Actor) -> list[InvitationView]:
    """Return the invitations that wait, the latest first; also those that have expired, to be sent again."""
    actor.require(MANAGE)
    found = await invitation_queries.list_waiting(session, actor.organization_id)
    return [InvitationView.model_validate(dict(row)) for row in found]


async def invite(
    session: AsyncSession,
    actor: Actor,
    *,
    addresses: Sequence[str],
    role: str,
    team_ids: Sequence[UUID] = (),
    days: int = DEFAULT_DAYS,
    language: str = "pt-BR",
) -> list[InvitationOutcome]:
    """Invite these addresses and tell what became of each; what is no address stops nobody else.

    `role` is a role's key. Raises `NotFound` for an unknown role or team, `Invalid` for an odd number of days,
    `GrantTooHigh`, `OwnershipNeedsConsent`, `TooManyAddresses` or `TooManyInvitations`.
    """
    if not 1 <= days <= LONGEST_DAYS:
        raise Invalid(field="days")
    await _acting(session, actor)
    wish = _Wish(role, await _teams(session, actor, team_ids), timedelta(days=days), language)
    await _check_role(session, actor, role)
    wanted = list(dict.fromkeys(addresses))
    if len(wanted) > MOST_AT_ONCE:
        raise TooManyAddresses(limit=MOST_AT_ONCE)
    outcomes: dict[str, InvitationOutcome] = {}
    for written in wanted:
        try:
            email = normalize_email(written)
        except BadEmail:
            outcomes[written] = InvitationOutcome(email=written[:254], outcome="bad")
            continue
        if email not in outcomes:
            outcomes[email] = await _invite_one(session, actor, email, wish)
    return list(outcomes.values())


@dataclass(frozen=True, slots=True)
class _Wish:
    """What all who are invited at once have in common."""

    role: str
    teams: list[str]
    lifetime: timedelta
    language: str


async def _check_role(session: AsyncSession, actor: Actor, key: str) -> None:
    target = await roles.get_role(session, actor, key=key)
    if not target.editable:
        raise OwnershipNeedsConsent
    matrix.check_grant(actor, matrix.resolve(target.based_on, target.matrix))


async def _teams(session: AsyncSession, actor: Actor, team_ids: Sequence[UUID]) -> list[str]:
    known = {one.id for one in await teams.list_teams(session, actor)} if team_ids else set()
    if not set(team_ids) <= known:
        raise NotFound(kind="team")
    return [str(one) for one in dict.fromkeys(team_ids)]


async def _invite_one(session: AsyncSession, actor: Actor, email: str, wish: _Wish) -> InvitationOutcome:
    if await invitation_queries.is_member(session, actor.organization_id, email):
        return InvitationOutcome(email=email, outcome="member")
    standing = await invitation_queries.find_waiting(session, actor.organization_id, email)
    if standing is None:
        invitation = Invitation(
            organization_id=actor.organization_id,
            email=email,
            role=wish.role,
            teams=wish.teams,
            language=wish.language if wish.language in service.LOCALES else service.LOCALES[0],
            invited_by=_person(actor),
        )
        session.add(invitation)
    else:
        invitation = standing
        invitation.role, invitation.teams = wish.role, wish.teams
    mailed = await _send(session, actor, invitation, wish.lifetime)
    after = {"email": email, "role": wish.role, "teams": wish.teams, "days": wish.lifetime.days}
    await service.audit(session, actor, "invitation.send", "invitation", invitation.id, after=after)
    return InvitationOutcome(
        email=email,
        outcome="waiting" if standing else "invited",
        invitation_id=invitation.id,
        mailed=mailed,
    )


async def resend_invitation(session: AsyncSession, actor: Actor, *, invitation_id: UUID) -> InvitationOutcome:
    """Send a fresh link, good for another week; earlier ones stop working.

    Raises `NotFound`, `InvitationAccepted`, `InvitationGone` or `TooManyInvitations`.
    """
    invitation = await _open(session, actor, invitation_id)
    mailed = await _send(session, actor, invitation, timedelta(days=DEFAULT_DAYS))
    await service.audit(session, actor, "invitation.resend", "invitation", invitation.id)
    return InvitationOutcome(email=invitation.email, outcome="waiting", invitation_id=invitation.id, mailed=mailed)


async def revoke_invitation(session: AsyncSession, actor: Actor, *, invitation_id: UUID) -> None:
    """Take an invitation back; its links stop working. Raises as `resend_invitation` does."""
    invitation = await _open(session, actor, invitation_id)
    invitation.revoked_at = utc_now()
    await session.flush()
    await revoke_tokens(session, "invitation", str(invitation.id))
    _tell(session, invitation)
    after = {"email": invitation.email}
    await service.audit(session, actor, "invitation.revoke", "invitation", invitation.id, after=after)


async def make_link(session: AsyncSession, actor: Actor, *, invitation_id: UUID) -> InvitationLink:
    """Return another link that accepts the invitation, to be passed on by hand; the one by mail goes on working.

    Whoever accepts by it has not shown that the address is theirs. Raises `NotFound`, `InvitationAccepted`,
    `InvitationGone`.
    """
    invitation = await _open(session, actor, invitation_id)
    now = utc_now()
    if invitation.expires_at <= now:
        invitation.expires_at = now + timedelta(days=DEFAULT_DAYS)
    token = await _issue(session, invitation, mailed=False)
    await service.audit(session, actor, "invitation.link", "invitation", invitation.id)
    _tell(session, invitation)
    return InvitationLink(url=_url(token), expires_at=invitation.expires_at)


async def _send(session: AsyncSession, actor: Actor, invitation: Invitation, lifetime: timedelta) -> bool:
    """Write the letter with a fresh link; returns whether this installation sends mail at all."""
    now = utc_now()
    sent = await invitation_queries.count_since(session, invitation.organization_id, now - timedelta(days=1))
    if sent >= MOST_A_DAY:
        raise TooManyInvitations(limit=MOST_A_DAY)
    invitation.sent_at, invitation.expires_at = now, now + lifetime
    await session.flush()
    await revoke_tokens(session, "invitation", str(invitation.id))
    token = await _issue(session, invitation, mailed=True)
    _tell(session, invitation)
    organization = await service.get_organization(session, actor)
    names = await member_queries.names_of(session, invitation.organization_id, [_person(actor)])
    letter = Letter(
        kind="invitation",
        to=invitation.email,
        language=invitation.language,
        link=_url(token),
        data={"organization": organization.name, "inviter": names.get(_person(actor), "")},
        useful_for=lifetime,
    )
    try:
        await send_mail(session, letter, organization_id=invitation.organization_id)
    except MailOff:
        return False
    return True


async def _issue(session: AsyncSession, invitation: Invitation, *, mailed: bool) -> str:
    data = {"organization_id": str(invitation.organization_id), "mailed": mailed}
    lifetime = invitation.expires_at - utc_now()
    return await issue_token(session, "invitation", str(invitation.id), lifetime, data)


def _url(token: str) -> str:
    # Behind the hash, so that no server, log or other site sees it.
    return f"{get_settings().address}/invite#{token}"


async def _open(session: AsyncSession, actor: Actor, invitation_id: UUID) -> Invitation:
    await _acting(session, actor)
    invitation = await invitation_queries.get_invitation(session, actor.organization_id, invitation_id)
    if invitation.accepted_at is not None:
        raise InvitationAccepted
    if invitation.revoked_at is not None:
        raise InvitationGone
    return invitation


async def _acting(session: AsyncSession, actor: Actor) -> None:
    """Lock the places, so that nobody is invited and accepted at once. Raises unless the actor still has one."""
    actor.require(MANAGE)
    await member_queries.lock_members(session, actor.organization_id)
    own = await member_queries.find_place(session, actor.organization_id, _person(actor))
    if own is None or not own.is_active:
        raise Forbidden(permission=MANAGE)


def _person(actor: Actor) -> UUID:
    if actor.user_id is None:
        raise Forbidden(permission=MANAGE)
    return actor.user_id


def _tell(session: AsyncSession, invitation: Invitation) -> None:
    announce(
        session,
        InvitationChanged(organization_id=invitation.organization_id, invitation_id=invitation.id),
    )
