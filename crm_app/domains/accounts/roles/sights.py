"""Whose contacts, deals and conversations an actor sees or may change, decided without a query."""

from uuid import UUID

from crm_app.core.errors import Forbidden
from crm_app.core.sight import Sight
from crm_app.core.tenancy import Actor


def sight_of_contacts(actor: Actor, permission: str = "contacts.read") -> Sight:
    """Return whose contacts `permission` covers, as far as contacts have an owner of their own."""
    return actor.sight(permission, "contacts.pickup")


def sight_of_deals(actor: Actor, permission: str = "deals.read") -> Sight:
    """Return whose deals `permission` covers."""
    return actor.sight(permission, "deals.pickup")


def sight_of_conversations(actor: Actor, permission: str = "conversations.read") -> Sight:
    """Return whose conversations `permission` covers."""
    return actor.sight(permission, "conversations.pickup")


def require_within(actor: Actor, permission: str, sight: Sight, owner_id: UUID | None) -> None:
    """Raise `Forbidden` when a thing that the actor sees is beyond the reach of `permission`."""
    actor.require(permission)
    if not sight.covers(owner_id):
        raise Forbidden("errors.accounts.beyond_reach", permission=permission)
