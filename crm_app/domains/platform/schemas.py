"""What crosses from the platform into its screens: figures and names, and nothing that anybody wrote."""

from datetime import date, datetime
from typing import Any
from uuid import UUID

from crm_app.domains.accounts.schemas import View


class OrganizationLine(View):
    """An organization in the list. `messages` are those of its month so far."""

    id: UUID
    name: str
    slug: str
    state: str
    state_since: datetime
    created_at: datetime
    members: int
    channels: int
    messages: int
    last_activity: datetime | None


class OwnerLine(View):
    """Somebody whom to contact."""

    name: str
    email: str
    last_seen_at: datetime | None


class StepLine(View):
    """A step of an organization's life; `by_name` is empty when it came about by itself."""

    created_at: datetime
    before: str
    after: str
    reason: str
    by_name: str


class OrganizationSheet(View):
    """Everything that the platform knows about one organization. `waiting` are jobs, `choices` possible states."""

    id: UUID
    name: str
    slug: str
    state: str
    state_since: datetime
    state_reason: str
    created_at: datetime
    time_zone: str
    currency: str
    locale: str
    members: int
    channels: int
    messages_in: int
    messages_out: int
    last_activity: datetime | None
    contacts: int
    deals: int
    stored_bytes: int
    failed_messages: int
    failed_events: int
    waiting: int
    owners: tuple[OwnerLine, ...] = ()
    steps: tuple[StepLine, ...] = ()
    choices: tuple[str, ...] = ()


class UsageLine(View):
    """What one organization has used in a month; `previous` are the messages of the month before."""

    id: UUID
    name: str
    state: str
    members: int
    channels: int
    messages_in: int
    messages_out: int
    previous: int

    @property
    def messages(self) -> int:
        """All messages of the month."""
        return self.messages_in + self.messages_out


class Usage(View):
    """What all organizations have used in a month, the busiest first, and how many stand in each state."""

    month: date
    organizations: int
    members: int
    channels: int
    messages_in: int
    messages_out: int
    previous: int
    states: dict[str, int]
    lines: tuple[UsageLine, ...]


class CheckLine(View):
    """One thing that the house stands on: what was found, and what to do, as keys that `data` fills."""

    name: str
    ok: bool
    key: str
    remedy_key: str
    data: dict[str, Any]


class Health(View):
    """How the house is: its checks, its queue, and what could not be delivered or understood."""

    checks: tuple[CheckLine, ...]
    jobs: dict[str, int]
    lag_seconds: float
    workers: int
    scheduled: bool
    waiting: int
    failed_messages: int
    failed_events: int


class PlatformEntryView(View):
    """One line of the platform's record."""

    id: UUID
    created_at: datetime
    user_name: str
    action: str
    concerns: UUID | None
    organization: str
    before: dict[str, Any] | None
    after: dict[str, Any] | None
    ip: str
    trace_id: str
