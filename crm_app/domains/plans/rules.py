"""What an organization, and a member of it, may use: plan, add-ons and grants, and who was chosen. Pure rules."""

from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from enum import IntEnum, StrEnum

from crm_app.domains.plans.registry import EVERYTHING, MODULES, Access, Module


class ForWhom(IntEnum):
    """Which members of an organization have a module."""

    NOBODY = 0
    CHOSEN = 1
    EVERYBODY = 2


class Why(StrEnum):
    """Why an organization has a module, or has not."""

    BASIC = "basic"
    PLAN = "plan"
    ADD_ON = "add_on"
    GRANT = "grant"
    MISSING = "missing"


@dataclass(frozen=True, slots=True)
class Given:
    """A module beside the plan: bought (`add_on`) or granted. `until` is exclusive."""

    module: str
    why: Why
    chosen_only: bool = False
    until: datetime | None = None

    def holds_at(self, now: datetime) -> bool:
        """Tell whether it is still there at a moment."""
        return self.until is None or now < self.until


@dataclass(frozen=True, slots=True)
class State:
    """How an organization stands to one module."""

    module: Module
    for_whom: ForWhom
    why: Why
    until: datetime | None = None


def state_of(module: Module, plan: Collection[str], given: Iterable[Given], now: datetime) -> State:
    """Return how an organization with this plan and these additions stands to a module.

    The widest reason wins; of equal ones the first of basic, plan, and then the addition that lasts longest.
    """
    found = State(module, ForWhom.NOBODY, Why.MISSING)
    listed = ForWhom.CHOSEN if module.access is Access.INVITATION else ForWhom.EVERYBODY
    if module.access is Access.BASIC:
        found = State(module, ForWhom.EVERYBODY, Why.BASIC)
    elif EVERYTHING in plan:
        found = State(module, ForWhom.EVERYBODY, Why.PLAN)
    elif module.key in plan:
        found = State(module, listed, Why.PLAN)
    held = [one for one in given if one.module == module.key and one.holds_at(now)]
    for one in sorted(held, key=lambda one: (one.until is not None, -one.until.timestamp() if one.until else 0)):
        for_whom = ForWhom.CHOSEN if one.chosen_only else listed
        if for_whom > found.for_whom:
            found = State(module, for_whom, one.why, one.until)
    return found


def modules_off(
    plan: Collection[str],
    given: Sequence[Given],
    flags: Collection[str],
    now: datetime,
    modules: Sequence[Module] = MODULES,
) -> frozenset[str]:
    """Return the modules that a member has not; `flags` are those for which they were chosen."""
    if EVERYTHING in plan:
        return frozenset()
    states = [state_of(module, plan, given, now) for module in modules]
    return frozenset(one.module.key for one in states if not has(one.for_whom, chosen=one.module.key in flags))


def has(for_whom: ForWhom, *, chosen: bool) -> bool:
    """Tell whether a member has a module. Being chosen opens nothing that the organization has not."""
    return for_whom is ForWhom.EVERYBODY or (for_whom is ForWhom.CHOSEN and chosen)


def most(limit: str, plan: Mapping[str, int], more: Iterable[int]) -> int | None:
    """Return how many of something a plan allows, with what was added to it; None for as many as one likes."""
    known = plan.get(limit)
    return None if known is None else max(0, known + sum(more))
