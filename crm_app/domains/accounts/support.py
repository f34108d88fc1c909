"""Whoever runs the platform, as organizations see them: a name, and nobody in particular.

Who it was stands in the platform's own record, under the same trace id.
"""

from typing import Final
from uuid import UUID

from crm_app.core.tenancy import Actor

SUPPORT_ID: Final = UUID("00000000-0000-7000-8000-5072756d6f00")
SUPPORT_NAME: Final = "Prumo · suporte"


def support_actor(organization_id: UUID) -> Actor:
    """Return the actor of an entry in an organization's audit trail that the platform leaves there."""
    return Actor(organization_id, SUPPORT_ID, "platform", frozenset())
