"""The platform's screens: who gets in, what a stale proof shows, and what they tell."""

from collections.abc import AsyncIterator
from datetime import timedelta
from typing import Any

import pytest
import pytest_asyncio

from crm_app.core import checks
from crm_app.core.database import system_unit_of_work
from crm_app.core.i18n import translate
from crm_app.core.postgres import EmbeddedPostgres
from crm_app.core.sql import fetch_value, run
from crm_app.core.tenancy import Actor
from crm_app.domains.accounts.sessions.known import known_sessions
from crm_app.pages.base import PLATFORM
from crm_app.pages.platform.detail_state import OrganizationState
from crm_app.pages.platform.gate import Gate
from crm_app.pages.platform.health_state import HealthState
from crm_app.pages.platform.list_state import OrganizationsState
from crm_app.pages.platform.trail_state import TrailState
from crm_app.pages.platform.usage_state import UsageState
from crm_app.pages.policy import registered_handlers
from crm_app.pages.session.proof import ProofState
from crm_app.pages.session.state import Session
from tests.conftest import PASSWORD, MakeOrganization, Tenant
from tests.life_cycle.operators import grant
from tests.life_cycle.test_platform import enter, somebody
from tests.pages.conftest import OpenTab, session_token_for

STATES = (OrganizationsState, OrganizationState, UsageState, HealthState, TrailState)


@pytest_asyncio.fixture
async def cookie(db: EmbeddedPostgres) -> AsyncIterator[str]:
    """The cookie of somebody who runs the platform, belongs to no organization and has just signed in."""
    user = await somebody()
    grant(db, user.id)
    yield f"prumo_session={(await enter(user)).token}"


def sheet_of(tenant: Tenant) -> str:
    """Return the address of an organization's sheet."""
    return f"/platform/organizations/{tenant.organization.id}"


async def age(cookie: str, by: timedelta) -> None:
    """Let the last proof of a session lie in the past."""
    who = await known_sessions.resolve(cookie.partition("=")[2])
    assert who is not None
    async with system_unit_of_work() as session:
        statement = "UPDATE user_session SET proven_at = now() - %(by)s::interval WHERE id = %(id)s"
        await run(session, statement, {"by": by, "id": who.actor.session_id})


def test_every_handler_here_demands_the_platform(reflex_app: Any) -> None:
    own = {name: held for name, held in registered_handlers().items() if "pages___platform" in name}
    ours = {name: held for name, held in own.items() if not name.endswith((".setvar", "set_is_hydrated"))}
    assert len(ours) >= 15
    assert set(ours.values()) <= {PLATFORM, None}
    assert all(held == PLATFORM for name, held in ours.items() if not name.rpartition(".")[2].startswith("set"))


async def test_an_owner_finds_nothing_there(open_tab: OpenTab, tenant: Tenant, other_tenant: Tenant) -> None:
    tab = await open_tab(tenant.owner, "/platform")
    assert tab.state(Session)["denied"] is True
    await tab.send(OrganizationsState.load)
    await tab.send(OrganizationState.ask, state="suspended")
    await tab.send(OrganizationState.change, form={"reason": "x"})
    await tab.send(HealthState.load)
    await tab.send(UsageState.load)
    await tab.send(TrailState.load)
    for state in STATES:
        shown = tab.state(state)
        assert not shown.get("rows")
        assert not shown.get("sheet")
        assert not shown.get("checks")
    assert str(other_tenant.organization.id) not in repr(tab.vars)


async def test_a_stranger_is_sent_to_the_login(open_tab: OpenTab) -> None:
    tab = await open_tab(None, "/platform")
    assert tab.redirects()[0].startswith("/login?next=/platform")


async def test_whoever_runs_it_sees_every_organization(open_tab: OpenTab, cookie: str, tenant: Tenant) -> None:
    tab = await open_tab(None, "/platform", cookie=cookie)
    await tab.send(OrganizationsState.search, words=str(tenant.organization.id))
    (row,) = tab.state(OrganizationsState)["rows"]
    assert (row["name"], row["state"], row["members"]) == ("Agência de Teste", "active", 1)
    assert tab.state(Gate)["locked"] is False
    assert tab.state(Gate)["has_home"] is False
    await tab.send(OrganizationsState.choose, state="closed")
    assert tab.state(OrganizationsState)["rows"] == []
    await tab.send(OrganizationsState.clear)
    assert tab.state(OrganizationsState)["rows"]


@pytest.mark.parametrize("path", ["/", "/inbox", "/board", "/settings/members"])
async def test_without_an_organization_everything_else_leads_back(
    open_tab: OpenTab, cookie: str, path: str
) -> None:
    tab = await open_tab(None, path, cookie=cookie)
    assert tab.redirects()[0] == "/platform"


async def test_the_own_profile_is_open(open_tab: OpenTab, cookie: str) -> None:
    from crm_app.pages.profile.factors_state import FactorsState
    from crm_app.pages.profile.state import ProfileState

    tab = await open_tab(None, "/settings/profile", cookie=cookie)
    assert not tab.redirects()
    assert tab.state(ProfileState)["loading"] is False
    assert tab.state(FactorsState)["loading"] is False
    assert not tab.toasts()


async def test_the_sheet_and_the_change_of_state(open_tab: OpenTab, cookie: str, tenant: Tenant) -> None:
    window = await open_tab(tenant.owner, "/settings/channels")
    tab = await open_tab(None, sheet_of(tenant), cookie=cookie)
    shown = tab.state(OrganizationState)
    assert shown["sheet"]["name"] == "Agência de Teste"
    assert shown["owners"][0]["email"] == tenant.owner_email
    assert shown["choices"] == ["past_due", "suspended", "closed"]
    await tab.send(OrganizationState.ask, state="demo")
    assert shown["changing"] == ""
    await tab.send(OrganizationState.ask, state="suspended")
    await tab.send(OrganizationState.change, form={"reason": "  "})
    assert tab.state(OrganizationState)["problem"] == "errors.platform.reason"
    await tab.send(OrganizationState.change, form={"reason": "Fatura de julho"})
    assert tab.state(OrganizationState)["sheet"]["state"] == "suspended"
    assert tab.state(OrganizationState)["changing"] == ""
    assert tab.state(OrganizationState)["steps"][0]["reason"] == "Fatura de julho"
    assert tab.toasts() == ["platform.change.done"]
    await window.settle()
    assert window.state(Session)["leave_to"] == "/suspended"


@pytest.mark.parametrize("name", ["not-an-id", "00000000-0000-7000-8000-00000000dead"])
async def test_a_sheet_that_does_not_exist(open_tab: OpenTab, cookie: str, name: str) -> None:
    tab = await open_tab(None, f"/platform/organizations/{name}", cookie=cookie)
    assert tab.state(OrganizationState)["missing"] is True
    assert tab.state(OrganizationState)["loading"] is False


async def test_usage_health_and_record(open_tab: OpenTab, cookie: str, tenant: Tenant) -> None:
    usage = await open_tab(None, "/platform/usage", cookie=cookie)
    first = usage.state(UsageState)["month"]
    assert usage.state(UsageState)["totals"]["organizations"] >= 1
    await usage.send(UsageState.turn, months=-1)
    assert usage.state(UsageState)["month"] < first
    health = await open_tab(None, "/platform/health", cookie=cookie)
    assert {"database", "queue"} <= {one["name"] for one in health.state(HealthState)["checks"]}
    await open_tab(None, sheet_of(tenant), cookie=cookie)
    record = await open_tab(None, "/platform/trail", cookie=cookie)
    newest = record.state(TrailState)["rows"][0]
    assert (newest["key"], newest["thing"]) == ("platform.action.organization_open", "Agência de Teste")


async def test_a_broken_check_is_told_in_the_readers_language(
    open_tab: OpenTab, cookie: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(checks, "wanted_revision", lambda: "9999")
    tab = await open_tab(None, "/platform/health", cookie=cookie)
    shown = tab.state(HealthState)
    assert shown["sound"] is False
    (broken,) = [one for one in shown["checks"] if one["name"] == "migrations"]
    assert (broken["ok"], broken["data"]["wanted"]) == (False, "9999")
    detail, remedy = (translate(broken[key], "pt-BR", **broken["data"]) for key in ("key", "remedy_key"))
    assert detail.endswith("; o esperado é a 9999")
    assert remedy == "Rode 'prumo migrate'."
    assert all(one["remedy_key"] == "" for one in shown["checks"] if one["ok"])


async def test_an_old_proof_keeps_the_screen_shut_until_there_is_a_new_one(
    open_tab: OpenTab, cookie: str, tenant: Tenant
) -> None:
    await age(cookie, timedelta(minutes=31))
    tab = await open_tab(None, sheet_of(tenant), cookie=cookie)
    assert tab.state(Gate)["locked"] is True
    assert tab.state(OrganizationState)["sheet"] == {}
    assert tab.state(ProofState)["asking"] is True
    assert tab.state(ProofState)["kinds"] == ["password"]
    await tab.send(ProofState.answer, form={"answer": "wrong"})
    assert tab.state(ProofState)["error"]
    await tab.send(ProofState.answer, form={"answer": PASSWORD})
    assert tab.state(Gate)["locked"] is False
    assert tab.state(OrganizationState)["sheet"]["name"] == "Agência de Teste"


async def test_a_change_that_needs_a_new_proof_happens_after_it(
    open_tab: OpenTab, cookie: str, tenant: Tenant
) -> None:
    tab = await open_tab(None, sheet_of(tenant), cookie=cookie)
    await tab.send(OrganizationState.ask, state="past_due")
    await age(cookie, timedelta(minutes=31))
    await tab.send(OrganizationState.change, form={"reason": "Fatura"})
    assert tab.state(OrganizationState)["sheet"]["state"] == "active"
    assert tab.state(Gate)["locked"] is True
    await tab.send(ProofState.answer, form={"answer": PASSWORD})
    assert tab.state(OrganizationState)["sheet"]["state"] == "past_due"


async def test_a_member_who_runs_the_platform_is_both_apart(
    db: EmbeddedPostgres, open_tab: OpenTab, tenant: Tenant, make_organization: MakeOrganization
) -> None:
    member: Actor = (await make_organization("Dupla")).owner
    grant(db, member.user_id)
    cookie = f"prumo_session={await session_token_for(member)}"
    tab = await open_tab(None, "/settings/channels", cookie=cookie)
    assert tab.state(Session)["runs_platform"] is True
    other = await open_tab(None, sheet_of(tenant), cookie=cookie)
    assert other.state(Gate)["has_home"] is True
    assert other.state(Gate)["locked"] is True  # this session was never proven
    async with system_unit_of_work() as session:
        seen = await fetch_value(session, "SELECT count(*) FROM contact", {})
    assert seen == 0
