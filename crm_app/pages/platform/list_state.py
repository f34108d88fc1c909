"""The list of organizations."""

from typing import Any

import reflex as rx

from crm_app.domains.platform import service
from crm_app.domains.platform.schemas import OrganizationLine
from crm_app.pages.base import PLATFORM, handler
from crm_app.pages.platform.gate import PlatformState


class OrganizationsState(PlatformState, rx.State):
    """What the list shows, and why."""

    rows: list[dict[str, Any]] = []
    words: str = ""
    wanted: str = ""
    cleared: int = 0
    """Goes up when the search is taken away, so that its field begins anew."""
    has_more: bool = False
    loading: bool = True
    failed: bool = False
    _cursor: str | None = None

    @handler(PLATFORM)
    async def load(self) -> None:
        """Read the newest organizations; runs on load and on retry."""
        await self._read(OrganizationsState.load, None)

    @handler(PLATFORM)
    async def search(self, words: str) -> None:
        """Narrow the list to names, short names or an id."""
        self.words = str(words)[:120]
        await self._read(OrganizationsState.load, None)

    @handler(PLATFORM)
    async def choose(self, state: str) -> None:
        """Narrow the list to one state; an empty one means all."""
        self.wanted = str(state)[:20]
        await self._read(OrganizationsState.load, None)

    @handler(PLATFORM)
    async def clear(self) -> None:
        """Take the search and the state away."""
        self.words = self.wanted = ""
        self.cleared += 1
        await self._read(OrganizationsState.load, None)

    @handler(PLATFORM)
    async def load_more(self) -> None:
        """Append the next page."""
        if self._cursor is not None:
            await self._read(OrganizationsState.load_more, self._cursor)

    async def _read(self, again: Any, cursor: str | None) -> None:
        async with self._opening(), self._platform(again) as (session, actor):
            page = await service.list_organizations(
                session, actor, words=self.words, state=self.wanted, cursor=cursor
            )
            rows = [_row(one) for one in page.items]
            self.rows = rows if cursor is None else [*self.rows, *rows]
            self._cursor, self.has_more = page.next_cursor, page.next_cursor is not None


def _row(one: OrganizationLine) -> dict[str, Any]:
    return {
        "id": str(one.id),
        "name": one.name,
        "slug": one.slug,
        "state": one.state,
        "members": one.members,
        "channels": one.channels,
        "messages": one.messages,
        "created": one.created_at.isoformat(),
        "active": one.last_activity.isoformat() if one.last_activity else "",
    }
