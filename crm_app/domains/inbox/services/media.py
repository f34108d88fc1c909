"""Files: uploads that wait for their message, and files of customers that are fetched from the vendor."""

from dataclasses import dataclass
from typing import Any
from uuid import UUID

from pydantic import ValidationError
from sqlalchemy.ext.asyncio import AsyncSession

from crm_app.core import signing, storage
from crm_app.core.clock import utc_now

# lint-skip: transaction (the download runs between two transactions)
from crm_app.core.database import unit_of_work
from crm_app.core.errors import CrmError, NotFound
from crm_app.core.queue import enqueue
from crm_app.core.tenancy import Actor
from crm_app.domains.accounts.permissions import system_actor
from crm_app.domains.accounts.service import audit
from crm_app.domains.channels import service as channels
from crm_app.domains.channels.providers.base import ActionRequired, Rejected
from crm_app.domains.channels.schemas import FetchedMedia, MediaDescriptor
from crm_app.domains.inbox import files, fresh_files, repository
from crm_app.domains.inbox.errors import FileRefused, NotFailed, UploadExpired
from crm_app.domains.inbox.models import Attachment, AttachmentStatus, Message, MessageKind
from crm_app.domains.inbox.schemas import UploadView
from crm_app.domains.inbox.services.access import access_to_write
from crm_app.domains.inbox.services.placing import tell_changed
from crm_app.domains.inbox.services.thread import get_message
from crm_app.domains.inbox.services.views import MEDIA_LINK

FETCH_JOB = "inbox.fetch_attachment"
MAX_UPLOAD_BYTES = 25 * 1024 * 1024
UPLOAD_SECONDS = 24 * 3600
_UPLOAD = "upload"


@dataclass(frozen=True, slots=True)
class Upload:
    """A file in our storage that waits for its message; `size` in bytes."""

    key: str
    sha256: str
    size: int
    mime_type: str
    kind: MessageKind
    file_name: str
    width: int | None = None
    height: int | None = None


async def store_upload(
    session: AsyncSession,
    actor: Actor,
    *,
    file_name: str,
    data: bytes,
    declared: str = "",
) -> UploadView:
    """Keep an uploaded file for a message to come; what it is is read from its bytes, `declared` is only a hint.

    Permission `messages.send`. Raises `FileRefused` when it is empty or too large, `Unavailable`.
    """
    actor.require("messages.send")
    if not 0 < len(data) <= MAX_UPLOAD_BYTES:
        raise FileRefused(field="file", limit=MAX_UPLOAD_BYTES)
    nature = files.sniff(data, declared=declared)
    stored = await _put(session, actor, data)
    name = files.safe_name(file_name, nature.kind.value)
    claims: dict[str, Any] = {
        "o": actor.organization_id.hex,
        "u": actor.user_id.hex if actor.user_id else "",
        "k": stored.key,
        "h": stored.sha256,
        "s": stored.size,
        "m": nature.mime_type,
        "n": name,
        "d": files.picture_size(data, nature.mime_type),
    }
    expires_at = int(utc_now().timestamp()) + UPLOAD_SECONDS
    token = signing.sign(_UPLOAD, claims, expires_at=expires_at)
    return UploadView(
        token=token, kind=nature.kind, mime_type=nature.mime_type, file_name=name, size_bytes=stored.size
    )


async def _put(session: AsyncSession, actor: Actor, data: bytes) -> storage.Stored:
    """Store a file while nobody may remove it; the row that holds it outlives the transaction by a day."""
    await fresh_files.hold(session, actor.organization_id, [storage.place_of(actor.organization_id, data).key])
    return await storage.put(actor.organization_id, data)


def open_upload(actor: Actor, token: str) -> Upload:
    """Return the file behind an upload's token. Raises `UploadExpired`, also for somebody else's."""
    claims = signing.verify(_UPLOAD, token)
    user = actor.user_id.hex if actor.user_id else ""
    if claims is None or claims["o"] != actor.organization_id.hex or claims["u"] != user:
        raise UploadExpired(field="attachments")
    width, height = claims.get("d") or (None, None)
    return Upload(
        key=claims["k"],
        sha256=claims["h"],
        size=claims["s"],
        mime_type=claims["m"],
        kind=files.kind_of(claims["m"]),
        file_name=claims["n"],
        width=width,
        height=height,
    )


@dataclass(frozen=True, slots=True)
class LinkedFile:
    """A file that a signed link opens."""

    storage_key: str
    sha256: str
    mime_type: str
    file_name: str
    size_bytes: int
    inline: bool


async def access_linked_file(token: str) -> LinkedFile:
    """Return the file that a signed link names; the signature is the permission. Raises `NotFound`."""
    claims = signing.verify(MEDIA_LINK, token)
    if claims is None:
        raise NotFound(kind="file")
    organization_id, attachment_id = UUID(hex=claims["o"]), UUID(hex=claims["a"])
    async with unit_of_work(system_actor(organization_id)) as session:
        attachment = await session.get(Attachment, (organization_id, attachment_id))
    if attachment is None or attachment.status != AttachmentStatus.STORED:
        raise NotFound(kind="file")
    return LinkedFile(
        storage_key=attachment.storage_key,
        sha256=attachment.sha256,
        mime_type=attachment.mime_type,
        file_name=attachment.file_name,
        size_bytes=attachment.size_bytes,
        inline=files.is_inline(attachment.mime_type),
    )


# --- files of customers ---------------------------------------------------------------------------------


async def expect_file(session: AsyncSession, message: Message, media: MediaDescriptor) -> None:
    """Add the file of a message that has just come in, and the job that brings it home."""
    attachment = Attachment(
        organization_id=message.organization_id,
        message_id=message.id,
        kind=message.kind,
        mime_type=media.mime_type[:120],
        file_name=files.safe_name(media.filename or ""),
        size_bytes=max(0, min(media.size or 0, 2**31 - 1)),
        duration_ms=_milliseconds(media.duration_seconds),
        remote=media.model_dump(mode="json"),
    )
    if not media.available:
        attachment.status, attachment.error = AttachmentStatus.FAILED, "errors.inbox.file_unavailable"
    session.add(attachment)
    await session.flush()
    if media.available:
        await _enqueue_fetch(session, attachment)


def _milliseconds(seconds: float | None) -> int | None:
    return int(seconds * 1000) if seconds is not None and 0 <= seconds < 1_000_000 else None


async def _enqueue_fetch(session: AsyncSession, attachment: Attachment) -> None:
    await enqueue(
        session,
        FETCH_JOB,
        organization_id=attachment.organization_id,
        attachment_id=attachment.id,
    )


async def fetch_attachment(actor: Actor, *, attachment_id: UUID, last_try: bool) -> None:
    """Bring a customer's file home from the vendor. Done before, or message gone: nothing happens.

    Raises what the vendor or the storage raised when it is worth another try; on the last try, and when the vendor
    will never give it, the file is marked as failed, to be replayed by a person.
    """
    async with unit_of_work(actor) as session:
        attachment = await repository.lock_attachment(session, actor.organization_id, attachment_id)
        if attachment is None or attachment.status == AttachmentStatus.STORED:
            return
        message = await session.get_one(Message, (actor.organization_id, attachment.message_id))
        opened = await channels.open_provider(session, actor, channel_id=message.channel_id)
        remote = MediaDescriptor.model_validate(attachment.remote)
    try:
        fetched = await opened.connection.fetch_media(remote)
        await _keep(actor, attachment_id, remote, fetched)
    except (Rejected, ActionRequired) as refused:
        await _give_up(actor, attachment_id, refused.key)
    except (CrmError, ValidationError, OSError) as failure:
        if not last_try:
            raise
        await _give_up(actor, attachment_id, getattr(failure, "key", "errors.inbox.file_unavailable"))


async def _keep(actor: Actor, attachment_id: UUID, remote: MediaDescriptor, fetched: FetchedMedia) -> None:
    nature = files.sniff(fetched.data, declared=fetched.mime_type or remote.mime_type)
    async with unit_of_work(actor) as session:
        stored = await _put(session, actor, fetched.data)
        attachment = await repository.lock_attachment(session, actor.organization_id, attachment_id)
        if attachment is None:
            return
        attachment.mime_type, attachment.kind = nature.mime_type, nature.kind
        attachment.storage_key, attachment.sha256, attachment.size_bytes = stored.key, stored.sha256, stored.size
        attachment.width, attachment.height = files.picture_size(fetched.data, nature.mime_type) or (None, None)
        attachment.file_name = attachment.file_name or files.safe_name(fetched.filename or "")
        attachment.status, attachment.error = AttachmentStatus.STORED, ""
        await session.flush()
        tell_changed(session, await session.get_one(Message, (actor.organization_id, attachment.message_id)))


async def _give_up(actor: Actor, attachment_id: UUID, error_key: str) -> None:
    async with unit_of_work(actor) as session:
        attachment = await repository.lock_attachment(session, actor.organization_id, attachment_id)
        if attachment is None or attachment.status == AttachmentStatus.STORED:
            return
        attachment.status, attachment.error = AttachmentStatus.FAILED, error_key[:300]
        await session.flush()
        tell_changed(session, await session.get_one(Message, (actor.organization_id, attachment.message_id)))


async def replay_attachment(session: AsyncSession, actor: Actor, *, attachment_id: UUID) -> None:
    """Try again to fetch a file whose download was given up.

    Permission `messages.send`. Raises `NotFound`, `NotFailed`.
    """
    actor.require("messages.send")
    attachment = await repository.lock_attachment(session, actor.organization_id, attachment_id)
    if attachment is None:
        raise NotFound(kind="attachment")
    message = await get_message(session, actor, message_id=attachment.message_id)
    await access_to_write(session, actor, message.conversation_id)
    if attachment.status != AttachmentStatus.FAILED or not attachment.remote:
        raise NotFailed
    attachment.status, attachment.error = AttachmentStatus.PENDING, ""
    attachment.remote = {**attachment.remote, "available": True}
    await session.flush()
    await _enqueue_fetch(session, attachment)
    await audit(session, actor, "attachment.replay", "attachment", attachment.id)
    tell_changed(session, await session.get_one(Message, (actor.organization_id, attachment.message_id)))
