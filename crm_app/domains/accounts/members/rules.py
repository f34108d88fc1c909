"""Who may change whose place in an organization. Pure rules."""

from collections.abc import Set
from dataclasses import dataclass
from datetime import timedelta
from uuid import UUID

from crm_app.domains.accounts.errors import (
    LastOwner,
    OwnershipNeedsConsent,
    OwnersOnly,
    OwnPlace,
    RoleTooHigh,
)
from crm_app.domains.accounts.models import Role

UNDO_WITHIN = timedelta(days=1)
"""How long a hand-over can be undone."""
OFFER_LASTS = timedelta(days=7)
"""How long an offer of ownership waits for its answer."""


@dataclass(frozen=True, slots=True)
class Place:
    """What counts of a membership: whose it is and which role it carries."""

    user_id: UUID
    role: str

    @property
    def owns(self) -> bool:
        """Tell whether the role is that of an owner."""
        return self.role == Role.OWNER


def check_touch(acting: Place, target: Place, *, owners: int) -> None:
    """Raise unless `acting` may lower, deactivate or remove `target`; `owners` counts the active ones.

    Raises `LastOwner`, `OwnPlace` or `OwnersOnly`.
    """
    if target.owns and owners <= 1:
        raise LastOwner
    if acting.user_id == target.user_id:
        raise OwnPlace
    if target.owns and not acting.owns:
        raise OwnersOnly


def check_role(acting: Place, held: Set[str], wanted: str, granted: Set[str]) -> None:
    """Raise unless somebody who holds the permissions `held` may give the role `wanted`, which grants `granted`.

    Nobody gives more than they have, and ownership is offered, never given. Raises `OwnershipNeedsConsent` or
    `RoleTooHigh`.
    """
    if wanted == Role.OWNER:
        raise OwnershipNeedsConsent
    if not acting.owns and not granted <= held:
        raise RoleTooHigh
