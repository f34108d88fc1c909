"""Plans and what is given beside them, as the platform reads and writes them."""

from datetime import datetime
from typing import Annotated, Literal
from uuid import UUID

from pydantic import AfterValidator, AwareDatetime, BaseModel, ConfigDict, Field, model_validator

from crm_app.core.text import LINE
from crm_app.domains.modules.schemas import ModulesView
from crm_app.domains.plans.registry import EVERYTHING, KEYS, LIMITS

MOST = 1_000_000_000
LONGEST_KEY = 40


PlanTitle = Annotated[str, Field(min_length=1, max_length=60), LINE]


def is_plan_key(key: str) -> bool:
    """Tell whether a plan can have this key: lower-case ASCII letters, digits and hyphens."""
    plain = key.replace("-", "")
    return 2 <= len(key) <= LONGEST_KEY and plain.isascii() and plain.isalnum() and key == key.lower()


def _known_modules(keys: list[str]) -> list[str]:
    unknown = set(keys) - KEYS - {EVERYTHING}
    if unknown:
        raise ValueError(f"no such module: {', '.join(sorted(unknown))}")
    return [EVERYTHING] if EVERYTHING in keys else sorted(set(keys))


def _known_limits(limits: dict[str, int]) -> dict[str, int]:
    if not set(limits) <= set(LIMITS) or any(not 0 <= most <= MOST for most in limits.values()):
        raise ValueError("no such limit")
    return limits


class PlanDraft(BaseModel):
    """What a plan shall be. A limit that is not named is none."""

    model_config = ConfigDict(extra="forbid")

    name: PlanTitle
    modules: Annotated[list[str], Field(max_length=100), AfterValidator(_known_modules)]
    limits: Annotated[dict[str, int], AfterValidator(_known_limits)] = {}
    position: Annotated[int, Field(ge=0, le=1000)] = 0
    is_default: bool = False


class PlanView(BaseModel):
    """A plan as it is."""

    model_config = ConfigDict(from_attributes=True, frozen=True)

    key: str
    name: str
    modules: tuple[str, ...]
    limits: dict[str, int]
    position: int
    is_default: bool
    version: int


class PlanColumn(PlanView):
    """A plan beside the others: what it is, and who has it."""

    organizations: int
    """How many have it."""
    fixed: bool
    """The plan with everything: what it holds stays."""

    @property
    def retirable(self) -> bool:
        """Whether nobody has it and nobody gets it by itself."""
        return not (self.organizations or self.is_default or self.fixed)


class GrantDraft(BaseModel):
    """What an organization shall have beside its plan: a module, or with an `amount` more of a limit."""

    model_config = ConfigDict(extra="forbid")

    kind: Literal["add_on", "grant"] = "grant"
    subject: Annotated[str, Field(max_length=40)]
    amount: Annotated[int, Field(ge=1, le=MOST)] | None = None
    chosen_only: bool = False
    reason: Annotated[str, Field(min_length=1, max_length=300), LINE]
    expires_at: AwareDatetime | None = None

    @model_validator(mode="after")
    def _known(self) -> "GrantDraft":
        if self.subject not in (LIMITS if self.amount else KEYS):
            raise ValueError("no such module or limit")
        return self


class GrantView(BaseModel):
    """Something beside the plan, with who gave it and why."""

    model_config = ConfigDict(from_attributes=True, frozen=True)

    id: UUID
    created_at: datetime
    kind: str
    subject: str
    amount: int | None
    chosen_only: bool
    reason: str
    given_by_name: str
    expires_at: datetime | None
    revoked_at: datetime | None


class Entitlement(BaseModel):
    """What an organization has, as its own people see it, and everything that was ever given beside the plan."""

    model_config = ConfigDict(frozen=True)

    modules: ModulesView
    grants: tuple[GrantView, ...]
