"""The open conversation: its messages, what is sent into it, and who else is writing."""

from typing import Annotated, Any
from uuid import UUID

import reflex as rx
from pydantic import BaseModel, ConfigDict, Field, ValidationError

from crm_app.config import get_settings
from crm_app.core.clock import utc_now
from crm_app.core.errors import CrmError, NotFound
from crm_app.domains.accounts.roles.reassign_lock import may_hand_over
from crm_app.domains.inbox import service
from crm_app.domains.inbox.schemas import MAX_ATTACHMENTS, MAX_BODY, IdempotencyKey, MessageView
from crm_app.pages.base import PageState, handler, notify
from crm_app.pages.inbox.rows import (
    NO_HEAD,
    NOTHING_BACK,
    GivenBack,
    HeadRow,
    MessageRow,
    head_row,
    mark_days,
    message_row,
    plain,
    put_message,
)
from crm_app.pages.inbox.state_contact import ContactState
from crm_app.pages.inbox.state_list import InboxState
from crm_app.pages.routes import INBOX
from crm_app.pages.session.state import Session

WINDOW = 50
MOST_LIVE = 100
"""Bubbles in the live part of a thread; what is older moves to the part that changes seldom."""
REMEMBERED = 40


class Draft(BaseModel):
    """What the composer hands over. `key` is its own and comes back with the message."""

    model_config = ConfigDict(extra="ignore")

    key: IdempotencyKey
    conversation: UUID
    text: Annotated[str, Field(max_length=MAX_BODY)] = ""
    note: bool = False
    attachments: Annotated[list[str], Field(max_length=MAX_ATTACHMENTS)] = []
    reply_to: UUID | None = None


class Refusal(BaseModel):
    """Why a draft was not taken; `error` is a catalogue key."""

    key: str
    error: str


class ThreadState(PageState, rx.State):
    """One conversation. `messages` is the live end, `older` what scrolling up has brought."""

    open_id: str = ""
    head: HeadRow = NO_HEAD
    older: list[MessageRow] = []
    messages: list[MessageRow] = []
    has_older: bool = False
    missing: bool = False
    confirmed: list[str] = []
    given_back: GivenBack = NOTHING_BACK
    refused: list[dict[str, str]] = []
    customer_typing: str = ""
    customer_recording: bool = False
    colleague: str = ""
    colleague_typing: str = ""
    _older_cursor: str | None = None

    @handler("conversations.read")
    async def open_from_address(self) -> Any:
        """Open the conversation that the page's address names, or none."""
        return ThreadState.open(self.router.url.path.removeprefix(INBOX).strip("/"))

    @handler("conversations.read", supersedes=True)
    async def open(self, conversation_id: str) -> Any:
        """Show the end of a conversation; an empty id closes it."""
        wanted, self.given_back = _uuid(conversation_id), NOTHING_BACK
        if wanted is None:
            self._clear(missing=bool(conversation_id))
            return ContactState.show("")
        try:
            async with self._work() as (session, actor):
                head = await service.get_conversation(session, actor, conversation_id=wanted)
                thread = await service.get_thread(session, actor, conversation_id=wanted, limit=WINDOW)
        except NotFound:
            self._clear(missing=True)
            return ContactState.show("")
        if self.open_id != str(wanted):
            self._clear()
        zone = await self._zone()
        self.open_id, self.head = str(wanted), head_row(head)
        self.older = []
        self.messages = mark_days([message_row(message) for message in thread.items], zone)
        self._older_cursor, self.has_older = thread.older, thread.older is not None
        self._watch("message.", "typing", "conversation.updated", conversation_id=str(wanted))
        return ContactState.show(str(head.contact_id))

    def _clear(self, *, missing: bool = False) -> None:
        self.open_id, self.head, self.missing = "", NO_HEAD, missing
        self.older, self.messages, self.has_older, self._older_cursor = [], [], False, None
        self.customer_typing = self.colleague_typing = self.colleague = ""

    async def _zone(self) -> str:
        session = await self.get_state(Session)
        return session.time_zone

    @handler("conversations.read")
    async def load_older(self) -> None:
        """Put the window before the first bubble above it."""
        wanted = _uuid(self.open_id)
        if wanted is None or self._older_cursor is None:
            return
        async with self._work() as (session, actor):
            thread = await service.get_thread(
                session, actor, conversation_id=wanted, before=self._older_cursor, limit=WINDOW
            )
        await self._arrange([*(message_row(message) for message in thread.items), *plain(self.older)])
        self._older_cursor, self.has_older = thread.older, thread.older is not None

    async def _arrange(self, older: list[MessageRow], messages: list[MessageRow] | None = None) -> None:
        """Assign both parts with their day separators; the live part is kept short."""
        live = list(plain(self.messages)) if messages is None else messages
        spare = max(0, len(live) - MOST_LIVE)
        split = len(older) + spare
        marked = mark_days([*older, *live], await self._zone())
        if marked[:split] != plain(self.older):
            self.older = marked[:split]
        if marked[split:] != plain(self.messages):
            self.messages = marked[split:]

    @handler("conversations.read")
    async def forget_older(self) -> None:
        """Let go of what scrolling up has brought, once the reader is back at the end."""
        if not self.older or len(self.older) + len(self.messages) <= MOST_LIVE:
            return None
        return await self._reload_end()

    async def _reload_end(self) -> None:
        wanted = _uuid(self.open_id)
        if wanted is None:
            return
        async with self._work() as (session, actor):
            head = await service.get_conversation(session, actor, conversation_id=wanted)
            thread = await service.get_thread(session, actor, conversation_id=wanted, limit=WINDOW)
        self.head = head_row(head)
        self._older_cursor, self.has_older = thread.older, thread.older is not None
        await self._arrange([], [message_row(message) for message in thread.items])

    @handler("conversations.read")
    async def catch_up(self) -> Any:
        """Read the end of the thread and the list again: the connection was away for a while."""
        await self._reload_end()
        return InboxState.load

    @handler("conversations.read")
    async def unfold(self, message_id: str) -> None:
        """Show a long text whole."""
        wanted = _uuid(message_id)
        if wanted is None:
            return
        async with self._work() as (session, actor):
            message = await service.get_message(session, actor, message_id=wanted)
        if str(message.conversation_id) == self.open_id:
            await self._put(message_row(message, whole=True))

    @handler("messages.send")
    async def deliver(self, draft: dict[str, Any]) -> None:
        """Send a message or write a note. The draft's key makes a repetition harmless."""
        try:
            wanted = Draft.model_validate(draft)
        except ValidationError:
            self._refuse(str(draft.get("key", ""))[:80] if isinstance(draft, dict) else "", "errors.invalid")
            return
        try:
            async with self._work() as (session, actor):
                message = await _write(session, actor, wanted)
        except CrmError as error:
            self._refuse(wanted.key, error.key)
            return
        self.confirmed = [*plain(self.confirmed), wanted.key][-REMEMBERED:]
        if str(message.conversation_id) == self.open_id:
            await self._put(message_row(message))

    def _refuse(self, key: str, error: str) -> None:
        others = [known for known in plain(self.refused) if known["key"] != key]
        self.refused = [*others, Refusal(key=key, error=error).model_dump()][-REMEMBERED:]

    async def _put(self, row: MessageRow) -> None:
        older, live = list(plain(self.older)), list(plain(self.messages))
        if any(known["id"] == row["id"] for known in older):
            await self._arrange(put_message(older, row, append=False), live)
        else:
            await self._arrange(older, put_message(live, row, append=True))

    @handler("messages.send", quiet=True)
    async def tell_typing(self, conversation_id: str) -> None:
        """Let colleagues and the customer know that an answer is being written."""
        wanted = _uuid(conversation_id)
        if wanted is None:
            return
        async with self._work() as (session, actor):
            await service.announce_typing(session, actor, conversation_id=wanted)

    @handler("messages.send", quiet=True)
    async def mark_seen(self, conversation_id: str) -> None:
        """The newest message stands before somebody's eyes."""
        wanted = _uuid(conversation_id)
        if wanted is None or conversation_id != self.open_id or not self.head["unread"]:
            return
        async with self._work() as (session, actor):
            await service.mark_read(session, actor, conversation_id=wanted)
        self.head = {**plain(self.head), "unread": 0}

    @handler("messages.send")
    async def mark_unread(self) -> Any:
        """Make the open conversation stand out in the list again, and leave it."""
        wanted = _uuid(self.open_id)
        if wanted is None:
            return None
        async with self._work() as (session, actor):
            await service.mark_unread(session, actor, conversation_id=wanted)
        self._clear()
        return [notify("inbox.done.unread", tone="info"), rx.redirect(INBOX, replace=True)]

    @handler("messages.send")
    async def assign(self, conversation_id: str, user_id: str) -> Any:
        """Give a conversation to a colleague, or back to the queue with an empty id."""
        wanted = _uuid(conversation_id)
        if wanted is None:
            return None
        async with self._work() as (session, actor):
            before = await service.get_conversation(session, actor, conversation_id=wanted)
            detail = await service.assign_conversation(
                session, actor, conversation_id=wanted, user_id=_uuid(user_id)
            )
        self._show_head(detail)
        owner = before.assignee.id if before.assignee else None
        back = may_hand_over(actor, "conversations", _uuid(user_id), owner)
        undo = ThreadState.assign(conversation_id, str(owner or "")) if back else None
        if detail.assignee is None:
            return notify("inbox.done.queued", undo=undo)
        return notify("inbox.done.assigned", undo=undo, name=detail.assignee.name)

    @handler("messages.send")
    async def resolve(self, conversation_id: str) -> Any:
        """Mark as done, with a way back."""
        wanted = _uuid(conversation_id)
        if wanted is None:
            return None
        async with self._work() as (session, actor):
            detail = await service.resolve_conversation(session, actor, conversation_id=wanted)
        self._show_head(detail)
        return notify("inbox.done.resolved", undo=ThreadState.reopen(conversation_id), name=detail.contact_name)

    @handler("messages.send")
    async def reopen(self, conversation_id: str) -> Any:
        """Open a resolved conversation."""
        wanted = _uuid(conversation_id)
        if wanted is None:
            return None
        async with self._work() as (session, actor):
            detail = await service.reopen_conversation(session, actor, conversation_id=wanted)
        self._show_head(detail)
        return notify("inbox.done.reopened", tone="info", name=detail.contact_name)

    def _show_head(self, detail: Any) -> None:
        if str(detail.id) == self.open_id:
            self.head = head_row(detail)

    @handler("messages.send")
    async def retry(self, message_id: str) -> Any:
        """Send a message again that did not leave."""
        wanted = _uuid(message_id)
        if wanted is None:
            return None
        async with self._work() as (session, actor):
            message = await service.replay_message(session, actor, message_id=wanted)
        await self._put(message_row(message))
        return notify("inbox.done.retried", tone="info")

    @handler("messages.send")
    async def undo(self, message_id: str) -> None:
        """Take back a message that still waits for its moment; its words return to the composer."""
        wanted = _uuid(message_id)
        if wanted is None:
            return
        async with self._work() as (session, actor):
            words = await service.undo_send(session, actor, message_id=wanted)
        await self._remove(str(wanted))
        self.given_back = {"id": str(wanted), "conversation": self.open_id, "text": words}

    @handler("messages.send")
    async def fetch_file(self, attachment_id: str) -> None:
        """Try again to bring a file home."""
        wanted = _uuid(attachment_id)
        if wanted is None:
            return
        async with self._work() as (session, actor):
            await service.replay_attachment(session, actor, attachment_id=wanted)

    async def _on_fact(self, fact: dict[str, Any]) -> None:
        """Something happened in the open conversation: read the message, or the head, that it is about."""
        if str(fact.get("conversation_id", "")) != self.open_id:
            return
        name = fact["name"]
        if name == "typing":
            self._show_typing(fact, await self._own_id())
        elif name == "message.removed":
            await self._remove(str(fact["message_id"]))
        elif name == "conversation.updated":
            await self._refresh_head()
        elif name != "message.received":  # every received message is also a created one
            await self._refresh_message(fact)

    async def _own_id(self) -> str:
        session = await self.get_state(Session)
        return session.user_id

    def _show_typing(self, fact: dict[str, Any], own_id: str) -> None:
        stamp = utc_now().isoformat() if fact.get("active", True) else ""
        author = str(fact.get("user_id") or "")
        if not author or author == "None":
            self.customer_typing, self.customer_recording = stamp, bool(fact.get("recording"))
        elif author != own_id:
            self.colleague, self.colleague_typing = str(fact.get("user_name", "")), stamp

    async def _remove(self, message_id: str) -> None:
        keep = [row for row in plain(self.messages) if row["id"] != message_id]
        await self._arrange([row for row in plain(self.older) if row["id"] != message_id], keep)

    async def _refresh_head(self) -> None:
        try:
            async with self._work() as (session, actor):
                detail = await service.get_conversation(session, actor, conversation_id=UUID(self.open_id))
        except NotFound:  # handed over to somebody out of reach
            self._clear(missing=True)
            (await self.get_state(ContactState))._close()
            return
        head = head_row(detail)
        if head != plain(self.head):
            self.head = head

    async def _refresh_message(self, fact: dict[str, Any]) -> None:
        known = {row["id"] for row in (*plain(self.older), *plain(self.messages))}
        if fact["name"] != "message.created" and str(fact["message_id"]) not in known:
            return
        async with self._work() as (session, actor):
            try:
                message = await service.get_message(session, actor, message_id=UUID(str(fact["message_id"])))
            except NotFound:
                return
        if message.direction == "in":
            self.customer_typing = ""
        await self._put(message_row(message))


async def _write(session: Any, actor: Any, draft: Draft) -> MessageView:
    if draft.note:
        return await service.add_note(
            session, actor, conversation_id=draft.conversation, body=draft.text, idempotency_key=draft.key
        )
    return await service.send_message(
        session,
        actor,
        conversation_id=draft.conversation,
        body=draft.text,
        attachments=draft.attachments,
        reply_to=draft.reply_to,
        idempotency_key=draft.key,
        # Files leave at once: the composer could not be given them back.
        undo_seconds=0 if draft.attachments else get_settings().undo_send_seconds,
    )


def _uuid(text: Any) -> UUID | None:
    try:
        return UUID(str(text))
    except ValueError:
        return None
