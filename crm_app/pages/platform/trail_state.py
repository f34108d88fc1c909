"""The platform's own record."""

from typing import Any

import reflex as rx

from crm_app.core.i18n import has_sentence
from crm_app.domains.platform import service
from crm_app.domains.platform.schemas import PlatformEntryView
from crm_app.pages.base import PLATFORM, handler
from crm_app.pages.platform.gate import PlatformState


class TrailState(PlatformState, rx.State):
    """The newest entries."""

    rows: list[dict[str, str]] = []
    has_more: bool = False
    loading: bool = True
    failed: bool = False
    _cursor: str | None = None

    @handler(PLATFORM)
    async def load(self) -> None:
        """Read the newest entries; runs on load and on retry."""
        await self._read(TrailState.load, None)

    @handler(PLATFORM)
    async def load_more(self) -> None:
        """Append the next page."""
        if self._cursor is not None:
            await self._read(TrailState.load_more, self._cursor)

    async def _read(self, again: Any, cursor: str | None) -> None:
        async with self._opening(), self._platform(again) as (session, actor):
            page = await service.list_entries(session, actor, cursor=cursor)
            rows = [_row(one) for one in page.items]
            self.rows = rows if cursor is None else [*self.rows, *rows]
            self._cursor, self.has_more = page.next_cursor, page.next_cursor is not None


def _row(one: PlatformEntryView) -> dict[str, str]:
    key = f"platform.action.{one.action.replace('.', '_')}"
    before, after = one.before or {}, one.after or {}
    return {
        "id": str(one.id),
        "at": one.created_at.isoformat(),
        "who": one.user_name,
        "key": key if has_sentence(key) else "platform.action.other",
        "action": one.action,
        "thing": one.organization or str(after.get("email") or after.get("name") or before.get("name") or ""),
        "concerns": str(one.concerns or ""),
        "before": str(before.get("state", "")),
        "after": str(after.get("state", "")),
        "reason": str(after.get("reason", "")),
        "ip": one.ip,
    }
