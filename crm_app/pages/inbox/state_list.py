"""The list on the left: whose conversations, which of them, and how it stays fresh."""

from typing import Any
from uuid import UUID

import reflex as rx
from pydantic import TypeAdapter, ValidationError

from crm_app.core.errors import NotFound
from crm_app.core.tenancy import Actor
from crm_app.domains.accounts import service as accounts
from crm_app.domains.inbox import service
from crm_app.domains.inbox.schemas import Box, ConversationFilter, ConversationStatus
from crm_app.pages.base import PageState, handler
from crm_app.pages.inbox.rows import (
    CountRow,
    HitRow,
    ListRow,
    MemberRow,
    count_row,
    hit_row,
    list_row,
    plain,
    put_conversation,
    without,
)

WINDOW = 40
MOST_ROWS = 400
"""Where scrolling ends and searching begins."""
LONGEST_SEARCH = 100

_boxes = TypeAdapter(Box)


class InboxState(PageState, rx.State):
    """The list. `rows` is the live head of it; `more_rows` were loaded by scrolling and change seldom.

    So a new message sends only the head to the browser.
    """

    box: str = Box.MINE.value
    unread_only: bool = False
    resolved: bool = False
    search: str = ""
    rows: list[ListRow] = []
    more_rows: list[ListRow] = []
    hits: list[HitRow] = []
    counts: CountRow = {"all": 0, "mine": 0, "queue": 0}
    members: list[MemberRow] = []
    has_more: bool = False
    windows: int = 0
    loading: bool = True
    failed: bool = False
    _cursor: str | None = None

    @handler("conversations.read", supersedes=True)
    async def load(self) -> None:
        """Read the first window of the list, the numbers on the tabs and the colleagues."""
        self._watch("conversation.")
        async with self._opening(), self._work() as (session, actor):
            members = await accounts.list_members(session, actor)
            self.members = [{"id": str(m.user_id), "name": m.name} for m in members if m.is_active]
            await self._read_first_window(session, actor)
            self.counts = count_row(await service.count_conversations(session, actor))

    async def _read_first_window(self, session: Any, actor: Actor) -> None:
        if self.search:
            found = await service.search_inbox(session, actor, query=self.search)
            self.rows = [list_row(row) for row in found.conversations]
            self.hits = [hit_row(hit) for hit in found.messages]
            self._cursor, self.has_more = None, False
        else:
            page = await service.list_conversations(session, actor, filters=self._filters(), limit=WINDOW)
            self.rows = [list_row(row) for row in page.items]
            self.hits = []
            self._cursor, self.has_more = page.next_cursor, page.next_cursor is not None
        self.more_rows = []
        self.windows += 1

    def _filters(self) -> ConversationFilter:
        status = ConversationStatus.RESOLVED if self.resolved else ConversationStatus.OPEN
        return ConversationFilter(box=Box(self.box), status=status, unread=self.unread_only)

    @handler("conversations.read")
    async def load_more(self) -> None:
        """Read the next window below the last row."""
        if self._cursor is None or len(self.rows) + len(self.more_rows) >= MOST_ROWS:
            self.has_more = False
            return
        async with self._work() as (session, actor):
            page = await service.list_conversations(
                session, actor, filters=self._filters(), cursor=self._cursor, limit=WINDOW
            )
        known = {row["id"] for row in (*plain(self.rows), *plain(self.more_rows))}
        fresh = [list_row(row) for row in page.items if str(row.id) not in known]
        self.more_rows = [*plain(self.more_rows), *fresh]
        self._cursor, self.has_more = page.next_cursor, page.next_cursor is not None
        self.windows += 1

    @handler("conversations.read")
    async def choose_box(self, box: str) -> Any:
        """Show mine, the queue, or all."""
        try:
            self.box = _boxes.validate_python(box).value
        except ValidationError:
            return None
        self.search, self.loading = "", True
        return InboxState.load

    @handler("conversations.read")
    async def toggle_unread(self) -> Any:
        """Show only what holds something unread, or everything again."""
        self.unread_only, self.loading = not self.unread_only, True
        return InboxState.load

    @handler("conversations.read")
    async def toggle_resolved(self) -> Any:
        """Show resolved conversations instead of open ones, or the other way round."""
        self.resolved, self.loading = not self.resolved, True
        return InboxState.load

    @handler("conversations.read", supersedes=True)
    async def find(self, text: str) -> None:
        """Search names, numbers and messages; an empty text brings the list back."""
        self.search = str(text).replace("\x00", "").strip()[:LONGEST_SEARCH]
        async with self._work() as (session, actor):
            await self._read_first_window(session, actor)
        self.loading = False

    async def _on_fact(self, fact: dict[str, Any]) -> None:
        """A conversation is new or different: read that one line again."""
        conversation_id = str(fact["conversation_id"])
        before = self._known(conversation_id)
        async with self._work() as (session, actor):
            try:
                row = list_row(
                    await service.get_conversation(session, actor, conversation_id=UUID(conversation_id))
                )
            except NotFound:
                self._take_out(conversation_id)
                return
            if before is None or _counts_differ(before, row):
                counts = count_row(await service.count_conversations(session, actor))
                if counts != plain(self.counts):
                    self.counts = counts
        self._place(row, before, str(actor.user_id))

    def _known(self, conversation_id: str) -> ListRow | None:
        rows = (*plain(self.rows), *plain(self.more_rows))
        return next((row for row in rows if row["id"] == conversation_id), None)

    def _take_out(self, conversation_id: str) -> None:
        if any(row["id"] == conversation_id for row in plain(self.more_rows)):
            self.more_rows = without(plain(self.more_rows), conversation_id)
        if any(row["id"] == conversation_id for row in plain(self.rows)):
            self.rows = without(plain(self.rows), conversation_id)

    def _place(self, row: ListRow, before: ListRow | None, user_id: str) -> None:
        if self.search:
            if before is not None:
                self.rows = [row if known["id"] == row["id"] else known for known in plain(self.rows)]
            return
        # Who filters by unread keeps sight of what they have just read, until the filter changes.
        stays = before is not None and self.unread_only
        if not self._belongs(row, user_id, unread_too=not stays):
            self._take_out(row["id"])
            return
        rows = plain(self.rows)
        below = rows and row["at"] < rows[-1]["at"] and self.has_more and before is None
        if below:
            return
        if any(known["id"] == row["id"] for known in plain(self.more_rows)):
            self.more_rows = without(plain(self.more_rows), row["id"])
        self.rows = put_conversation(rows, row)

    def _belongs(self, row: ListRow, user_id: str, *, unread_too: bool) -> bool:
        wanted = ConversationStatus.RESOLVED if self.resolved else ConversationStatus.OPEN
        in_box = {
            Box.MINE: row["assignee_id"] == user_id,
            Box.QUEUE: not row["assignee_id"],
        }.get(Box(self.box), True)
        unread = not self.unread_only or row["unread"] > 0 or not unread_too
        return row["status"] == wanted and in_box and unread


def _counts_differ(before: ListRow, after: ListRow) -> bool:
    return any(before[key] != after[key] for key in ("status", "assignee_id"))
