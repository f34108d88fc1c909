"""The matrix of a role: which permissions it holds and how far each reaches. Pure data and rules."""

from collections.abc import Mapping
from dataclasses import dataclass
from types import MappingProxyType
from typing import Final

from crm_app.core.errors import Invalid
from crm_app.core.sight import Reach
from crm_app.core.tenancy import Actor
from crm_app.domains.accounts.errors import GrantTooHigh, OwnRoleLowered
from crm_app.domains.accounts.permissions import permissions_of

NONE: Final = "none"
"""In stored changes and in forms: the permission is not held."""

Matrix = Mapping[str, Reach]
"""Permissions that are held, with their reach. What is not in it is not held."""


@dataclass(frozen=True, slots=True)
class Module:
    """A group of permissions: those with a reach, and those that are only on or off."""

    name: str
    reaching: tuple[str, ...] = ()
    switches: tuple[str, ...] = ()

    @property
    def permissions(self) -> tuple[str, ...]:
        """Return all of them, in the order in which the matrix shows them."""
        return self.reaching + self.switches


MODULES: Final = (
    Module("contacts", ("contacts.read", "contacts.write"), ("contacts.pickup", "contacts.reassign")),
    Module("deals", ("deals.read", "deals.write"), ("deals.pickup", "deals.reassign")),
    Module(
        "conversations",
        ("conversations.read", "messages.send"),
        ("conversations.pickup", "conversations.reassign"),
    ),
    Module("analytics", ("analytics.read",)),
    Module("channels", (), ("channels.read", "channels.manage", "deliveries.replay", "simulator.use")),
    Module("integration", (), ("api.use",)),
    Module(
        "organization",
        (),
        (
            "members.manage",
            "members.view_as",
            "teams.manage",
            "roles.manage",
            "organization.manage",
            "sso.manage",
            "audit.read",
        ),
    ),
)
REACHING: Final = frozenset(name for module in MODULES for name in module.reaching)
KNOWN: Final = frozenset(name for module in MODULES for name in module.permissions)
# What is of no use, or reaches too far, without the other.
_NEEDS: Final = MappingProxyType(
    {
        "contacts.write": "contacts.read",
        "contacts.pickup": "contacts.read",
        "contacts.reassign": "contacts.write",
        "deals.write": "deals.read",
        "deals.pickup": "deals.read",
        "deals.reassign": "deals.write",
        "messages.send": "conversations.read",
        "conversations.pickup": "conversations.read",
        "conversations.reassign": "messages.send",
        "channels.manage": "channels.read",
        "simulator.use": "conversations.read",
        "members.view_as": "members.manage",
    }
)


def default_matrix(role: str) -> Matrix:
    """Return what a built-in role holds before an organization changes it."""
    return dict.fromkeys(permissions_of(role), Reach.ALL)


def resolve(role: str, changes: Mapping[str, str]) -> Matrix:
    """Return the matrix of a built-in role with changes. What this version does not know is left out."""
    found = {**{name: reach.value for name, reach in default_matrix(role).items()}, **changes}
    return {
        name: Reach(reach) if name in REACHING else Reach.ALL
        for name, reach in found.items()
        if name in KNOWN and reach in set(Reach)
    }


def changes_from(role: str, matrix: Matrix) -> dict[str, str]:
    """Return what makes `matrix` out of the built-in role: the shortest changes."""
    default = default_matrix(role)
    wanted = {name: matrix[name].value if name in matrix else NONE for name in KNOWN}
    standard = {name: default[name].value if name in default else NONE for name in KNOWN}
    return {name: reach for name, reach in sorted(wanted.items()) if reach != standard[name]}


def parse(given: Mapping[str, str]) -> Matrix:
    """Return a matrix from a form or a call. Raises `Invalid` for what no role can be."""
    matrix: dict[str, Reach] = {}
    for name, reach in given.items():
        if name not in KNOWN or (reach != NONE and reach not in set(Reach)):
            raise Invalid("errors.roles.unknown", permission=name)
        if reach == NONE:
            continue
        if name not in REACHING and reach != Reach.ALL:
            raise Invalid("errors.roles.no_reach", permission=name)
        matrix[name] = Reach(reach)
    for name, needed in _NEEDS.items():
        if name not in matrix:
            continue
        if needed not in matrix:
            raise Invalid("errors.roles.needs", permission=name, needed=needed)
        if name in REACHING and matrix[name].breadth > matrix[needed].breadth:
            raise Invalid("errors.roles.too_far", permission=name, needed=needed)
    return matrix


def check_grant(actor: Actor, matrix: Matrix) -> None:
    """Raise `GrantTooHigh` when a matrix holds more than the actor, or reaches further."""
    for name, reach in matrix.items():
        held = actor.granted_reach(name)
        if held is None or reach.breadth > held.breadth:
            raise GrantTooHigh(permission=name)


def check_own(actor: Actor, matrix: Matrix) -> None:
    """Raise `OwnRoleLowered` when the actor would lose something by holding this matrix."""
    for name in sorted(actor.granted & KNOWN):
        held = actor.granted_reach(name)
        if held is not None and (name not in matrix or matrix[name].breadth < held.breadth):
            raise OwnRoleLowered(permission=name)


def narrowed(matrix: Matrix) -> dict[str, Reach]:
    """Return what an actor keeps of a matrix beside its permissions: the reaches that are not everybody's."""
    return {name: reach for name, reach in matrix.items() if reach is not Reach.ALL}
