"""Every feature area of the product as a module, and everything that is counted against a plan.

A permission belongs to exactly one module: where the module is missing, so is the permission, in menus, pages,
handlers, API and services alike. Names and descriptions stand in the catalogue (`modules.name.*`,
`modules.about.*`), the refusal in `errors.modules.*`. Whoever adds a permission names it here; a test holds it.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum
from types import MappingProxyType
from typing import Final
from uuid import UUID

EVERYTHING: Final = "*"
"""In a plan's modules: all there are, for everybody, those by invitation too."""
FALLBACK_PLAN: Final = UUID("0193e000-0000-7000-8000-000000000001")
"""The built-in plan "Completo", which organizations have that never got another: everything, no limits."""


class Access(StrEnum):
    """How an organization comes to a module."""

    BASIC = "basic"
    """Every organization has it, whatever its plan says."""
    PREMIUM = "premium"
    """With a plan that holds it, an add-on or a grant."""
    CREDIT = "credit"
    """As premium, and each use takes one from the module's limit."""
    INVITATION = "invitation"
    """As premium, but only for the members whom the organization has chosen."""


@dataclass(frozen=True, slots=True)
class Module:
    """One feature area."""

    key: str
    access: Access
    permissions: frozenset[str]
    limit: str | None = None
    """For access by credit: what its uses are counted as."""


class Period(StrEnum):
    """How long a use counts."""

    STANDING = "standing"
    """For as long as the thing exists; removing it makes room."""
    MONTH = "month"
    """Until the month ends in the organization's time zone."""


MODULES: Final = (
    Module("inbox", Access.BASIC, frozenset(f"conversations.{one}" for one in ("read", "pickup", "reassign"))),
    Module("sending", Access.CREDIT, frozenset({"messages.send"}), limit="messages"),
    Module("pipeline", Access.BASIC, frozenset(f"deals.{one}" for one in ("read", "write", "pickup", "reassign"))),
    Module(
        "contacts", Access.BASIC, frozenset(f"contacts.{one}" for one in ("read", "write", "pickup", "reassign"))
    ),
    Module("channels", Access.BASIC, frozenset({"channels.read", "channels.manage", "deliveries.replay"})),
    Module("organization", Access.BASIC, frozenset({"members.manage", "members.view_as", "organization.manage"})),
    Module("analytics", Access.PREMIUM, frozenset({"analytics.read"})),
    Module("teams", Access.PREMIUM, frozenset({"teams.manage"})),
    Module("roles", Access.PREMIUM, frozenset({"roles.manage"})),
    Module("audit", Access.PREMIUM, frozenset({"audit.read"})),
    Module("sso", Access.PREMIUM, frozenset({"sso.manage"})),
    Module("api", Access.INVITATION, frozenset({"api.use"})),
    Module("simulator", Access.INVITATION, frozenset({"simulator.use"})),
)

LIMITS: Final[Mapping[str, Period]] = MappingProxyType(
    {"members": Period.STANDING, "channels": Period.STANDING, "messages": Period.MONTH}
)
KEYS: Final = frozenset(module.key for module in MODULES)
MODULE_OF: Final[Mapping[str, str]] = MappingProxyType(
    {permission: module.key for module in MODULES for permission in module.permissions}
)
"""Maps a permission to its module's key."""
