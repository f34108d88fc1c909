"""What the channel services tell screens, the API and the inbox. Never a credential."""

from datetime import datetime
from uuid import UUID

from pydantic import Field

from crm_app.domains.channels.models import ChannelStatus, InboundStatus
from crm_app.domains.channels.schemas import ChannelEvent, Frozen


class ChannelCreated(Frozen):
    """Told once, at creation. `secret` signs the vendor's webhooks and is never shown again."""

    id: UUID
    webhook_path: str
    secret: str = Field(repr=False)


class ChannelView(Frozen):
    """A channel as a screen or the API may see it: never a credential."""

    id: UUID
    provider: str
    name: str
    address: str
    status: ChannelStatus
    status_detail: str
    status_at: datetime
    webhook_path: str
    failed_events: int
    created_at: datetime
    archived_at: datetime | None = None
    version: int = 1


class ChannelConfiguration(Frozen):
    """What a manager of channels may see of a configuration: `secrets` are names, never values."""

    id: UUID
    name: str
    config: dict[str, str]
    secrets: tuple[str, ...]


class InboundEventView(Frozen):
    """A raw event that waits, failed or was done, for the list on the settings screen. `preview` is plain
    text.
    """

    id: UUID
    channel_id: UUID
    channel_name: str
    provider_event_id: str
    kind: str
    status: InboundStatus
    error: str
    attempts: int
    received_at: datetime
    size: int
    preview: str


class LoadedEvent(Frozen):
    """A raw event with what is needed to process it."""

    id: UUID
    channel_id: UUID
    organization_id: UUID
    provider: str
    kind: str
    received_at: datetime
    attempts: int
    processed: bool
    events: tuple[ChannelEvent, ...]
