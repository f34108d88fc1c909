"""What each role may do, as data. A permission is `<module>.<action>`."""

from types import MappingProxyType
from typing import Final
from uuid import UUID

from crm_app.core.tenancy import Actor
from crm_app.domains.accounts.models import Role

READS: Final = frozenset(
    {
        "contacts.read",
        "deals.read",
        "conversations.read",
        "channels.read",
        "analytics.read",
        "api.use",
        "simulator.use",
    }
)
PICKS_UP: Final = frozenset({"contacts.pickup", "deals.pickup", "conversations.pickup"})
"""To see what belongs to nobody although one's reach is narrow, and to take it for oneself."""
SELLS: Final = READS | PICKS_UP | {"contacts.write", "deals.write", "messages.send", "conversations.reassign"}
MANAGES: Final = SELLS | {"contacts.reassign", "deals.reassign", "deliveries.replay", "audit.read"}
ADMINISTERS: Final = MANAGES | {
    "channels.manage",
    "members.manage",
    "members.view_as",
    "organization.manage",
    "roles.manage",
    "sso.manage",
    "teams.manage",
}

ROLE_PERMISSIONS: Final = MappingProxyType(
    {
        Role.OWNER: ADMINISTERS,
        Role.ADMIN: ADMINISTERS,
        Role.MANAGER: MANAGES,
        Role.SALES: SELLS,
        Role.VIEWER: READS,
    }
)
ALL_PERMISSIONS: Final = ADMINISTERS


def permissions_of(role: str) -> frozenset[str]:
    """Return the permissions of a role; none for a role that is not known."""
    return next((held for known, held in ROLE_PERMISSIONS.items() if known == role), frozenset())


def system_actor(organization_id: UUID) -> Actor:
    """Return the actor of jobs and channels, which act inside one organization with no person behind them."""
    return Actor(organization_id, None, "system", ALL_PERMISSIONS)
