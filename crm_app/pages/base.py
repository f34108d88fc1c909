"""What every screen is made with: the page decorator, the handler decorator and the unit of work of an event."""

from collections.abc import AsyncIterator, Callable, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import reflex as rx
from reflex_base.event.context import EventContext
from sqlalchemy.ext.asyncio import AsyncSession

from crm_app.core.database import unit_of_work
from crm_app.core.tenancy import Actor
from crm_app.pages import live
from crm_app.pages.current import current_actor
from crm_app.pages.policy import ANY_SESSION, HELD, PLATFORM, PUBLIC, SIGNED_IN, VISITING, handler
from crm_app.pages.presence import presence
from crm_app.pages.session.toasts import notify

__all__ = [
    "ANY_SESSION", "HELD", "PLATFORM", "PUBLIC", "SIGNED_IN", "VISITING", "Page", "PageState", "app_page",
    "handler", "notify", "pages",
]  # fmt: skip

Fact = dict[str, Any]


class PageState:
    """What a screen's state inherits beside `rx.State`: `class InboxState(PageState, rx.State)`.

    Everything here is private, so that nothing of it can be called by a client.
    """

    if TYPE_CHECKING:  # vars that a state which uses `_opening` declares
        loading: bool
        failed: bool

    @asynccontextmanager
    async def _work(self) -> AsyncIterator[tuple[AsyncSession, Actor]]:
        """Open the one transaction of this event, as the person whom the guard has recognised.

        Commits at the end of the block, then publishes its facts; rolls back on any error.
        """
        actor = current_actor()
        async with unit_of_work(actor) as session:
            yield session, actor

    @asynccontextmanager
    async def _opening(self) -> AsyncIterator[None]:
        """Stand around what a screen reads when it opens or is retried; keeps its `loading` and `failed`.

        On an error `failed` has the screen offer to try again; the error itself goes on to whoever tells it.
        """
        self.failed = False
        try:
            yield
        except Exception:
            self.failed = True
            raise
        finally:
            self.loading = False

    def _watch(self, *names: str, later: bool = False, **ids: str) -> None:
        """Have `_on_fact` called in this browser tab for facts with one of `names` (`"message."` is a prefix).

        With `ids`, only for facts that carry those values (`conversation_id=…`). A second call replaces the
        first one of this state. Leaving the page or losing the connection ends it by itself. What stands beside
        the matter of the page says `later`, and is told once the rest of the page has been served.
        """
        live.watch(self.__class__, names, ids, later=later)

    async def _be_at(self, place: str) -> list[dict[str, str]]:
        """Tell colleagues that this tab looks at `place` (`conversation:<id>`); returns who else does.

        Watch `presence.` and ask `_others_at` again to keep the answer fresh.
        """
        actor = current_actor()
        await presence.arrive(EventContext.get().token, actor, await self._own_name(), place)
        return self._others_at(place)

    def _others_at(self, place: str) -> list[dict[str, str]]:
        """Return the colleagues who look at `place`, as `{"id", "name"}`, without oneself."""
        actor = current_actor()
        people = presence.at(str(actor.organization_id), place)
        return [{"id": who.user_id, "name": who.name} for who in people if who.user_id != str(actor.user_id)]

    async def _own_name(self) -> str:
        from crm_app.pages.session.state import Session

        session: Any = await self.get_state(Session)
        return str(session.user_name)

    def _remind(self, name: str, after: float) -> None:
        """Have `_on_fact` called in this tab with a fact of our own in `after` seconds, unless the page was left.

        For screens that would rather read once after a burst of facts than once for each.
        """
        token = self.router.session.client_token
        live.bridge.remind(token, self.__class__, {"name": name}, after)

    async def _on_fact(self, fact: Fact) -> None:
        """React to a fact that this screen watches: read the changed thing by its id, assign the view.

        Runs with the state locked and `_work()` available, after the change was committed.
        """


@dataclass(frozen=True, slots=True)
class Page:
    """A screen as `@app_page` declared it."""

    route: str
    title_key: str
    permission: str
    content: Callable[[], rx.Component]
    on_load: Sequence[Any]
    shell: bool
    rail: bool


_pages: dict[str, Page] = {}


def app_page(
    route: str,
    *,
    title_key: str,
    permission: str = SIGNED_IN,
    on_load: Any = None,
    shell: bool = True,
    rail: bool = False,
) -> Callable[[Callable[[], rx.Component]], Callable[[], rx.Component]]:
    """Declare a function as the screen at `route`.

    `on_load` is one handler or a list; they run after the session was checked. With `shell`, navigation
    stands around it; `rail` asks for the narrow navigation (board and inbox).
    """
    events = [] if on_load is None else list(on_load) if isinstance(on_load, (list, tuple)) else [on_load]

    def declare(content: Callable[[], rx.Component]) -> Callable[[], rx.Component]:
        if route in _pages:
            raise ValueError(f"two pages claim {route}")
        _pages[route] = Page(route, title_key, permission, content, tuple(events), shell, rail)
        return content

    return declare


def pages() -> Sequence[Page]:
    """Return every page declared so far."""
    return tuple(_pages.values())
