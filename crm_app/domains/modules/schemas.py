"""What an organization has of the product, as people and programs see it."""

from datetime import datetime
from typing import Literal
from uuid import UUID

from pydantic import BaseModel, ConfigDict, Field


class _View(BaseModel):
    model_config = ConfigDict(from_attributes=True, frozen=True)


class PlanName(_View):
    """A plan, as one speaks of it."""

    key: str
    name: str


class ModuleView(_View):
    """One module, and how the organization stands to it."""

    key: str
    access: Literal["basic", "premium", "credit", "invitation"]
    for_whom: Literal["nobody", "chosen", "everybody"]
    why: Literal["basic", "plan", "add_on", "grant", "missing"]
    until: datetime | None = Field(description="When it ends, for an add-on or a grant that does.")
    limit: str | None = Field(description="By credit: the limit that each use is counted against.")
    plans: tuple[PlanName, ...] = Field(description="The plans that hold it.")
    chosen: tuple[UUID, ...] = Field(description="Members who were chosen for it.")


class LimitView(_View):
    """How much of something the organization has, or has used this month."""

    name: str
    period: Literal["standing", "month"]
    used: int
    most: int | None = Field(description="Null for as many as one likes.")


class ModulesView(_View):
    """The plan of an organization, and what comes of it."""

    plan: PlanName
    modules: tuple[ModuleView, ...]
    limits: tuple[LimitView, ...]
