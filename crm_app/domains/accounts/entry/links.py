"""Links by e-mail: a lost password, a way in without one, an address confirmed.

Asking for one always does the same, whoever asks and for whatever address: a job is enqueued. Only the job looks
whether somebody is there, so neither the answer nor its time tells.
"""

from collections.abc import Mapping
from datetime import timedelta
from types import MappingProxyType
from typing import Final, Literal
from uuid import UUID

from sqlalchemy.ext.asyncio import AsyncSession

from crm_app.config import get_settings
from crm_app.core.clock import utc_now
from crm_app.core.database import set_scope
from crm_app.core.events import announce
from crm_app.core.mail import Letter, MailOff, mail_mode, send_mail
from crm_app.core.queue import enqueue
from crm_app.core.tenancy import Actor
from crm_app.domains.accounts import repository, rules, service
from crm_app.domains.accounts.entry import passwords
from crm_app.domains.accounts.entry.entering import Way, enter
from crm_app.domains.accounts.entry.strength import require_strong
from crm_app.domains.accounts.entry.tokens import (
    Opened,
    UnknownToken,
    count_tokens,
    issue_token,
    peek_token,
    redeem_token,
    revoke_tokens,
)
from crm_app.domains.accounts.errors import NotYourAccount, SignupClosed
from crm_app.domains.accounts.events import EmailVerified, SessionRevoked
from crm_app.domains.accounts.factors import repository as factor_repository
from crm_app.domains.accounts.models import User
from crm_app.domains.accounts.schemas import FactorNeeded, NewSession

Kind = Literal["reset", "magic", "verify", "signup"]

LINK_JOB = "accounts.send_link"
NOTE_RESET_JOB = "accounts.note_reset"
PATHS: Final[Mapping[Kind, str]] = MappingProxyType(
    {"reset": "/reset", "magic": "/magic", "verify": "/verify", "signup": "/signup/finish"}
)
LIFETIMES: Final[Mapping[Kind, timedelta]] = MappingProxyType(
    {
        "reset": timedelta(hours=1),
        "magic": timedelta(minutes=10),
        "verify": timedelta(days=2),
        "signup": timedelta(days=2),
    }
)
MOST_LINKS = 3
WINDOW = timedelta(minutes=8)
"""An address gets so many links in this time and no more. It is shorter than any link's life: whoever is kept from
another link, say because a stranger asked for three, has three in the mailbox that work."""


async def request_link(session: AsyncSession, *, kind: Kind, email: str, language: str) -> None:
    """Have a link sent to whoever has this address, if anybody. Raises `BadEmail`, `MailOff`, `SignupClosed`."""
    if kind == "signup" and not get_settings().signup_open:
        raise SignupClosed
    if mail_mode() == "off":
        raise MailOff
    await enqueue(session, LINK_JOB, kind=kind, email=rules.normalize_email(email), language=language)


async def send_link(session: AsyncSession, *, kind: Kind, email: str, language: str) -> None:
    """Write the letter with a link, unless nobody is to get one. Runs as a job without a tenant."""
    user = await repository.find_user_by_email(session, email)
    if kind == "signup" and user is None:
        await _write(session, kind, subject=email, to=email, language=language)
    elif kind == "signup" and user is not None:
        await _write(session, "magic", subject=str(user.id), to=email, language=user.locale, letter="signup_known")
    elif user is not None:
        await _write(session, kind, subject=str(user.id), to=user.email, language=user.locale)


async def _write(
    session: AsyncSession, kind: Kind, *, subject: str, to: str, language: str, letter: str = ""
) -> None:
    if await count_tokens(session, kind, subject, within=WINDOW) >= MOST_LINKS:
        return
    token = await issue_token(session, kind, subject, LIFETIMES[kind], {"email": to})
    # Behind the `#`, a token is in no server's log and in no Referer; opening the page does not use it up.
    link = f"{get_settings().address}{PATHS[kind]}#{token}"
    words = Letter(kind=letter or kind, to=to, language=language, link=link, useful_for=LIFETIMES[kind])
    await send_mail(session, words)


async def look_at_link(session: AsyncSession, *, kind: Kind, token: str) -> str:
    """Return the address that a link was sent to, without using it up. Raises `BadToken`."""
    opened = await peek_token(session, kind, token)
    if kind == "signup":
        return opened.subject
    return (await _owner(session, opened)).email


async def _owner(session: AsyncSession, opened: Opened) -> User:
    """Return whom a link belongs to. It dies with a change of address: the mailbox may be another's by now."""
    user = await repository.find_user(session, UUID(opened.subject))
    if user is None or user.email != opened.data.get("email"):
        raise UnknownToken
    return user


async def enter_by_link(
    session: AsyncSession, *, token: str, ip: str, user_agent: str
) -> NewSession | FactorNeeded:
    """Let in whoever has the link, or ask for the second factor. Raises `BadToken` or `NoOrganization`."""
    user = await _owner(session, await redeem_token(session, "magic", token))
    await _claim(session, user)
    await revoke_tokens(session, "magic", str(user.id))
    return await enter(session, user, method=Way.LINK, ip=ip, user_agent=user_agent)


async def confirm_address(session: AsyncSession, *, token: str, user_id: UUID | None) -> str:
    """Note that an address is its user's own; returns the address. `user_id` is whoever is signed in.

    Raises `BadToken`, or `NotYourAccount` (the link goes on working then): an account that a stranger has prepared
    would count as its mailbox's owner's, with the stranger's password, if they followed a link sent to them.
    """
    user = await _owner(session, await redeem_token(session, "verify", token))
    if user.id != user_id:
        raise NotYourAccount
    _mark_verified(user)
    await revoke_tokens(session, "verify", str(user.id))
    await set_scope(session, "user_id", str(user.id))
    for membership, _ in await repository.list_own_memberships(session, user.id):
        announce(session, EmailVerified(organization_id=membership.organization_id, user_id=user.id))
    return user.email


async def _claim(session: AsyncSession, user: User) -> None:
    """Note that the mailbox's owner is here. The first time, what the account had before them goes.

    An account made by an invitation that was passed on by hand may be a stranger's work, who waits in it for the
    owner of the address, with a password, second factors and sessions of their own.
    """
    if user.email_verified_at is None:
        user.password_hash = None
        await set_scope(session, "user_id", str(user.id))
        await factor_repository.forget_factors(session, user.id)
        await repository.revoke_sessions(session, user.id, utc_now())
        await repository.forget_pending_entries(session, user.id)
        for membership, _ in list(await repository.list_own_memberships(session, user.id)):
            announce(session, SessionRevoked(organization_id=membership.organization_id, user_id=user.id))
    _mark_verified(user)


def _mark_verified(user: User) -> None:
    user.email_verified_at = user.email_verified_at or utc_now()


async def reset_password(
    session: AsyncSession, *, token: str, password: str, ip: str, user_agent: str
) -> NewSession | FactorNeeded:
    """Give the link's owner a new password, end every session there is, and let them in.

    Raises `BadToken`, `WeakPassword` (the link goes on working then) or `NoOrganization`.
    """
    user = await _owner(session, await redeem_token(session, "reset", token))
    await require_strong(password, (user.name, user.email))
    await _claim(session, user)
    user.password_hash = await passwords.hash_password(password)
    for kind in ("reset", "magic"):
        await revoke_tokens(session, kind, str(user.id))
    await _end_everything(session, user, ip)
    await tell_password_changed(session, user)
    return await enter(session, user, method=Way.LINK, ip=ip, user_agent=user_agent)


async def _end_everything(session: AsyncSession, user: User, ip: str) -> None:
    """End the user's sessions and half-finished sign-ins, and have it written down wherever they are a member."""
    await repository.revoke_sessions(session, user.id, utc_now())
    await repository.forget_pending_entries(session, user.id)
    await set_scope(session, "user_id", str(user.id))
    for membership, _ in list(await repository.list_own_memberships(session, user.id)):
        organization_id = membership.organization_id
        announce(session, SessionRevoked(organization_id=organization_id, user_id=user.id))
        # This transaction has no tenant, and each organization keeps its own record.
        await enqueue(session, NOTE_RESET_JOB, organization_id=organization_id, user_id=user.id, ip=ip)


async def note_reset(session: AsyncSession, actor: Actor) -> None:
    """Write down in one organization that the actor has a new password. Runs as a job."""
    await service.audit(session, actor, "password.reset", "user", actor.user_id)


async def tell_password_changed(session: AsyncSession, user: User) -> None:
    """Write to a person that their password was changed, in case that it was not them."""
    if mail_mode() != "off":
        link = f"{get_settings().address}/forgot"
        await send_mail(session, Letter(kind="password_changed", to=user.email, language=user.locale, link=link))
