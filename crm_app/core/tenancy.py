"""Who acts, and for which organization: the first of the three tenancy walls."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum
from uuid import UUID

from crm_app.core.errors import Forbidden, ModuleOff, Unauthenticated
from crm_app.core.sight import EVERYBODYS, NOTHING, Reach, Sight
from crm_app.core.visiting import ReadOnly

__all__ = ["NOWHERE", "Actor", "Reach", "Sight", "Visit", "VisitKind"]

NOWHERE = UUID(int=0)
"""For which organization somebody acts who belongs to none: whoever runs the platform. No row is there."""


class VisitKind(StrEnum):
    """Why somebody looks through other eyes than their own."""

    VIEW_AS = "view_as"
    SUPPORT = "support"


@dataclass(frozen=True, slots=True)
class Visit:
    """Somebody else looks through an actor's eyes until a moment, and changes nothing: see `core.visiting`."""

    id: UUID
    kind: VisitKind
    visitor: "Actor"
    """The person behind it, as who they are."""
    until: datetime


@dataclass(frozen=True, slots=True)
class Actor:
    """The identity behind one use case. Every service takes one; it never comes from a client's argument.

    `user_id` is None when a channel or the system itself acts. `narrowed` holds the permissions whose reach is
    less than everybody's things; `colleagues` are the members of the actor's teams, `led` those of the teams
    that the actor manages. `off` are the modules that the actor has not, `withheld` maps the permissions that the
    role gives and a missing module takes back to that module. Everything that a decision needs is here: none of
    them costs a query.
    """

    organization_id: UUID
    user_id: UUID | None
    role: str
    permissions: frozenset[str]
    session_id: UUID | None = None
    narrowed: Mapping[str, Reach] = field(default_factory=dict, hash=False)
    colleagues: frozenset[UUID] = frozenset()
    led: frozenset[UUID] = frozenset()
    withheld: Mapping[str, str] = field(default_factory=dict, hash=False)
    off: frozenset[str] = frozenset()
    visit: Visit | None = None
    barred: frozenset[str] = frozenset()
    """What the person holds and a visitor who looks through their eyes does not get."""

    def has_module(self, module: str) -> bool:
        """Tell whether the actor has a module: by the organization's plan, beside it, or as one of the chosen."""
        return module not in self.off

    def can(self, permission: str) -> bool:
        """Tell whether the actor holds `permission`."""
        return permission in self.permissions

    def require(self, permission: str) -> None:
        """Raise `Forbidden` unless the actor holds `permission`, `ModuleOff` where a missing module is why.

        Raises `ReadOnly` for what only the visitor does not get.
        """
        if permission in self.permissions:
            return
        if permission in self.barred:
            raise ReadOnly
        if permission in self.withheld:
            raise ModuleOff(self.withheld[permission])
        raise Forbidden(permission=permission)

    def own_person(self) -> UUID:
        """Return whose account it is, for what belongs to the person and not to the organization.

        Raises `Unauthenticated` when the system acts, and `ReadOnly` for a visitor: colleagues share work, not
        accounts.
        """
        if self.visit is not None:
            raise ReadOnly
        if self.user_id is None:
            raise Unauthenticated
        return self.user_id

    def reach(self, permission: str) -> Reach:
        """Return how far a permission goes. Raises `Forbidden` when the actor does not hold it."""
        self.require(permission)
        return self.narrowed.get(permission, Reach.ALL)

    @property
    def granted(self) -> frozenset[str]:
        """Return what the role gives, missing modules or not: what counts where rights are passed on."""
        return self.permissions | self.withheld.keys()

    def granted_reach(self, permission: str) -> Reach | None:
        """Return how far the role's permission goes, missing modules or not; None when the role has it not."""
        return self.narrowed.get(permission, Reach.ALL) if permission in self.granted else None

    def sight(self, permission: str, pickup: str) -> Sight:
        """Return whose things `permission` covers; `pickup` is the permission that covers nobody's."""
        if permission not in self.permissions:
            return NOTHING
        reach = self.narrowed.get(permission, Reach.ALL)
        if reach is Reach.ALL:
            return EVERYBODYS
        return Sight(self._people(reach), pickup in self.permissions)

    def _people(self, reach: Reach) -> tuple[UUID, ...]:
        """Return whose things this reach covers. Whoever manages a team reaches it in any case."""
        others = self.colleagues | self.led if reach is Reach.TEAM else self.led
        if self.user_id is None:
            return tuple(sorted(others))
        return (self.user_id, *sorted(others - {self.user_id})) if others else (self.user_id,)
