"""Every event passes the guard: forged, undeclared, chained, in the background, after a log-out."""

import time
from typing import Any

import pytest

from crm_app.core.database import unit_of_work
from crm_app.core.limits import Throttle
from crm_app.domains.accounts import service
from crm_app.domains.accounts.permissions import ALL_PERMISSIONS
from crm_app.pages import guard
from crm_app.pages.base import pages
from crm_app.pages.guard import FRAMEWORK_EVENTS, HYDRATE
from crm_app.pages.policy import (
    ANY_SESSION,
    ANY_TAB,
    HELD,
    PLATFORM,
    PUBLIC,
    SIGNED_IN,
    VISITING,
    handler,
    registered_handlers,
)
from crm_app.pages.session.state import Session
from tests.pages.conftest import OpenTab, session_token_for
from tests.pages.sample import Sample

NAME = Sample.get_full_name()


def test_every_handler_has_a_policy(reflex_app: Any) -> None:
    open_by_name = {"set_is_hydrated", "update_vars_internal"}
    unknown = [
        name
        for name, permission in registered_handlers().items()
        if permission is None
        and name not in FRAMEWORK_EVENTS
        and name.rpartition(".")[2] not in {"setvar", *open_by_name}
        and not name.startswith(NAME)
    ]
    assert unknown == []


def test_every_permission_is_known(reflex_app: Any) -> None:
    known = ALL_PERMISSIONS | {PUBLIC, SIGNED_IN, ANY_SESSION, ANY_TAB, HELD, PLATFORM, VISITING, None}
    assert {page.permission for page in pages()} <= known
    assert set(registered_handlers().values()) <= known


def test_no_handler_is_a_setter(reflex_app: Any) -> None:
    ours = [name for name in registered_handlers() if "crm_app___" in name]
    assert [name for name in ours if name.rpartition(".")[2].startswith("set_")] == []
    with pytest.raises(ValueError, match="set_"):

        @handler(SIGNED_IN)
        async def set_something(self: Any) -> None:
            """A name that Reflex would treat as a setter."""


def test_framework_names_exist(reflex_app: Any) -> None:
    assert set(registered_handlers()) >= FRAMEWORK_EVENTS


async def test_a_flood_of_events_is_not_carried_out(
    open_tab: OpenTab, actor: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    tab, stranger = await open_tab(actor), await open_tab(None)
    monkeypatch.setattr(guard, "_by_sender", Throttle("events-flood", "5/minute"))
    for _ in range(8):
        await tab.send(Sample.somebody)
    assert tab.state(Sample)["calls"] == ["somebody"] * 5
    assert tab.toasts()[-1] == "errors.too_many_requests"
    await stranger.send(Sample.anybody)  # somebody else is not held up
    assert stranger.state(Sample)["calls"] == ["anybody"]


async def test_what_handlers_send_on_is_nobodys_hurry(
    open_tab: OpenTab, actor: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(guard, "_by_sender", Throttle("events-chain", "2/minute"))
    tab = await open_tab(actor)  # loading a page sends on
    await tab.send(Sample.somebody)
    assert tab.state(Sample)["calls"] == ["somebody"]


async def test_signed_out_reaches_only_public_handlers(open_tab: OpenTab) -> None:
    tab = await open_tab(None)
    await tab.send(Sample.anybody)
    await tab.send(Sample.somebody)
    assert tab.state(Sample)["calls"] == ["anybody"]
    assert tab.redirects()[-1].startswith("/login")
    assert tab.state(Session)["signed_in"] is False


async def test_forged_cookie_is_nobody(open_tab: OpenTab) -> None:
    for cookie in (
        "prumo_session=forged",
        "prumo_session=" + "x" * 5000,
        "prumo_session=\x00;",
        "=;=;prumo_session",
    ):
        tab = await open_tab(None, cookie=cookie)
        await tab.send(Sample.somebody)
        assert tab.state(Sample)["calls"] == []


async def test_signed_in_is_shown_who_they_are(open_tab: OpenTab, tenant: Any) -> None:
    tab = await open_tab(tenant.owner)
    shown = tab.state(Session)
    assert shown["signed_in"] is True
    assert shown["organization_name"] == tenant.organization.name
    assert "members.manage" in shown["permissions"]
    assert not any(key.startswith("_") for key in shown)


async def test_permission_is_held_against_the_role(open_tab: OpenTab, make_actor: Any, actor: Any) -> None:
    viewer = await open_tab(await make_actor("viewer"))
    await viewer.send(Sample.managers)
    assert viewer.state(Sample)["calls"] == []
    assert viewer.toasts() == ["errors.forbidden"]
    owner = await open_tab(actor)
    await owner.send(Sample.managers)
    assert owner.state(Sample)["calls"] == ["managers"]


async def test_chained_events_are_checked_too(open_tab: OpenTab, make_actor: Any) -> None:
    tab = await open_tab(await make_actor("viewer"))
    await tab.send(Sample.chain)
    assert tab.state(Sample)["calls"] == []
    assert tab.toasts() == ["errors.forbidden"]


async def test_background_events_are_checked_and_act_for_their_organization(
    open_tab: OpenTab, make_actor: Any, tenant: Any, other_tenant: Any
) -> None:
    sales = await open_tab(await make_actor("sales"))
    await sales.send(Sample.managers_in_background)
    assert sales.state(Sample)["members"] == []
    owner = await open_tab(tenant.owner)
    await owner.send(Sample.managers_in_background)
    assert tenant.owner_email in owner.state(Sample)["members"]
    assert other_tenant.owner_email not in owner.state(Sample)["members"]


@pytest.mark.parametrize(
    ("name", "payload"),
    [
        (f"{NAME}.undeclared", {}),
        (f"{NAME}.setvar", {"var_name": "calls", "value": ["owned"]}),
        ("reflex___state____state.setvar", {"var_name": "is_hydrated", "value": False}),
        ("reflex___state____state.set_is_hydrated", {"value": False}),
        (
            "reflex___state____state.reflex___state____update_vars_internal_state.update_vars_internal",
            {"vars": {f"{NAME}.calls": ["owned"]}},
        ),
        (f"{NAME}._work", {}),
        (f"{NAME}._on_fact", {"fact": {"name": "x"}}),
        (f"{NAME}.no_such_thing", {}),
        ("", {}),
    ],
)
async def test_what_is_not_declared_is_refused(
    open_tab: OpenTab, actor: Any, name: str, payload: dict[str, Any]
) -> None:
    tab = await open_tab(actor)
    before = dict(tab.state(Sample))
    await tab.send_raw(name, payload)
    assert {key: tab.state(Sample)[key] for key in before} == before
    await tab.send(Sample.somebody)
    assert tab.state(Sample)["calls"] == ["somebody"]


async def test_session_vars_cannot_be_written(open_tab: OpenTab, make_actor: Any) -> None:
    tab = await open_tab(await make_actor("viewer"))
    full = Session.get_full_name()
    await tab.send_raw(f"{full}.setvar", {"var_name": "permissions", "value": ["members.manage"]})
    await tab.send_raw(HYDRATE, {"vars": {f"{full}.permissions": ["members.manage"]}})
    await tab.send(Sample.managers)
    assert tab.state(Sample)["calls"] == []


async def test_log_out_ends_an_open_socket_at_once(open_tab: OpenTab, actor: Any) -> None:
    tab = await open_tab(actor)
    await tab.send(Sample.somebody)
    assert tab.state(Sample)["secret_of_user"] == "only mine"
    async with unit_of_work(actor) as session:
        await service.sign_out_everywhere(session, actor)
    await tab.settle()
    await tab.send(Sample.somebody)
    assert tab.state(Sample)["calls"] == []
    assert tab.state(Sample)["secret_of_user"] == ""
    assert tab.state(Session)["signed_in"] is False
    assert tab.redirects()[-1].startswith("/login")


async def test_a_tab_that_changes_hands_is_wiped_first(open_tab: OpenTab, actor: Any, make_actor: Any) -> None:
    first = await open_tab(actor)
    await first.send(Sample.somebody)
    await first.disconnect()
    second = await open_tab(await make_actor("sales"), token=first.token)
    assert second.token == first.token
    assert second.state(Sample)["secret_of_user"] == ""
    assert second.state(Session)["role"] == "sales"


async def test_a_tab_without_session_gets_nothing_of_the_one_before(open_tab: OpenTab, actor: Any) -> None:
    first = await open_tab(actor)
    await first.send(Sample.somebody)
    await first.disconnect()
    second = await open_tab(None, token=first.token)
    assert second.state(Sample)["secret_of_user"] == ""
    assert second.state(Session)["user_email"] == ""


async def test_expected_failure_is_explained(open_tab: OpenTab, actor: Any) -> None:
    tab = await open_tab(actor)
    await tab.send(Sample.conflict)
    assert tab.toasts() == ["errors.conflict"]


async def test_unexpected_failure_gives_nothing_away(open_tab: OpenTab, actor: Any) -> None:
    tab = await open_tab(actor)
    await tab.send(Sample.crash)
    assert tab.toasts() == ["errors.unexpected"]
    assert "inside of the house" not in str(tab.deltas)


async def test_undo_runs_through_the_guard(open_tab: OpenTab, actor: Any) -> None:
    from crm_app.pages.session.toasts import Toasts

    tab = await open_tab(actor)
    await tab.send(Sample.offer_undo)
    (toast,) = tab.state(Toasts)["items"]
    assert toast["undo"] is True
    await tab.send(Toasts.undo, toast_id=toast["id"])
    assert tab.state(Sample)["calls"] == ["somebody"]
    assert tab.state(Toasts)["items"] == []


async def test_the_guard_costs_less_than_a_millisecond(open_tab: OpenTab, actor: Any, reflex_app: Any) -> None:
    token = await session_token_for(actor)
    await guard.known_sessions.resolve(token)
    started = time.perf_counter()
    for _ in range(500):
        assert await guard.known_sessions.resolve(guard.session_token(f"theme=dark; prumo_session={token}"))
    assert (time.perf_counter() - started) / 500 < 0.001


def test_origins_are_pinned(reflex_app: Any) -> None:
    origins = reflex_app.sio.eio.cors_allowed_origins
    assert origins
    assert "*" not in origins
