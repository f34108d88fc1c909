"""From rows to what screens and the API see. No permission is checked here: callers have done so."""

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

from pydantic import TypeAdapter
from sqlalchemy.ext.asyncio import AsyncSession

from crm_app.core import signing
from crm_app.core.clock import utc_now
from crm_app.core.sql import Row
from crm_app.core.tenancy import Actor
from crm_app.domains.accounts.roles.sights import sight_of_conversations
from crm_app.domains.inbox import files, repository, rules, thread_queries
from crm_app.domains.inbox.models import Attachment, AttachmentStatus, Direction, MessageKind
from crm_app.domains.inbox.schemas import (
    AttachmentView,
    LocationView,
    MessageView,
    PersonView,
    QuotedView,
    ReactionView,
    SharedContactView,
)

MEDIA_LINK = "media"
MEDIA_PATH = "/api/media"
_LINK_STEP = timedelta(hours=12)


def media_link(attachment: Attachment, now: datetime) -> str:
    """Return a signed link to a stored file: good for 12 to 24 hours, and the same all through a half day, so that
    a browser's cache knows it again.
    """
    step = int(_LINK_STEP.total_seconds())
    expires_at = (int(now.timestamp()) // step + 2) * step
    claims = {"o": attachment.organization_id.hex, "a": attachment.id.hex}
    return f"{MEDIA_PATH}/{signing.sign(MEDIA_LINK, claims, expires_at=expires_at)}"


def attachment_view(attachment: Attachment, now: datetime) -> AttachmentView:
    """Return what is shown of a file."""
    stored = attachment.status == AttachmentStatus.STORED
    return AttachmentView(
        id=attachment.id,
        kind=MessageKind(attachment.kind),
        mime_type=attachment.mime_type,
        file_name=attachment.file_name,
        size_bytes=attachment.size_bytes,
        duration_ms=attachment.duration_ms,
        width=attachment.width,
        height=attachment.height,
        status=AttachmentStatus(attachment.status),
        error_key=attachment.error,
        url=media_link(attachment, now) if stored else "",
        inline=stored and files.is_inline(attachment.mime_type),
    )


async def message_views(session: AsyncSession, actor: Actor, rows: Sequence[Row]) -> list[MessageView]:
    """Return the views of message rows (see `thread_queries`), with their files and quotes, in the rows' order."""
    with_files = [row["id"] for row in rows if row["kind"] not in _FILELESS]
    found = await repository.list_attachments(session, actor.organization_id, with_files)
    attachments: dict[UUID, list[Attachment]] = defaultdict(list)
    for attachment in found:
        attachments[attachment.message_id].append(attachment)
    quotes = await _quotes(session, actor, rows)
    now = utc_now()
    dressed = [_dressed(actor, row, attachments.get(row["id"], ()), quotes, now) for row in rows]
    return _views.validate_python(dressed, extra="ignore")


_FILELESS = frozenset({MessageKind.TEXT.value, MessageKind.LOCATION.value, MessageKind.UNSUPPORTED.value})


async def _quotes(session: AsyncSession, actor: Actor, rows: Iterable[Row]) -> dict[tuple[UUID, str], QuotedView]:
    wanted: dict[UUID, set[str]] = defaultdict(set)
    for row in rows:
        if row["reply_to_provider_id"]:
            wanted[row["channel_id"]].add(row["reply_to_provider_id"])
    quotes: dict[tuple[UUID, str], QuotedView] = {}
    sight = sight_of_conversations(actor)
    for channel, ids in wanted.items():
        for row in await thread_queries.list_quoted(
            session, actor.organization_id, channel, sorted(ids), sight=sight
        ):
            quotes[channel, row.provider_message_id] = QuotedView(
                id=row.id,
                direction=Direction(row.direction),
                kind=MessageKind(row.kind),
                author_name=row.author_name or "",
                preview="" if row.revoked_at else rules.preview(row.body),
            )
    return quotes


_LOST_QUOTE = QuotedView(
    id=None, direction=Direction.INBOUND, kind=MessageKind.UNSUPPORTED, author_name="", preview=""
)


def _dressed(
    actor: Actor,
    row: Row,
    attachments: Iterable[Attachment],
    quotes: Mapping[tuple[UUID, str], QuotedView],
    now: datetime,
) -> Row:
    """Return a row with everything that its view has. All rows become views in one go: a thread has hundreds."""
    data, revoked, quoted, author_id = (
        row["data"],
        row["revoked_at"],
        row["reply_to_provider_id"],
        row["author_id"],
    )
    return {
        **row,
        **(_said_beside(data) if data else _NOTHING_BESIDE),
        "body": "" if revoked else row["body"],
        "author": PersonView(id=author_id, name=row["author_name"] or "") if author_id else None,
        "reply_to": quotes.get((row["channel_id"], quoted), _LOST_QUOTE) if quoted else None,
        "attachments": () if revoked else tuple(attachment_view(each, now) for each in attachments),
        "client_key": row["idempotency_key"] or "" if author_id == actor.user_id else "",
    }


def _said_beside(data: Mapping[str, Any]) -> Row:
    """Return what a message carries beside its words."""
    return {
        "from_phone": bool(data.get("from_phone")),
        "sends_at": _moment(data.get("sends_at")),
        "reactions": _reactions(data),
        "location": _location(data),
        "contacts": _contacts(data),
    }


def _contacts(data: Mapping[str, Any]) -> tuple[SharedContactView, ...]:
    shared = data.get("contacts", ())
    return tuple(SharedContactView(name=each["name"], phones=tuple(each["phones"])) for each in shared)


def _reactions(data: Mapping[str, Any]) -> tuple[ReactionView, ...]:
    if not (reactions := data.get("reactions")):
        return ()
    given = sorted(reactions.items(), key=lambda item: str(item[1]["at"]))
    return tuple(ReactionView(emoji=value["emoji"], from_me=who == "me") for who, value in given if value["emoji"])


def _location(data: Mapping[str, Any]) -> LocationView | None:
    found = data.get("location")
    if not found:
        return None
    return LocationView(
        latitude=found["latitude"],
        longitude=found["longitude"],
        name=found.get("name") or "",
        address=found.get("address") or "",
    )


def _moment(value: str | None) -> datetime | None:
    return datetime.fromisoformat(value) if value else None


_NOTHING_BESIDE = _said_beside({})
_views = TypeAdapter(list[MessageView])
