"""Every handler that Reflex has registered, called by whoever must not: no data, no effect.

Nothing here is a list of what to test: handlers are read from Reflex's registry, their arguments from their
signatures, and each event goes through the real processor and guard. Whatever is added is attacked the day it is
written. What behaves otherwise is named below, with the reason.
"""

import json
from collections.abc import AsyncIterator, Awaitable, Callable, Iterable, Iterator

import psycopg
import pytest
import pytest_asyncio

from crm_app.config import forget_settings, use_settings
from crm_app.core.database import system_unit_of_work, unit_of_work
from crm_app.core.postgres import EmbeddedPostgres
from crm_app.core.tenancy import Actor
from crm_app.domains.accounts import service
from crm_app.domains.accounts.entry.links import _end_everything
from crm_app.domains.accounts.members import service as members
from crm_app.domains.accounts.models import Role, User
from crm_app.pages.policy import HELD, PLATFORM
from crm_app.pages.session.known import known_sessions
from crm_app.pages.session.state import Session
from crm_app.pages.session.toasts import Toasts
from tests.attacks.doors import Door, by_state, doors, payloads, places_of, public
from tests.attacks.household import NARROW, WIDE, Household, add_member
from tests.attacks.world import Watchman, World, build_world, mark_people
from tests.conftest import MakeOrganization, Tenant
from tests.life_cycle.operators import begin_as, put
from tests.pages.conftest import OpenTab, Tab

GROUPS = by_state()
each_state = pytest.mark.parametrize("group", sorted(GROUPS))

SHORT = "a world has one row of everything: there is no second page"
# Handlers of which nothing is seen even when an owner calls them with ids of their own, and why.
SILENT = {
    "AuditState.load_more": SHORT,
    "BoardState.load_more": SHORT,
    "ContactState.load_more": SHORT,
    "ContactsState.load_more": SHORT,
    "ThreadState.load_older": SHORT,
    "ThreadState.forget_older": SHORT,
    "ThreadState.unfold": "the world's message is not longer than what is shown of it",
    "OwnOutbox.send_again": "a letter is sent again only where there is a mail server",
    "DealState.lose": "the world's pipeline has one stage, and it is not that of lost deals",
    "MembersState.undo": "the world's hand-over moved nothing that could come back",
    "MembersState.view_as": "the doors before it have removed whom it names",
    "MembersState.withdraw": "the world's offer of ownership is too old",
    "ModulesState.choose": "the world's plan holds everything for everybody: there is nobody to choose",
    "ModulesState.unchoose": "nobody whom it names was chosen",
    "OwnershipState.accept": "the world's offer of ownership is too old",
    "OwnershipState.decline": "the world's offer of ownership is too old",
    "FactorsState.renew_codes": "there are codes only beside an authenticator app",
    "ProfileState.end_session": "the id is that of no session of the owner's",
    "Organizations.enter": "the owner is there already",
    "Notices.end_support": "no support is there that could be shown out",
    "Visiting.leave": "the owner looks through no eyes but their own",
    "TeamsState.delete": "the dialog that was opened last is that of a new team",
}


@pytest.fixture(autouse=True, scope="module")
def in_earnest() -> Iterator[None]:
    """The demo shows everybody's letters; a house where people work does not. And nobody waits for a vendor."""
    use_settings(demo=False)
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr("crm_app.pages.channels.connect_state.LOOK_EVERY_SECONDS", 0.01)
        yield
    forget_settings()


def sent_to(tab: Tab) -> str:
    """Return everything that was sent to a tab since `forget`."""
    return json.dumps([tab.deltas, tab.events], ensure_ascii=False)


def forget(tab: Tab) -> None:
    """Forget what was sent to a tab so far; it still knows its vars."""
    tab.deltas.clear()
    tab.events.clear()


async def knock(tab: Tab, door: Door, world: World) -> None:
    """Send every variant of an event."""
    for payload in payloads(door, world):
        await tab.send_raw(door.name, payload)


def seen_of(tab: Tab, door: Door) -> str:
    """Return what a tab knows of a door's state; the guard itself speaks through those of the frame."""
    return "" if door.state in {Session, Toasts} else json.dumps(tab.vars.get(door.state.get_full_name(), {}))


async def opened(tab: Tab, group: Iterable[Door], world: World) -> list[str]:
    """Knock at all doors of a state; returns those that were opened although they are not public."""
    found = []
    for door in group:
        before = seen_of(tab, door)
        await knock(tab, door, world)
        if not public(door) and seen_of(tab, door) != before:
            found.append(door.short)
    return found


async def control(tenant: Tenant) -> tuple[World, World]:
    """Return a world with its owner, and the same with a second member as the one whom ids name."""
    world = await build_world(tenant)
    await mark_people(tenant)
    async with unit_of_work(tenant.owner) as session:
        member = await add_member(session, tenant, "segunda", Role.SALES)
    return world, World(Tenant(tenant.organization, member, ""), world.ids)


def prove(keeper: psycopg.Connection, actor: Actor) -> None:
    """Let somebody's sessions count as freshly proven, as a thief could find them."""
    keeper.execute("UPDATE user_session SET proven_at = now() WHERE user_id = %s", (actor.user_id,))


def test_the_harness_reaches_the_house() -> None:
    """A test that found nothing to attack would pass for ever."""
    assert len(doors()) > 200
    assert len(GROUPS) > 35
    assert {door.permission for door in doors()} >= {"public", "any_session", "signed_in", "contacts.read", None}
    assert set(SILENT) <= {door.short for door in doors()}


@each_state
async def test_the_same_calls_by_the_owner_have_effect(
    group: str, open_tab: OpenTab, make_organization: MakeOrganization, keeper: psycopg.Connection
) -> None:
    """The control: attacks that fail because they are badly made would prove nothing."""
    world, other = await control(await make_organization())
    # What the platform alone may call is refused to owners, too; its own control is tests/pages/test_platform.py.
    owners = [door for door in GROUPS[group] if door.permission not in {None, PLATFORM}]
    silent = {door.short for door in owners}
    watchman = Watchman(keeper, world)
    for place in places_of(GROUPS[group][0].state, world):
        tab = await open_tab(world.tenant.owner, place)
        prove(keeper, world.tenant.owner)
        for door in GROUPS[group]:
            forget(tab)
            await knock(tab, door, other)
            moved = any(event["name"] == "_redirect" for event in tab.events)
            changed = [delta for delta in tab.deltas if door.state.get_full_name() in delta]
            if watchman.changes() or world.secret in sent_to(tab) or moved or changed:
                silent.discard(door.short)
    assert silent == {door.short for door in owners} & set(SILENT)


@each_state
async def test_a_stranger_opens_nothing(group: str, open_tab: OpenTab, victim: World, watchman: Watchman) -> None:
    for place in places_of(GROUPS[group][0].state, victim):
        tab = await open_tab(None, place)
        assert await opened(tab, GROUPS[group], victim) == []
        assert victim.secret not in sent_to(tab)
    watchman.assert_untouched()


@each_state
async def test_another_organizations_owner_reaches_nothing(
    group: str, open_tab: OpenTab, victim: World, intruder: World, watchman: Watchman, keeper: psycopg.Connection
) -> None:
    for place in places_of(GROUPS[group][0].state, victim):
        tab = await open_tab(intruder.tenant.owner, place)
        prove(keeper, intruder.tenant.owner)
        for _ in range(2):  # what the first round has opened, the second one could act on
            for door in GROUPS[group]:
                await knock(tab, door, victim)
        assert tab.state(Session)["signed_in"] is True
        assert victim.secret not in sent_to(tab)
    watchman.assert_untouched()


@each_state
@pytest.mark.parametrize("thief", ["nobody", "another organization's owner"])
async def test_a_stolen_client_token_opens_nothing(
    thief: str, group: str, open_tab: OpenTab, victim: World, intruder: World, watchman: Watchman
) -> None:
    """The thief comes with the token of somebody's tab, which has just loaded its page, and sends its events.

    It is the first one that meets the tab as its owner has left it, so several are the first in turn.
    """
    who = intruder.tenant.owner if "owner" in thief else None
    place = places_of(GROUPS[group][0].state, victim)[-1]
    doors_here = GROUPS[group]
    for first in sorted({0, len(doors_here) // 2, len(doors_here) - 1}):
        own = await open_tab(victim.tenant.owner, place)
        assert victim.secret in sent_to(own)
        await own.disconnect()
        watchman.changes()
        stolen = await open_tab(who, place, token=own.token, boot=False)
        assert stolen.token == own.token
        for door in (*doors_here[first:], *doors_here[:first]):
            await stolen.send_raw(door.name, payloads(door, victim)[0])
            assert victim.secret not in sent_to(stolen), door.short
        await stolen.disconnect()
        watchman.assert_untouched()


async def test_who_comes_while_the_tab_is_open_gets_a_tab_of_their_own(
    open_tab: OpenTab, victim: World, intruder: World, watchman: Watchman
) -> None:
    own = await open_tab(victim.tenant.owner, "/inbox")
    watchman.changes()
    for who in (None, intruder.tenant.owner):
        beside = await open_tab(who, "/inbox", token=own.token)
        assert beside.token != own.token
        for door in (*GROUPS["inbox.ThreadState"], *GROUPS["State"]):
            await beside.send_raw(door.name, payloads(door, victim)[0])
        assert victim.secret not in sent_to(beside)
    watchman.assert_untouched()
    assert own.state(Session)["signed_in"] is True


@each_state
@pytest.mark.parametrize("role", [role.value for role in WIDE])
async def test_a_lower_role_opens_only_what_it_holds(
    role: str, group: str, open_tab: OpenTab, household: Household, keeper: psycopg.Connection
) -> None:
    member = household.members[role]
    held = {*member.permissions, "public", "signed_in", "any_session", "any_tab", "held"}
    refused = [door for door in GROUPS[group] if door.permission not in held and not public(door)]
    if not refused:
        return
    tab = await open_tab(member, places_of(GROUPS[group][0].state, household.world)[-1])
    watchman = Watchman(keeper, household.world)
    assert await opened(tab, refused, household.world) == []
    watchman.assert_untouched()
    assert tab.state(Session)["role"] == role


@each_state
@pytest.mark.parametrize("role", [f"{role.value}, own" for role in NARROW])
async def test_whoever_reaches_only_their_own_sees_and_changes_nothing_of_a_colleague(
    role: str, group: str, open_tab: OpenTab, household: Household, keeper: psycopg.Connection
) -> None:
    watchman = Watchman(keeper, household.world, household.watched())
    for place in places_of(GROUPS[group][0].state, household.colleague):
        tab = await open_tab(household.members[role], place)
        prove(keeper, household.members[role])
        for door in GROUPS[group]:
            await knock(tab, door, household.colleague)
            assert household.colleague.secret not in sent_to(tab), door.short
    watchman.assert_untouched()
    assert tab.state(Session)["signed_in"] is True


Ending = Callable[[Household], Awaitable[None]]


async def _sign_out(household: Household) -> None:
    leaver = household.members["leaver"]
    async with unit_of_work(leaver) as session:
        await service.sign_out_everywhere(session, leaver)


async def _deactivate(household: Household) -> None:
    leaver, owner = household.members["leaver"], household.world.tenant.owner
    assert leaver.user_id
    async with unit_of_work(owner) as session:
        await members.deactivate_member(session, owner, user_id=leaver.user_id)


async def _reset_password(household: Household) -> None:
    """What a link for a lost password does once it was opened."""
    async with system_unit_of_work() as session:
        user = await session.get_one(User, household.members["leaver"].user_id)
        await _end_everything(session, user, "")


ENDINGS = {"signed out": _sign_out, "deactivated": _deactivate, "password reset": _reset_password}


@pytest_asyncio.fixture
async def comes_back(household: Household) -> AsyncIterator[None]:
    """Whoever was shut out in this test is let in again."""
    yield
    leaver, owner = household.members["leaver"], household.world.tenant.owner
    assert leaver.user_id
    async with unit_of_work(owner) as session:
        await members.activate_member(session, owner, user_id=leaver.user_id)


@each_state
@pytest.mark.parametrize("ending", sorted(ENDINGS))
@pytest.mark.usefixtures("comes_back")
async def test_an_open_tab_opens_nothing_once_its_session_is_over(
    ending: str, group: str, open_tab: OpenTab, household: Household, keeper: psycopg.Connection
) -> None:
    """The socket stays open; what the tab shows goes at once, and its next event is a stranger's."""
    tab = await open_tab(household.members["leaver"], places_of(GROUPS[group][0].state, household.world)[-1])
    assert tab.state(Session)["signed_in"] is True
    await ENDINGS[ending](household)
    await tab.settle()
    forget(tab)
    watchman = Watchman(keeper, household.world)
    assert await opened(tab, GROUPS[group], household.world) == []
    watchman.assert_untouched()
    assert household.world.secret not in sent_to(tab)
    assert tab.state(Session)["signed_in"] is False


@pytest_asyncio.fixture
async def works_again(household: Household, db: EmbeddedPostgres) -> AsyncIterator[None]:
    """An organization that was suspended in this test goes on afterwards."""
    yield
    begin_as(db, household.world.tenant.organization.id, "active")
    known_sessions.clear()


@each_state
@pytest.mark.parametrize("when", ["while the tab was open", "before"])
@pytest.mark.usefixtures("works_again")
async def test_a_suspended_organization_opens_nothing(
    when: str,
    group: str,
    open_tab: OpenTab,
    household: Household,
    operator: Actor,
    db: EmbeddedPostgres,
    keeper: psycopg.Connection,
) -> None:
    """What its people may still do is leave, and read why."""
    place = places_of(GROUPS[group][0].state, household.world)[-1]
    if when == "before":
        await put(db, operator, household.world.tenant.organization.id, "suspended")
    tab = await open_tab(household.members["leaver"], place)
    if when != "before":
        await put(db, operator, household.world.tenant.organization.id, "suspended")
        await tab.settle()
        forget(tab)
    closed = [door for door in GROUPS[group] if door.permission != HELD]
    watchman = Watchman(keeper, household.world)
    assert await opened(tab, closed, household.world) == []
    watchman.assert_untouched()
    assert household.world.secret not in sent_to(tab)
