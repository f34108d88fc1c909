"""The life of an organization: its states, what each of them lets happen, and which may follow which.

This table is the one place that decides. `database.unit_of_work` holds every use case against it, `queue.job`
every job, the intake of webhooks every call, so that no service can forget to ask.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum
from types import MappingProxyType
from typing import Final

from crm_app.core.errors import CrmError, OrganizationClosed, OrganizationSuspended, PaymentPending


class State(StrEnum):
    """Where an organization stands."""

    DEMO = "demo"
    ONBOARDING = "onboarding"
    ACTIVE = "active"
    PAST_DUE = "past_due"
    SUSPENDED = "suspended"
    CLOSED = "closed"


@dataclass(frozen=True, slots=True)
class Standing:
    """What a state lets happen.

    `enters`: its people may sign in. `works`: its rows are read and written, and its jobs run; where they do not,
    they wait. `receives`: webhooks are stored. `grows`: what makes the bill larger may be added.
    """

    enters: bool = True
    works: bool = True
    receives: bool = True
    grows: bool = True


STANDINGS: Final[Mapping[State, Standing]] = MappingProxyType(
    {
        State.DEMO: Standing(),
        State.ONBOARDING: Standing(),
        State.ACTIVE: Standing(),
        State.PAST_DUE: Standing(grows=False),
        State.SUSPENDED: Standing(works=False, grows=False),
        State.CLOSED: Standing(enters=False, works=False, receives=False, grows=False),
    }
)

TRANSITIONS: Final[Mapping[State, frozenset[State]]] = MappingProxyType(
    {
        State.DEMO: frozenset({State.ONBOARDING, State.ACTIVE, State.SUSPENDED, State.CLOSED}),
        State.ONBOARDING: frozenset({State.ACTIVE, State.PAST_DUE, State.SUSPENDED, State.CLOSED}),
        State.ACTIVE: frozenset({State.PAST_DUE, State.SUSPENDED, State.CLOSED}),
        State.PAST_DUE: frozenset({State.ACTIVE, State.SUSPENDED, State.CLOSED}),
        State.SUSPENDED: frozenset({State.ACTIVE, State.PAST_DUE, State.CLOSED}),
        # What was closed by mistake comes back in two steps: nobody is let in before somebody has looked.
        State.CLOSED: frozenset({State.SUSPENDED}),
    }
)


def standing_of(state: str | None) -> Standing:
    """Return what a state lets happen; everything where there is no organization, or none yet."""
    return STANDINGS[State(state)] if state else Standing()


def refusal_of(state: str | None) -> CrmError | None:
    """Return why an organization in this state does no work, or None when it works."""
    standing = standing_of(state)
    if standing.works:
        return None
    return OrganizationSuspended() if standing.enters else OrganizationClosed()


def check_growth(state: str | None) -> None:
    """Raise `PaymentPending`, `OrganizationSuspended` or `OrganizationClosed` unless the bill may grow."""
    refusal = refusal_of(state)
    if refusal is not None:
        raise refusal
    if not standing_of(state).grows:
        raise PaymentPending


def may_follow(state: str, wanted: str) -> bool:
    """Tell whether an organization may go from one state to another."""
    return State(wanted) in TRANSITIONS[State(state)]
