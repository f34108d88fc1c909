"""What a screen shows when it cannot be read: not an endless skeleton but a way to try again."""

from typing import Any

import pytest
import reflex as rx

from crm_app.core.ids import new_id
from crm_app.core.tenancy import Actor
from crm_app.pages import base, routes
from tests.pages.conftest import OpenTab


def states() -> list[type[rx.State]]:
    """Return every screen's state that knows whether it could be read."""
    routes.discover_pages()
    return [one for one in base.PageState.__subclasses__() if {"loading", "failed", "load"} <= set(dir(one))]  # type: ignore[misc]


@pytest.mark.parametrize("state", states(), ids=lambda one: one.__name__)
async def test_what_cannot_be_read_can_be_tried_again(
    state: type[Any], open_tab: OpenTab, actor: Actor, monkeypatch: pytest.MonkeyPatch
) -> None:
    def away(_actor: Actor) -> Any:
        raise ConnectionRefusedError("the database is away")

    tab = await open_tab(actor, f"/contacts/{new_id()}")
    with monkeypatch.context() as patch:
        patch.setattr(base, "unit_of_work", away)
        await tab.send(state.load)
        assert tab.state(state)["failed"] is True
        assert tab.state(state).get("loading") is False
    await tab.send(state.load)
    assert tab.state(state)["failed"] is False


def test_the_screens_are_found() -> None:
    assert {one.__name__ for one in states()} >= {"InboxState", "ContactsState", "MembersState", "ChannelsState"}
