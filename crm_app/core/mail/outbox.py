"""What became of letters: for an organization's own screen, for the demo's outbox, and tidying up."""

import re
from collections.abc import Sequence
from datetime import datetime
from uuid import UUID

from pydantic import BaseModel, ConfigDict
from sqlalchemy.ext.asyncio import AsyncSession

from crm_app.config import get_settings
from crm_app.core.clock import utc_now
from crm_app.core.crypto import SealBroken
from crm_app.core.database import set_scope
from crm_app.core.errors import Conflict, NotFound
from crm_app.core.mail.sending import enqueue_delivery, mail_mode, open_content
from crm_app.core.sql import Row, fetch_all, fetch_one, run
from crm_app.core.tenancy import Actor

_OWN = """
SELECT id, kind, recipient, subject, key_id, content, status, attempts, error, created_at, done_at, useful_until
FROM outbound_mail WHERE organization_id = %(organization_id)s ORDER BY id DESC LIMIT 50"""
_ALL = """
SELECT id, kind, recipient, subject, key_id, content, status, attempts, error, created_at, done_at, useful_until
FROM outbound_mail ORDER BY id DESC LIMIT 50"""
_LOCK = """
SELECT status, content, useful_until FROM outbound_mail
WHERE organization_id = %(organization_id)s AND id = %(id)s FOR UPDATE"""
_AGAIN = """
UPDATE outbound_mail SET status = 'waiting', attempts = 0, error = '', done_at = NULL
WHERE organization_id = %(organization_id)s AND id = %(id)s"""
_FORGET = "DELETE FROM outbound_mail WHERE created_at < now() - interval '7 days'"
"""The row-level policy `upkeep` says the same."""


class MailView(BaseModel):
    """A letter as the outbox shows it; outside the demo without `text`, `html` and `link`, which open accounts."""

    model_config = ConfigDict(frozen=True)

    id: UUID
    kind: str
    recipient: str
    subject: str
    status: str
    attempts: int
    error: str
    created_at: datetime
    done_at: datetime | None
    can_retry: bool
    text: str = ""
    html: str = ""
    link: str = ""


class NotRetriable(Conflict):
    """Only a letter that failed, and whose link still works, can be sent again."""

    code = "mail_not_retriable"
    key = "errors.mail.not_retriable"


def _view(row: Row, *, reveal: bool) -> MailView:
    words = {"text": "", "html": ""}
    if reveal and row["content"] is not None:
        try:
            words = open_content(row["id"], row["key_id"], bytes(row["content"]))
        except SealBroken:
            words = {"text": "", "html": ""}
    link = re.search(r"^https?://\S+$", words["text"], re.MULTILINE)
    shown = {**words, "link": link[0] if link else ""}
    return MailView.model_validate({**row, **shown, "can_retry": _can_retry(row)})


def _can_retry(row: Row) -> bool:
    fresh: bool = row["useful_until"] > utc_now()
    return fresh and row["status"] == "failed" and row["content"] is not None and mail_mode() == "smtp"


async def list_own_mail(session: AsyncSession, actor: Actor) -> Sequence[MailView]:
    """Return the newest letters of the actor's organization; what they say only in the demo.

    Raises `Forbidden`.
    """
    actor.require("organization.manage")
    rows = await fetch_all(session, _OWN, {"organization_id": actor.organization_id})
    return [_view(row, reveal=mail_mode() == "outbox") for row in rows]


async def list_demo_mail(session: AsyncSession) -> Sequence[MailView]:
    """Return the newest letters of everybody, in a transaction without a tenant: the demo's mail server.

    Raises `NotFound` anywhere but in a demo on this very machine (see `Settings.shows_outbox`).
    """
    if not get_settings().shows_outbox:
        raise NotFound(kind="outbox")
    await set_scope(session, "outbox", "on")
    return [_view(row, reveal=True) for row in await fetch_all(session, _ALL, {})]


async def retry_mail(session: AsyncSession, actor: Actor, *, mail_id: UUID) -> None:
    """Send a failed letter of the actor's organization again. Raises `NotFound`, `NotRetriable`, `Forbidden`."""
    actor.require("organization.manage")
    which = {"organization_id": actor.organization_id, "id": mail_id}
    row = await fetch_one(session, _LOCK, which)
    if row is None:
        raise NotFound(kind="mail")
    if not _can_retry(row):
        raise NotRetriable
    await run(session, _AGAIN, which)
    await enqueue_delivery(session, mail_id, actor.organization_id)


async def forget_old_mail(session: AsyncSession) -> int:
    """Remove letters older than a week, of everybody; returns how many. Runs without a tenant."""
    await set_scope(session, "mail_upkeep", "on")
    return await run(session, _FORGET, {})
