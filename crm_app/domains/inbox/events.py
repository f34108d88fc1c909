"""What has happened in the inbox, told after commit to subscribers and screens. Ids only, never a text."""

from dataclasses import dataclass
from typing import ClassVar
from uuid import UUID

from crm_app.core.events import Fact


@dataclass(frozen=True, slots=True, kw_only=True)
class _AboutConversation(Fact):
    conversation_id: UUID
    contact_id: UUID
    channel_id: UUID
    assignee_id: UUID | None


@dataclass(frozen=True, slots=True, kw_only=True)
class MessageReceived(_AboutConversation):
    """A customer wrote."""

    name: ClassVar[str] = "message.received"
    message_id: UUID


@dataclass(frozen=True, slots=True, kw_only=True)
class MessageCreated(_AboutConversation):
    """A message of any direction entered a thread (`direction`: in, out, note)."""

    name: ClassVar[str] = "message.created"
    message_id: UUID
    direction: str
    author_id: UUID | None


@dataclass(frozen=True, slots=True, kw_only=True)
class MessageStatusChanged(Fact):
    """A message came further, failed, or waits again."""

    name: ClassVar[str] = "message.status"
    conversation_id: UUID
    message_id: UUID
    status: str


@dataclass(frozen=True, slots=True, kw_only=True)
class MessageUpdated(Fact):
    """A message looks different: edited, revoked, reacted to, its file arrived or was given up."""

    name: ClassVar[str] = "message.updated"
    conversation_id: UUID
    message_id: UUID


@dataclass(frozen=True, slots=True, kw_only=True)
class MessageRemoved(Fact):
    """A message left its thread: sending was undone, or it turned out to be another row's echo."""

    name: ClassVar[str] = "message.removed"
    conversation_id: UUID
    message_id: UUID


@dataclass(frozen=True, slots=True, kw_only=True)
class ConversationCreated(_AboutConversation):
    """A customer was talked to on a channel for the first time."""

    name: ClassVar[str] = "conversation.created"


@dataclass(frozen=True, slots=True, kw_only=True)
class ConversationUpdated(_AboutConversation):
    """Status, assignee, unread count or the last message changed; `version` orders the changes."""

    name: ClassVar[str] = "conversation.updated"
    version: int


@dataclass(frozen=True, slots=True, kw_only=True)
class TypingSeen(Fact):
    """Somebody composes: a colleague (`user_id` and `user_name`) or the customer (neither). Not stored."""

    name: ClassVar[str] = "typing"
    conversation_id: UUID
    user_id: UUID | None
    user_name: str
    active: bool
    recording: bool
