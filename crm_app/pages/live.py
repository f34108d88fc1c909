"""The bridge from the live hub to browser tabs: which tab looks at what, and how a fact reaches it.

One listener per process. A fact wakes only the tabs of its organization that watch it; each tab is woken at most
once at a time, with everything that has gathered meanwhile, so a burst costs one state lock and one delta.
"""

import asyncio
from collections.abc import Callable, Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from typing import Any
from uuid import UUID

import reflex as rx
import structlog
from reflex.istate.manager.token import BaseStateToken
from reflex.state import State
from reflex_base.event.context import EventContext

from crm_app.core import hub
from crm_app.core.database import unit_of_work
from crm_app.core.life_cycle import standing_of
from crm_app.core.tenancy import Actor
from crm_app.core.trace import trace
from crm_app.domains.accounts.factors import service as own_factors
from crm_app.pages.current import acting_as, current_actor
from crm_app.pages.routes import HOME, LOGIN, PROFILE, SUSPENDED

log = structlog.get_logger(__name__)

AT_ONCE = 32
"""How many tabs are being updated at the same time; the rest wait their turn."""
MOST_WAITING = 200
"""Facts kept for one slow tab; beyond that the oldest go, and the tab catches up on its next load."""

_OVER = {"session.revoked": "/login", "session.moved": "/", "member.role": "."}
"""Facts after which all that a person's tabs show is over, and where these go: `.` loads the same page again."""

Fact = dict[str, Any]


@dataclass(frozen=True, slots=True)
class Watch:
    """One state of one tab that wants to hear of some facts."""

    state: type[State]
    names: tuple[str, ...]
    ids: dict[str, str]
    later: bool = False
    """What stands beside the matter of the page may wait until that has been served."""

    def wants(self, fact: Fact) -> bool:
        """Tell whether this watch is about `fact`. A name that ends in a dot stands for all that begin so."""
        name = fact["name"]
        named = any(name == wish or (wish.endswith(".") and name.startswith(wish)) for wish in self.names)
        return named and all(str(fact.get(key, "")) == value for key, value in self.ids.items())


@dataclass(slots=True)
class Tab:
    """A browser tab that is looking at something live."""

    token: str
    actor: Actor
    watches: dict[type[State], Watch] = field(default_factory=dict)
    waiting: list[tuple[type[State], Fact]] = field(default_factory=list)
    busy: bool = False


class Bridge:
    """The tabs of this process, by organization."""

    def __init__(self) -> None:
        self._tabs: dict[str, Tab] = {}
        self._by_organization: dict[str, dict[str, Tab]] = {}
        self._turns = asyncio.Semaphore(AT_ONCE)
        self._tasks: set[asyncio.Task[None]] = set()
        self._app: rx.App | None = None

    def start(self, app: rx.App) -> Callable[[], None]:
        """Begin to carry facts to the tabs of `app`; returns the function that ends it. The hub must be open."""
        self._app = app
        self._turns = asyncio.Semaphore(AT_ONCE)
        return hub.listen(self.hear)

    async def stop(self) -> None:
        """Forget all tabs and end what is being delivered."""
        for task in list(self._tasks):
            task.cancel()
            with suppress(asyncio.CancelledError):
                await task
        self._tabs.clear()
        self._by_organization.clear()

    def watch(self, token: str, actor: Actor, watch: Watch) -> None:
        """Note what a state of a tab wants to hear of; replaces what it wanted before."""
        tab = self._tabs.get(token)
        if tab is None or tab.actor.session_id != actor.session_id:
            self.leave(token)
            tab = self._tabs[token] = Tab(token, actor)
            self._by_organization.setdefault(str(actor.organization_id), {})[token] = tab
        tab.actor = actor
        tab.watches[watch.state] = watch

    def leave(self, token: str, keep: Sequence[type[State]] = ()) -> None:
        """Forget what a tab looks at (it navigates, disconnects or signs out), but for the states to keep."""
        tab = self._tabs.get(token)
        if tab is None:
            return
        tab.watches = {state: watch for state, watch in tab.watches.items() if state in keep}
        tab.waiting = [item for item in tab.waiting if item[0] in tab.watches]
        if not tab.watches:
            del self._tabs[token]
            peers = self._by_organization.get(str(tab.actor.organization_id), {})
            peers.pop(token, None)
            if not peers:
                self._by_organization.pop(str(tab.actor.organization_id), None)

    def remind(self, token: str, state: type[State], fact: Fact, after: float) -> None:
        """Tell `fact` to one state of one tab in `after` seconds, if that state still watches then."""
        asyncio.get_running_loop().call_later(after, self._remind_now, token, state, fact)

    def _remind_now(self, token: str, state: type[State], fact: Fact) -> None:
        tab = self._tabs.get(token)
        if tab is not None and state in tab.watches:
            self._add(tab, [(state, fact)])

    def tabs_of(self, organization_id: str) -> Sequence[Tab]:
        """Return the tabs of an organization in this process."""
        return tuple(self._by_organization.get(organization_id, {}).values())

    async def hear(self, fact: Fact) -> None:
        """Wake the tabs that watch `fact`."""
        if fact["name"] in _OVER:
            self._close_tabs(fact, _OVER[fact["name"]])
        if fact["name"] == "organization.factors":
            await self._hold_back(str(fact["organization_id"]))
        if fact["name"] == "organization.state":
            self._follow_state(fact)
        if fact["name"] == "organization.modules":
            for tab in self.tabs_of(str(fact["organization_id"])):
                self._send_away(tab, ".")  # menus and pages are others now
        for tab in self.tabs_of(str(fact.get("organization_id", ""))):
            wanting = [watch.state for watch in tab.watches.values() if watch.wants(fact)]
            if wanting:
                self._add(tab, [(state, fact) for state in wanting])

    def _add(self, tab: Tab, items: list[tuple[type[State], Fact]]) -> None:
        tab.waiting = [item for item in tab.waiting if item not in items] + items
        del tab.waiting[:-MOST_WAITING]
        if not tab.busy:
            tab.busy = True
            task = asyncio.create_task(self._serve(tab), name=f"live|{tab.token}")
            self._tasks.add(task)
            task.add_done_callback(self._tasks.discard)

    async def _serve(self, tab: Tab) -> None:
        """Deliver to one tab until nothing waits; a failure here is nobody else's."""
        try:
            while tab.waiting and self._tabs.get(tab.token) is tab:
                async with self._turns:
                    await self._deliver(tab, _next_batch(tab))
        except Exception:
            log.exception("live delivery failed", client_token=tab.token)
        finally:
            tab.busy = False

    async def _deliver(self, tab: Tab, batch: list[tuple[type[State], Fact]]) -> None:
        if self._app is None or not batch:
            return
        key = BaseStateToken(ident=tab.token, cls=batch[0][0])
        with acting_as(tab.actor):
            async with self._app.modify_state(key) as root:
                for state_class, fact in batch:
                    await _tell(await root.get_state(state_class), fact)

    def _close_tabs(self, fact: Fact, leave_to: str) -> None:
        """Empty the tabs of a person (of one session, when the fact names one) and send them on."""
        for tab in (*self.tabs_of(str(fact["organization_id"])), *self._visitors(fact)):
            if fact.get("session_id") not in (None, "None", str(tab.actor.session_id)):
                continue
            if fact["user_id"] == str(_person_at(tab)):
                self._send_away(tab, leave_to)
            elif fact["user_id"] == str(tab.actor.user_id):
                self._send_away(tab, HOME)  # something about whom they look through: it is decided anew

    def _visitors(self, fact: Fact) -> Sequence[Tab]:
        """Return the tabs in which a person looks at another organization than their own."""
        return tuple(
            tab
            for tab in self._tabs.values()
            if tab.actor.visit is not None
            and str(_person_at(tab)) == fact["user_id"]
            and str(tab.actor.organization_id) != str(fact["organization_id"])
        )

    def _send_away(self, tab: Tab, leave_to: str) -> None:
        self.leave(tab.token)
        task = asyncio.create_task(self._show_out(tab.token, leave_to), name=f"live-out|{tab.token}")
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)

    def _follow_state(self, fact: Fact) -> None:
        """Empty the tabs of an organization that begins or ceases to work, and send them to what holds now."""
        now = standing_of(fact["after"])
        if now.works == standing_of(fact["before"]).works and now.enters:
            return
        leave_to = HOME if now.works else SUSPENDED if now.enters else LOGIN
        for tab in self.tabs_of(str(fact["organization_id"])):
            self._send_away(tab, leave_to)

    async def _hold_back(self, organization_id: str) -> None:
        """Empty the tabs of people who must set up a second factor first, and send them to where that is done."""
        for tab in self.tabs_of(organization_id):
            own = tab.actor.visit.visitor if tab.actor.visit else tab.actor
            if str(own.organization_id) != organization_id:
                continue
            async with unit_of_work(own) as session:
                lacking = await own_factors.lacks_factor(session, own)
            if lacking:
                self._send_away(tab, PROFILE)

    async def _show_out(self, token: str, leave_to: str) -> None:
        from crm_app.pages.guard import wipe
        from crm_app.pages.session.state import Session

        if self._app is None:
            return
        try:
            async with self._app.modify_state(BaseStateToken(ident=token, cls=State)) as root:
                await wipe(root, stay_hydrated=True)
                (await root.get_state(Session)).leave_to = leave_to
        except Exception:
            log.exception("could not close a tab", client_token=token)


def _person_at(tab: Tab) -> UUID | None:
    """Return who sits before a tab, through whosever eyes they look."""
    return tab.actor.visit.visitor.user_id if tab.actor.visit else tab.actor.user_id


def _next_batch(tab: Tab) -> list[tuple[type[State], Fact]]:
    """Take what waits for the screen; when there is nothing, what may wait."""
    later = {state for state, watch in tab.watches.items() if watch.later}
    first = [item for item in tab.waiting if item[0] not in later]
    batch = first or tab.waiting
    tab.waiting = [item for item in tab.waiting if item[0] in later] if first else []
    return batch


async def _tell(state: Any, fact: Fact) -> None:
    with trace(fact.get("trace_id") or None, fact=fact["name"]):
        try:
            await state._on_fact(fact)
        except Exception:
            log.exception("a screen could not follow a fact", state=type(state).__name__)


bridge = Bridge()


def watch(state: type[State], names: Sequence[str], ids: dict[str, Any], *, later: bool = False) -> None:
    """Have `state._on_fact` called in the tab whose event is running."""
    token = EventContext.get().token
    own = {key: str(value) for key, value in ids.items()}
    bridge.watch(token, current_actor(), Watch(state, tuple(names), own, later))
