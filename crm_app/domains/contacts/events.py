"""What has happened to contacts."""

from dataclasses import dataclass
from typing import ClassVar
from uuid import UUID

from crm_app.core.events import Fact


@dataclass(frozen=True, slots=True, kw_only=True)
class ContactCreated(Fact):
    """A contact was added, by a person or by a first message."""

    name: ClassVar[str] = "contact.created"
    contact_id: UUID
    version: int = 1


@dataclass(frozen=True, slots=True, kw_only=True)
class ContactUpdated(Fact):
    """Data of a contact changed, including its archiving."""

    name: ClassVar[str] = "contact.updated"
    contact_id: UUID
    version: int


@dataclass(frozen=True, slots=True, kw_only=True)
class ActivityRecorded(Fact):
    """A contact's timeline has a new line."""

    name: ClassVar[str] = "contact.activity"
    contact_id: UUID
    activity_id: UUID
