"""What the phone's screen shows and sends."""

from datetime import datetime
from uuid import UUID

from pydantic import Field

from crm_app.domains.channels.schemas import Frozen, MediaKind


class PhoneView(Frozen):
    """One pretended customer and how they behave."""

    id: UUID
    channel_id: UUID
    number: str
    name: str
    reads: bool  # False: "não lê" (ticks stay grey)
    reachable: bool  # False: "fora de área" (one tick until back)
    script: str  # key of the script that plays, "" when a person plays
    unread: int  # messages of the business that were not read
    last_body: str
    last_at: datetime


class PhoneMessage(Frozen):
    """One bubble on the phone. `state` is the business' tick on the customer's own messages: sent or read."""

    id: UUID
    from_customer: bool
    kind: str  # text, or a MediaKind
    body: str
    state: str
    mime_type: str
    file_name: str
    size_bytes: int
    duration_ms: int | None
    reply_to: str
    at: datetime


class PhoneFile(Frozen):
    """A file that the customer sends."""

    kind: MediaKind
    mime_type: str = Field(max_length=120)
    file_name: str = Field(max_length=200)
    data: bytes = Field(repr=False, max_length=16 * 1024 * 1024)
    duration_ms: int | None = None


class StoredFile(Frozen):
    """A file of a message, for showing it on the phone."""

    data: bytes = Field(repr=False)
    mime_type: str
    file_name: str


class ScriptView(Frozen):
    """A scripted customer that can be asked to start a conversation."""

    key: str
    name: str
    number: str
    topic: str  # catalogue key
