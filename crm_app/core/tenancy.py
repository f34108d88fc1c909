"""Who acts, and for which organization: the first of the three tenancy walls."""

from dataclasses import dataclass
from uuid import UUID

from crm_app.core.errors import Forbidden


@dataclass(frozen=True, slots=True)
class Actor:
    """The identity behind one use case. Every service takes one; it never comes from a client's argument.

    `user_id` is None when a channel or the system itself acts.
    """

    organization_id: UUID
    user_id: UUID | None
    role: str
    permissions: frozenset[str]
    session_id: UUID | None = None

    def can(self, permission: str) -> bool:
        """Tell whether the actor holds `permission`."""
        return permission in self.permissions

    def require(self, permission: str) -> None:
        """Raise `Forbidden` unless the actor holds `permission`."""
        if permission not in self.permissions:
            raise Forbidden(permission=permission)
