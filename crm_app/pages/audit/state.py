"""The audit trail on the screen: filters, pages, and one entry in the drawer."""

from datetime import date, datetime, time, timedelta
from typing import Any
from urllib.parse import urlencode
from zoneinfo import ZoneInfo

import reflex as rx
from pydantic import ValidationError
from sqlalchemy.ext.asyncio import AsyncSession

from crm_app.core.errors import Invalid
from crm_app.core.tenancy import Actor
from crm_app.domains.accounts import service as accounts
from crm_app.domains.accounts.trail import reading
from crm_app.domains.accounts.trail.schemas import AuditEntryView, AuditFilter
from crm_app.pages.audit import rows
from crm_app.pages.base import PageState, handler
from crm_app.pages.session.state import Session

FILTERS = ("person", "action", "kind", "since", "until", "query")
EXPORT = "/api/v1/audit/export.csv"


class AuditState(PageState, rx.State):
    """What the list shows, and why."""

    rows: list[dict[str, Any]] = []
    people: list[dict[str, str]] = []
    actions: list[dict[str, str]] = []
    kinds: list[dict[str, str]] = []
    person: str = ""
    action: str = ""
    kind: str = ""
    since: str = ""
    until: str = ""
    query: str = ""
    problem: str = ""
    filtered: bool = False
    export_url: str = EXPORT
    has_more: bool = False
    loading: bool = True
    loading_more: bool = False
    failed: bool = False
    showing: bool = False
    opened: dict[str, Any] = {}
    changes: list[dict[str, Any]] = []
    _cursor: str | None = None
    _entries: list[AuditEntryView] = []
    _names: dict[str, str] = {}

    @handler("audit.read")
    async def load(self) -> None:
        """Read what can be filtered by, and the newest entries; runs on load and on retry."""
        async with self._opening(), self._work() as (session, actor):
            await self._read_choices(session, actor)
            await self._read_first_page(session, actor)

    @handler("audit.read")
    async def narrow(self, name: str, value: str) -> None:
        """Set one filter; an empty value takes it away."""
        if name not in FILTERS:
            return
        setattr(self, name, str(value).replace("\x00", "")[:60])
        await self._show_first_page()

    @handler("audit.read")
    async def clear(self) -> None:
        """Take all filters away."""
        for name in FILTERS:
            setattr(self, name, "")
        await self._show_first_page()

    @handler("audit.read")
    async def load_more(self):  # type: ignore[no-untyped-def]
        """Append the next page."""
        if self._cursor is None or self.loading_more:
            return
        self.loading_more = True
        yield
        try:
            async with self._work() as (session, actor):
                await self._read_page(session, actor, await self._criteria())
        finally:
            self.loading_more = False

    @handler("audit.read")
    async def open_entry(self, entry_id: str) -> None:
        """Show everything about one entry of the list."""
        entry = next((one for one in self._entries if one.id == rows.id_of(entry_id)), None)
        if entry is not None:
            self.opened = rows.details(entry, self._names)
            self.changes = rows.changes(entry, self._names)
            self.showing = True

    @handler("audit.read")
    async def close(self, wish: bool) -> None:
        """Close the drawer."""
        self.showing = bool(wish)

    async def _read_choices(self, session: AsyncSession, actor: Actor) -> None:
        found = await reading.list_choices(session, actor)
        members = {str(one.user_id): one.name for one in await accounts.list_members(session, actor)}
        self._names = members | {str(one.id): one.name for one in found.people}
        self.people = [{"id": str(one.id), "name": one.name} for one in found.people]
        self.actions = [{"id": one, "key": rows.action_key(one)} for one in found.actions]
        self.kinds = [{"id": one, "key": rows.kind_key(one)} for one in found.kinds]

    async def _show_first_page(self) -> None:
        async with self._work() as (session, actor):
            await self._read_first_page(session, actor)

    async def _read_first_page(self, session: AsyncSession, actor: Actor) -> None:
        self.rows, self._entries, self._cursor, self.has_more, self.problem = [], [], None, False, ""
        self.filtered = any(getattr(self, name) for name in FILTERS)
        try:
            criteria = await self._criteria()
            await self._read_page(session, actor, criteria)
        except (Invalid, ValidationError) as error:
            self.problem = error.key if isinstance(error, Invalid) else "errors.invalid"
            return
        wanted = criteria.model_dump(mode="json", exclude_defaults=True)
        self.export_url = f"{EXPORT}?{urlencode(wanted)}" if wanted else EXPORT

    async def _read_page(self, session: AsyncSession, actor: Actor, criteria: AuditFilter) -> None:
        page = await reading.list_entries(session, actor, criteria=criteria, cursor=self._cursor)
        self._cursor, self.has_more = page.next_cursor, page.next_cursor is not None
        self._entries = [*self._entries, *page.items]
        self.rows = [*self.rows, *(rows.entry_row(entry, self._names) for entry in page.items)]

    async def _criteria(self) -> AuditFilter:
        zone = ZoneInfo((await self.get_state(Session)).time_zone)
        return AuditFilter(
            user_id=rows.id_of(self.person),
            action=self.action,
            entity_type=self.kind,
            since=_midnight(self.since, zone),
            until=_midnight(self.until, zone, days=1),
            q=self.query,
        )


def _midnight(text: str, zone: ZoneInfo, *, days: int = 0) -> datetime | None:
    """Return when a day begins in the organization's time zone, or `days` later. Raises `Invalid`."""
    if not text:
        return None
    try:
        return datetime.combine(date.fromisoformat(text) + timedelta(days=days), time.min, zone)
    except (ValueError, OverflowError) as error:
        raise Invalid(field="since") from error
