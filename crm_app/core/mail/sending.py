"""Into the outbox in the use case's transaction, out of it with a job: not lost, not sent twice."""

import asyncio
import json
import random
from datetime import datetime, timedelta
from email.errors import MessageError
from email.message import EmailMessage
from typing import Any, Literal
from uuid import UUID

import structlog
from sqlalchemy.ext.asyncio import AsyncSession

from crm_app.config import get_settings
from crm_app.core.clock import utc_now
from crm_app.core.crypto import SealBroken, Sealed, get_sealer
from crm_app.core.database import set_scope, system_unit_of_work
from crm_app.core.errors import Unavailable
from crm_app.core.ids import new_id
from crm_app.core.mail.letter import Letter, Rendered, render
from crm_app.core.mail.models import MailStatus, OutboundMail
from crm_app.core.mail.smtp import MailDelayed, MailRefused, Server, compose, hand_over, server_of
from crm_app.core.queue import enqueue
from crm_app.core.sql import Row, fetch_one, run

log = structlog.get_logger(__name__)

DELIVER_JOB = "mail.deliver"
MOST_ATTEMPTS = 12
FIRST_DELAY = timedelta(seconds=15)
LONGEST_DELAY = timedelta(hours=1)
WHOLE_SECONDS = 150.0
"""How long handing over one letter may take in all."""
LEASE = timedelta(minutes=5)
"""For so long a letter belongs to the process that has begun to send it; longer than handing over can take."""

Mode = Literal["smtp", "outbox", "off"]

_CLAIM = """
UPDATE outbound_mail SET status = 'sending', attempts = attempts + 1, claimed_at = %(now)s
WHERE id = %(id)s AND (status = 'waiting' OR status = 'sending' AND claimed_at < %(stale)s)
RETURNING id, kind, recipient, subject, key_id, content, attempts, created_at, useful_until"""
_STANDING = "SELECT status, claimed_at FROM outbound_mail WHERE id = %(id)s"
_SETTLE = """
UPDATE outbound_mail SET status = %(status)s::text, error = %(error)s, claimed_at = NULL, done_at = %(done_at)s,
    content = CASE WHEN %(status)s::text = 'sent' THEN NULL ELSE content END
WHERE id = %(id)s"""


class MailOff(Unavailable):
    """This installation has no mail server, and it is not the demo: nothing can be sent."""

    code = "mail_off"
    key = "errors.mail.off"


class DeliverLater(Exception):
    """The letter is not delivered yet: run the job again after `delay`."""

    def __init__(self, delay: timedelta, reason: str) -> None:
        super().__init__(reason)
        self.delay = delay


def mail_mode() -> Mode:
    """Tell what becomes of letters: sent over SMTP, shown in the demo's outbox, or none at all."""
    settings = get_settings()
    if settings.smtp_url is not None:
        return "smtp"
    return "outbox" if settings.shows_outbox else "off"


async def send_mail(session: AsyncSession, letter: Letter, *, organization_id: UUID | None = None) -> UUID:
    """Write a letter down, and the job that delivers it, in the session's own transaction. Returns its id.

    `organization_id` is the tenant of the transaction where an organization writes; None for letters about a
    person's own account. Raises `MailOff`.
    """
    mode = mail_mode()
    if mode == "off":
        raise MailOff
    mail_id, rendered = new_id(), render(letter)
    sealed = get_sealer().seal(
        json.dumps({"text": rendered.text, "html": rendered.html}).encode(), context=_context(mail_id)
    )
    session.add(
        OutboundMail(
            id=mail_id,
            organization_id=organization_id,
            kind=letter.kind,
            recipient=letter.to,
            subject=rendered.subject[:300],
            key_id=sealed.key_id,
            content=sealed.data,
            status=MailStatus.WAITING if mode == "smtp" else MailStatus.KEPT,
            useful_until=utc_now() + letter.useful_for,
        )
    )
    await session.flush()
    if mode == "smtp":
        await enqueue_delivery(session, mail_id, organization_id)
    return mail_id


async def enqueue_delivery(session: AsyncSession, mail_id: UUID, organization_id: UUID | None) -> None:
    """Have a letter delivered; one that an organization writes waits with it when it does no work."""
    about: dict[str, Any] = {"organization_id": organization_id} if organization_id else {}
    await enqueue(session, DELIVER_JOB, lock=f"mail:{mail_id}", mail_id=mail_id, **about)


def _context(mail_id: UUID) -> str:
    return f"mail:{mail_id}"


def open_content(mail_id: UUID, key_id: str, content: bytes) -> dict[str, str]:
    """Return the sealed words of a letter, `{"text", "html"}`. Raises `SealBroken`."""
    words: dict[str, str] = json.loads(get_sealer().open(Sealed(key_id, content), context=_context(mail_id)))
    return words


async def deliver_mail(mail_id: UUID) -> None:
    """Hand a letter to the mail server; nothing happens when that is done already.

    Raises `DeliverLater` when it did not work this time. After the last attempt, a refusal, or when it has become
    pointless, the letter stays as `failed` with the reason.
    """
    server = server_of(get_settings())
    claimed = await _claim(mail_id) if server else None
    if server is None or claimed is None:
        return
    try:
        if claimed["useful_until"] <= utc_now():
            raise MailRefused("expired")
        async with asyncio.timeout(WHOLE_SECONDS):
            await hand_over(server, _message(claimed))
    except (MailDelayed, TimeoutError) as reason:
        await _delay(claimed, str(reason) or "timeout", server)
    except MailRefused as reason:
        log.warning("mail given up", mail_id=str(mail_id), kind=claimed["kind"], reason=str(reason))
        await _settle(mail_id, MailStatus.FAILED, str(reason), utc_now())
    else:
        await _settle(mail_id, MailStatus.SENT, "", utc_now())
        log.info("mail sent", mail_id=str(mail_id), kind=claimed["kind"])


async def _claim(mail_id: UUID) -> Row | None:
    now = utc_now()
    async with system_unit_of_work() as session:
        await set_scope(session, "mail_id", str(mail_id))
        claimed = await fetch_one(session, _CLAIM, {"id": mail_id, "now": now, "stale": now - LEASE})
        standing = None if claimed else await fetch_one(session, _STANDING, {"id": mail_id})
    if standing and standing["status"] == MailStatus.SENDING:
        # Another process is at it, or died at it: only its lease's end tells which.
        raise DeliverLater(standing["claimed_at"] + LEASE - now, "in other hands")
    return claimed


def _message(claimed: Row) -> EmailMessage:
    try:
        words = open_content(claimed["id"], claimed["key_id"], bytes(claimed["content"]))
        return compose(
            Rendered(claimed["subject"], words["text"], words["html"]),
            sender=get_settings().mail_from,
            to=claimed["recipient"],
            message_id=str(claimed["id"]),
            at=claimed["created_at"],
        )
    except SealBroken as broken:
        raise MailRefused("sealed with a key that is gone") from broken
    except (ValueError, IndexError, MessageError) as bad:
        raise MailRefused("the address cannot be written to") from bad


async def _delay(claimed: Row, reason: str, server: Server) -> None:
    last = claimed["attempts"] >= MOST_ATTEMPTS
    log.warning(
        "mail not sent", mail_id=str(claimed["id"]), attempt=claimed["attempts"], host=server.host, reason=reason
    )
    if last:
        await _settle(claimed["id"], MailStatus.FAILED, reason, utc_now())
        return
    await _settle(claimed["id"], MailStatus.WAITING, reason, None)
    raise DeliverLater(backoff(claimed["attempts"], chance=random.random()), reason)  # noqa: S311


def backoff(attempt: int, *, chance: float) -> timedelta:
    """Return how long to wait after failed attempt number `attempt` (from 1): doubling, spread by `chance`."""
    full: timedelta = min(FIRST_DELAY * (1 << min(max(attempt, 1) - 1, 20)), LONGEST_DELAY)
    return full / 2 + full / 2 * chance


async def _settle(mail_id: UUID, status: MailStatus, error: str, done_at: datetime | None) -> None:
    async with system_unit_of_work() as session:
        await set_scope(session, "mail_id", str(mail_id))
        values = {"id": mail_id, "status": str(status), "error": _storable(error), "done_at": done_at}
        await run(session, _SETTLE, values)


def _storable(words: str) -> str:
    return words.replace("\x00", "").encode("utf-8", "replace").decode()[:300]
