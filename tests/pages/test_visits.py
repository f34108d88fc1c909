"""Seeing the app as a member sees it, in tabs: every window follows, nothing is left behind."""

import inspect
from dataclasses import dataclass
from typing import Any

import psycopg
import pytest
import pytest_asyncio

from crm_app.core.database import unit_of_work
from crm_app.core.postgres import EmbeddedPostgres
from crm_app.domains.accounts.members import service as members
from crm_app.domains.accounts.models import Role
from crm_app.pages.base import pages
from crm_app.pages.guard import FRAMEWORK_EVENTS
from crm_app.pages.inbox.state_thread import ThreadState
from crm_app.pages.members.state import MembersState
from crm_app.pages.policy import PUBLIC, registered_handlers
from crm_app.pages.presence import presence
from crm_app.pages.session.organizations import Organizations
from crm_app.pages.session.state import Session
from crm_app.pages.session.visit import Visiting
from tests.accounts.visiting import run_out, who_is
from tests.attacks.conftest import _new_world
from tests.attacks.examples import TABLE_OF
from tests.attacks.world import Watchman, World
from tests.conftest import MakeActor, Tenant
from tests.pages.conftest import OpenTab, Tab, session_token_for
from tests.pages.sample import Sample

MEMBERS = "/settings/members"


@dataclass
class Looking:
    """A tab that looks through a member's eyes, and the session behind it."""

    tab: Tab
    token: str

    @property
    def cookie(self) -> str:
        """The cookie of the session."""
        return f"prumo_session={self.token}"


async def look(open_tab: OpenTab, visitor: Any, member: Any, path: str = "/contacts") -> Looking:
    """Start from the members' screen, and load a page then, as the browser does."""
    token = await session_token_for(visitor)
    tab = await open_tab(None, MEMBERS, cookie=f"prumo_session={token}")
    await tab.send(MembersState.load)
    await tab.send(MembersState.view_as, user_id=str(member.user_id))
    assert tab.state(Session)["leave_to"] == "/", tab.toasts()
    await tab.disconnect()  # the browser loads the page anew
    return Looking(await open_tab(None, path, cookie=f"prumo_session={token}", token=tab.token), token)


async def test_every_window_of_the_session_follows(
    open_tab: OpenTab, tenant: Tenant, make_actor: MakeActor
) -> None:
    seller = await make_actor()
    token = await session_token_for(tenant.owner)
    cookie = f"prumo_session={token}"
    first, second = [await open_tab(None, MEMBERS, cookie=cookie) for _ in range(2)]
    elsewhere = await open_tab(tenant.owner, MEMBERS)
    for tab in (first, second, elsewhere):
        await tab.send(Sample.somebody)
    await first.send(MembersState.view_as, user_id=str(seller.user_id))
    for tab in (first, second):
        await tab.settle()
        assert (tab.state(Session)["leave_to"], tab.state(Sample)["secret_of_user"]) == ("/", "")
    assert elsewhere.state(Sample)["secret_of_user"] == "only mine"
    again = await open_tab(None, "/contacts", cookie=cookie, token=second.token)
    shown = again.state(Session)
    assert (shown["visiting"], shown["user_name"], shown["role"]) == ("view_as", "Sales de Teste", "sales")
    assert "messages.send" in shown["permissions"], "the controls are those that the person has"
    assert "members.manage" not in shown["permissions"]
    await again.send(Visiting.leave)
    assert again.state(Session)["leave_to"] == "/"
    back = await open_tab(None, "/contacts", cookie=cookie, token=again.token)
    assert (back.state(Session)["visiting"], back.state(Session)["role"]) == ("", "owner")


async def test_a_window_begins_anew_when_the_time_is_up(
    open_tab: OpenTab, tenant: Tenant, make_actor: MakeActor
) -> None:
    looking = await look(open_tab, tenant.owner, await make_actor())
    await looking.tab.send(Sample.somebody)
    await run_out(tenant.owner)
    from crm_app.pages.session.known import known_sessions

    known_sessions.clear()
    await looking.tab.send(Sample.somebody)
    assert looking.tab.state(Session)["leave_to"] == "/"
    assert looking.tab.state(Sample)["secret_of_user"] == ""


async def test_windows_close_when_the_member_goes(
    open_tab: OpenTab, tenant: Tenant, make_actor: MakeActor
) -> None:
    seller = await make_actor()
    looking = await look(open_tab, tenant.owner, seller)
    assert seller.user_id
    async with unit_of_work(tenant.owner) as session:
        await members.deactivate_member(session, tenant.owner, user_id=seller.user_id)
    await looking.tab.settle()
    assert looking.tab.state(Session)["leave_to"] == "/"
    assert (await who_is(looking.token)).actor.visit is None


async def test_nobody_is_seen_to_be_there(open_tab: OpenTab, tenant: Tenant, make_actor: MakeActor) -> None:
    seller = await make_actor()
    await look(open_tab, tenant.owner, seller)
    online = {person.user_id for person in presence.online(str(tenant.organization.id))}
    assert str(seller.user_id) not in online
    assert str(tenant.owner.user_id) not in online


async def test_what_a_screen_does_by_itself_is_refused_without_a_word(
    open_tab: OpenTab, tenant: Tenant, make_actor: MakeActor
) -> None:
    looking = await look(open_tab, tenant.owner, await make_actor(), "/inbox")
    some = str(tenant.organization.id)
    await looking.tab.send(ThreadState.mark_seen, conversation_id=some)
    await looking.tab.send(ThreadState.tell_typing, conversation_id=some)
    await looking.tab.send(Organizations.look, wish=True)
    assert looking.tab.toasts() == []
    await looking.tab.send(ThreadState.mark_unread)
    assert looking.tab.toasts() == ["errors.read_only"]


async def test_only_who_visits_can_leave(open_tab: OpenTab, tenant: Tenant) -> None:
    tab = await open_tab(tenant.owner, "/contacts")
    await tab.send(Visiting.leave)
    assert tab.toasts() == ["errors.forbidden"]


async def test_the_members_own_account_stays_closed(
    open_tab: OpenTab, tenant: Tenant, make_actor: MakeActor
) -> None:
    looking = await look(open_tab, tenant.owner, await make_actor(), "/settings/profile")
    assert looking.tab.state(Session)["denied"] is True
    assert looking.tab.toasts() == []


async def test_every_screen_of_an_admin_opens_without_a_complaint(
    open_tab: OpenTab, tenant: Tenant, make_actor: MakeActor
) -> None:
    looking = await look(open_tab, tenant.owner, await make_actor(Role.ADMIN))
    for page in pages():
        if not page.shell or "[" in page.route:
            continue
        tab = await open_tab(None, page.route, cookie=looking.cookie)
        for entry in page.on_load:
            await tab.send(entry)
        assert tab.toasts() == [], page.route


@pytest_asyncio.fixture(scope="session")
async def visited(db: EmbeddedPostgres) -> World:
    """An organization with a row of everything."""
    return await _new_world("vista")


def _payload(function: Any, world: World) -> dict[str, Any]:
    return {
        name: _value(name, parameter, world)
        for name, parameter in inspect.signature(function).parameters.items()
        if name != "self"
    }


def _value(name: str, parameter: inspect.Parameter, world: World) -> Any:
    table = TABLE_OF.get(name, name.removesuffix("_id"))
    if table == "user":
        return str(world.user_id)
    if name.endswith("_id") and table in world.ids:
        return str(world.ids[table])
    kinds = {bool: True, int: 1, float: 1.0, dict: {}, list: [], str: "x"}
    kind = parameter.annotation if parameter.annotation in kinds else str(parameter.annotation).partition("[")[0]
    return {**kinds, "dict": {}, "list": []}.get(kind, "x")


async def test_no_handler_changes_anything(
    open_tab: OpenTab,
    keeper: psycopg.Connection,
    visited: World,
    reflex_app: Any,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """Every registered handler, with ids of things that exist, sent by a window with an admin's eyes."""
    from tests.conftest import _add_member

    monkeypatch.setattr("crm_app.pages.channels.connect_state.LOOK_EVERY_SECONDS", 0.01)
    async with unit_of_work(visited.tenant.owner) as session:
        admin, _ = await _add_member(session, visited.tenant.organization, Role.ADMIN)
    looking = await look(open_tab, visited.tenant.owner, admin)
    watch = Watchman(keeper, visited)
    from reflex_base.registry import RegistrationContext

    entries = RegistrationContext.ensure_context().event_handlers
    jobs = f"SELECT count(*) FROM procrastinate_jobs WHERE args::text LIKE '%{visited.tenant.organization.id}%'"
    before = keeper.execute(jobs).fetchone()
    tried = 0
    for name, permission in registered_handlers().items():
        leaves = name.endswith(".leave") and "visiting" in str(permission)
        if permission is None or permission == PUBLIC or name in FRAMEWORK_EVENTS or leaves:
            continue
        payload = _payload(entries[name].handler.fn, visited)
        await looking.tab.send_raw(name, payload)
        watch.assert_untouched()
        tried += 1
    assert keeper.execute(jobs).fetchone() == before
    assert tried > 100
    assert (await who_is(looking.token)).actor.visit
