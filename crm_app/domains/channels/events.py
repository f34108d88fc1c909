"""What happens to channels, told to screens and to other domains."""

from dataclasses import dataclass
from typing import ClassVar
from uuid import UUID

from crm_app.core.events import Fact


@dataclass(frozen=True, slots=True, kw_only=True)
class ChannelStatusChanged(Fact):
    """The connection of a channel changed."""

    name: ClassVar[str] = "channel.status"
    channel_id: UUID
    channel_name: str
    status: str


@dataclass(frozen=True, slots=True, kw_only=True)
class ChannelChanged(Fact):
    """A channel was created, renamed, reconfigured, archived, or got a new secret."""

    name: ClassVar[str] = "channel.updated"
    channel_id: UUID


@dataclass(frozen=True, slots=True, kw_only=True)
class InboundEventFailed(Fact):
    """A raw event could not be understood; it waits on the settings screen."""

    name: ClassVar[str] = "channel.event_failed"
    channel_id: UUID
    event_id: UUID


@dataclass(frozen=True, slots=True, kw_only=True)
class InboundEventIgnored(Fact):
    """A message was left out on purpose (a group's); it can be found on the settings screen."""

    name: ClassVar[str] = "inbound_event.ignored"
    channel_id: UUID
    event_id: UUID
