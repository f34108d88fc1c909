"""Facts of the funnel, published after the commit."""

from dataclasses import dataclass
from typing import ClassVar
from uuid import UUID

from crm_app.core.events import Fact


@dataclass(frozen=True, slots=True, kw_only=True)
class DealFact(Fact):
    """Something happened to a deal; `version` is the deal's after it, `actor_id` who did it (None: the system).

    `owner_id` is whose deal it is now, `owner_before` whose it was: who sees neither need not hear of it.
    """

    deal_id: UUID
    pipeline_id: UUID
    stage_id: UUID
    version: int
    contact_id: UUID | None = None
    actor_id: UUID | None = None
    owner_id: UUID | None = None
    owner_before: UUID | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class DealCreated(DealFact):
    """A deal was added to a column."""

    name: ClassVar[str] = "deal.created"


@dataclass(frozen=True, slots=True, kw_only=True)
class DealUpdated(DealFact):
    """A deal's fields changed; it stays where it was."""

    name: ClassVar[str] = "deal.updated"


@dataclass(frozen=True, slots=True, kw_only=True)
class DealMoved(DealFact):
    """A deal stands in another place. With `reordered`, all ranks of its column are new."""

    name: ClassVar[str] = "deal.moved"
    from_stage_id: UUID
    reordered: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class DealArchived(DealFact):
    """A deal left the board, or with `restored` came back to it."""

    name: ClassVar[str] = "deal.archived"
    restored: bool = False
