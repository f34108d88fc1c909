"""The organizations of the signed-in person, and going from one to another."""

from typing import Any
from uuid import UUID

import reflex as rx

from crm_app.core.database import system_unit_of_work
from crm_app.core.errors import NotFound
from crm_app.domains.accounts import organizations
from crm_app.pages.current import current_actor
from crm_app.pages.policy import HELD, handler


class Organizations(rx.State):
    """What the switcher offers."""

    choices: list[dict[str, Any]] = []

    @handler(HELD, quiet=True)
    async def look(self, wish: bool) -> None:
        """The switcher was opened: read where the person belongs."""
        if not wish:
            return
        async with system_unit_of_work() as session:
            found = await organizations.list_own_organizations(session, current_actor())
        self.choices = [
            {
                "id": str(one.id),
                "name": one.name,
                "current": one.is_current,
                "hue": one.brand_hue,
                "chroma": one.brand_chroma,
            }
            for one in found
        ]

    @handler(HELD)
    async def enter(self, organization_id: str) -> None:
        """Act for another organization; every tab of this session is emptied and begins anew there."""
        try:
            wanted = UUID(str(organization_id))
        except ValueError as error:
            raise NotFound(kind="organization") from error
        async with system_unit_of_work() as session:
            await organizations.switch_organization(session, current_actor(), organization_id=wanted)
