"""What happens on a simulated phone, for the screen that shows it."""

from dataclasses import dataclass
from typing import ClassVar
from uuid import UUID

from crm_app.core.events import Fact


@dataclass(frozen=True, slots=True, kw_only=True)
class SimulatorChanged(Fact):
    """A phone got a message or a tick, or its switches changed: read it again."""

    name: ClassVar[str] = "simulator.changed"
    channel_id: UUID
    phone_id: UUID


@dataclass(frozen=True, slots=True, kw_only=True)
class SimulatorTyping(Fact):
    """The business types to this phone, or stopped."""

    name: ClassVar[str] = "simulator.typing"
    channel_id: UUID
    phone_id: UUID
    active: bool
