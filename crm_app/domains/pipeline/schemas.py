"""What goes into and comes out of the funnel. Money is in cents, times are ISO 8601."""

from datetime import date, datetime
from typing import Annotated
from uuid import UUID

from pydantic import BaseModel, ConfigDict, Field

from crm_app.core.text import LINE
from crm_app.domains.pipeline.rules import MAX_VALUE_CENTS, weighted_cents

PAGE = 20
LARGEST_PAGE = 100


Title = Annotated[str, Field(min_length=1, max_length=200), LINE]
ShortText = Annotated[str, Field(max_length=200), LINE]
Source = Annotated[str, Field(max_length=60), LINE]
Search = Annotated[str, Field(max_length=100), LINE]
PipelineName = Annotated[str, Field(min_length=1, max_length=80), LINE]
StageName = Annotated[str, Field(min_length=1, max_length=60), LINE]
Tag = Annotated[str, Field(min_length=1, max_length=40), LINE]
Version = Annotated[int, Field(ge=1, le=2_147_483_647)]
Cents = Annotated[int, Field(ge=0, le=MAX_VALUE_CENTS)]
CloseDay = Annotated[date, Field(ge=date(2000, 1, 1), le=date(2100, 12, 31))]


class _Input(BaseModel):
    model_config = ConfigDict(extra="forbid")


class DealCreate(_Input):
    """A new deal. Without a stage it goes to the first one, without a pipeline to the default one."""

    title: Title
    value_cents: Cents = 0
    pipeline_id: UUID | None = None
    stage_id: UUID | None = None
    contact_id: UUID | None = None
    owner_id: UUID | None = None
    expected_close_on: CloseDay | None = None
    source: Source = ""
    tags: Annotated[list[Tag], Field(max_length=20)] = []


class DealUpdate(_Input):
    """Changes to a deal's fields; only those given are written. `version` is the one that was edited."""

    version: Version
    title: Title | None = None
    value_cents: Cents | None = None
    contact_id: UUID | None = None
    owner_id: UUID | None = None
    expected_close_on: CloseDay | None = None
    lost_reason: ShortText | None = None
    tags: Annotated[list[Tag], Field(max_length=20)] | None = None


class DealMove(_Input):
    """A deal's new place: after the card `before` and before the card `after`, of which either may be None."""

    stage_id: UUID
    before: UUID | None = None
    after: UUID | None = None
    version: Version
    lost_reason: ShortText = ""


class DealVersion(_Input):
    """The version of a deal that somebody saw when deciding."""

    version: Version


class DealLost(DealVersion):
    """Why a deal was lost."""

    reason: ShortText = ""


class BoardFilter(_Input):
    """Which deals a board shows."""

    owner_id: UUID | None = None
    search: Search = ""


class PipelineCreate(_Input):
    """A new funnel with the usual stages, whose names come from the caller's language."""

    name: PipelineName
    stage_names: Annotated[dict[str, StageName], Field(max_length=20)] = {}


class _View(BaseModel):
    model_config = ConfigDict(frozen=True)


class DealCard(_View):
    """A deal as the board shows it."""

    id: UUID
    version: int
    pipeline_id: UUID
    stage_id: UUID
    rank: str
    title: str
    value_cents: int
    contact_id: UUID | None
    contact_name: str | None
    contact_company: str | None
    last_activity_at: datetime | None
    owner_id: UUID | None
    tags: list[str]
    expected_close_on: date | None
    entered_stage_at: datetime
    closed_at: datetime | None


class DealView(DealCard):
    """A deal with everything that its own page shows."""

    pipeline_name: str
    stage_name: str
    stage_kind: str
    source: str
    lost_reason: str
    created_at: datetime
    updated_at: datetime
    archived_at: datetime | None


class StageStep(_View):
    """One step in a deal's history."""

    id: UUID
    from_stage_id: UUID | None
    from_stage_name: str | None
    to_stage_id: UUID
    to_stage_name: str
    user_id: UUID | None
    value_cents: int
    moved_at: datetime


class StageView(_View):
    """A column's own data."""

    id: UUID
    name: str
    kind: str
    color: int
    position: int
    probability: int
    wip_limit: int | None
    stalled_after_days: int | None


class StageTotals(_View):
    """What stands in a column under the current filter."""

    stage_id: UUID
    count: int
    amount_cents: int


class PipelineView(_View):
    """A funnel with its stages."""

    id: UUID
    name: str
    position: int
    is_default: bool
    stages: list[StageView]


class BoardColumn(StageView):
    """A column with its totals and its first cards."""

    count: int
    amount_cents: int
    weighted_cents: int
    has_more: bool
    cards: list[DealCard]

    @staticmethod
    def forecast(amount_cents: int, probability: int, kind: str) -> int:
        """Return the column's part of the forecast: only open columns have one."""
        return weighted_cents(amount_cents, probability) if kind == "open" else 0


class BoardView(_View):
    """The first page of every column of one funnel."""

    pipeline_id: UUID
    pipeline_name: str
    columns: list[BoardColumn]


class ColumnPage(_View):
    """The next cards of one column; the next page starts after the last one's `rank` and `id`."""

    stage_id: UUID
    cards: list[DealCard]
    has_more: bool


class ContactDeals(_View):
    """What a row of the contacts list shows of a contact's open deals; stage and colour are the latest one's."""

    count: int
    value_cents: int
    stage_name: str
    stage_color: int
