"""What an organization is told it has, and choosing members for what is by invitation."""

from collections.abc import Awaitable, Callable
from datetime import timedelta
from typing import Any
from uuid import uuid4

import pytest
from sqlalchemy import select
from sqlmodel import col

from crm_app.core.clock import utc_now
from crm_app.core.database import unit_of_work
from crm_app.core.errors import Forbidden, NotFound
from crm_app.core.tenancy import Actor
from crm_app.domains.accounts.models import AuditEntry, Role
from crm_app.domains.channels import service as channels
from crm_app.domains.modules import service
from crm_app.domains.modules.errors import NotByInvitation
from crm_app.domains.modules.schemas import LimitView, ModulesView, ModuleView
from crm_app.domains.plans import metering
from crm_app.domains.plans.registry import LIMITS, MODULES
from crm_app.pages.modules.state import ModulesState
from crm_app.pages.session.notices import Notices
from crm_app.pages.session.state import Session
from tests.api.clients import ClientFor, api_app, client_for
from tests.conftest import MakeActor, Tenant
from tests.pages.conftest import OpenTab, open_tab
from tests.plans.having import as_signed_in, be_given, have_plan

__all__ = ["api_app", "client_for", "open_tab"]
ROUTE = "/settings/modules"


async def act(actor: Actor, use_case: Callable[..., Awaitable[Any]], **arguments: Any) -> Any:
    """Run a use case as a request would."""
    async with unit_of_work(actor) as session:
        return await use_case(session, actor, **arguments)


async def read(tenant: Tenant) -> ModulesView:
    found: ModulesView = await act(tenant.owner, service.read_modules)
    return found


async def read_module(tenant: Tenant, key: str) -> ModuleView:
    return next(one for one in (await read(tenant)).modules if one.key == key)


async def read_limit(tenant: Tenant, name: str) -> LimitView:
    return next(one for one in (await read(tenant)).limits if one.name == name)


async def test_everything_without_limits_when_nobody_said_otherwise(tenant: Tenant) -> None:
    found = await read(tenant)
    assert found.plan.key == "completo"
    assert [one.key for one in found.modules] == [one.key for one in MODULES]
    assert {one.for_whom for one in found.modules} == {"everybody"}
    assert [(one.name, one.most) for one in found.limits] == [(name, None) for name in LIMITS]


async def test_every_module_says_why(tenant: Tenant) -> None:
    ends = utc_now() + timedelta(days=9)
    await have_plan(tenant, modules=["sending", "audit", "api"])
    await be_given(tenant, "sso", kind="add_on")
    await be_given(tenant, "analytics", until=ends)
    await be_given(tenant, "teams", revoked_at=utc_now())
    found = {one.key: one for one in (await read(tenant)).modules}
    assert {key: (one.for_whom, one.why) for key, one in found.items() if one.why != "basic"} == {
        "sending": ("everybody", "plan"),
        "audit": ("everybody", "plan"),
        "api": ("chosen", "plan"),
        "sso": ("everybody", "add_on"),
        "analytics": ("everybody", "grant"),
        "teams": ("nobody", "missing"),
        "roles": ("nobody", "missing"),
        "simulator": ("nobody", "missing"),
    }
    assert (found["analytics"].until, found["sso"].until) == (ends, None)
    assert {"profissional", "completo"} <= {one.key for one in found["teams"].plans}
    assert "essencial" not in {one.key for one in found["teams"].plans}


async def test_limits_show_what_is_used(tenant: Tenant, make_actor: MakeActor) -> None:
    await have_plan(tenant, limits={"members": 3, "channels": 2, "messages": 10})
    await be_given(tenant, "messages", amount=5)
    await make_actor()
    made = await act(tenant.owner, channels.create_channel, provider="simulator", name="Um", config={})
    await act(tenant.owner, channels.create_channel, provider="simulator", name="Dois", config={})
    await act(tenant.owner, channels.archive_channel, channel_id=made.id)
    async with unit_of_work(tenant.owner) as session:
        await metering.take(session, tenant.organization.id, "messages", 4)
    found = (await read(tenant)).limits
    assert [(one.name, one.period, one.used, one.most) for one in found] == [
        ("members", "standing", 2, 3),
        ("channels", "standing", 1, 2),
        ("messages", "month", 4, 15),
    ]


async def test_choosing_opens_and_unchoosing_closes(tenant: Tenant, make_actor: MakeActor) -> None:
    await have_plan(tenant, modules=["api"])
    seller = await make_actor()
    for _ in range(2):  # once more changes nothing
        await act(tenant.owner, service.choose_member, module="api", user_id=seller.user_id)
    assert (await read_module(tenant, "api")).chosen == (seller.user_id,)
    assert (await as_signed_in(seller)).can("api.use")
    await act(tenant.owner, service.unchoose_member, module="api", user_id=seller.user_id)
    assert not (await as_signed_in(seller)).can("api.use")
    with pytest.raises(NotFound):
        await act(tenant.owner, service.unchoose_member, module="api", user_id=seller.user_id)
    async with unit_of_work(tenant.owner) as session:
        mine = col(AuditEntry.organization_id) == tenant.organization.id
        statement = select(AuditEntry).where(mine).order_by(col(AuditEntry.sequence))
        entries = list(await session.scalars(statement))
    told = [(one.action, one.entity_id, one.before, one.after) for one in entries]
    assert told == [
        ("module.choose", seller.user_id, None, {"module": "api"}),
        ("module.unchoose", seller.user_id, {"module": "api"}, None),
    ]


async def test_nobody_is_chosen_for_what_is_everybodys_or_nobodys(tenant: Tenant) -> None:
    await have_plan(tenant, modules=["audit"])
    for module in ("inbox", "audit", "api"):
        with pytest.raises(NotByInvitation):
            await act(tenant.owner, service.choose_member, module=module, user_id=tenant.owner.user_id)
    await be_given(tenant, "sso", chosen_only=True)
    await act(tenant.owner, service.choose_member, module="sso", user_id=tenant.owner.user_id)
    assert (await as_signed_in(tenant.owner)).can("sso.manage")


async def test_strangers_and_unknown_modules_are_not_found(tenant: Tenant, other_tenant: Tenant) -> None:
    await have_plan(tenant, modules=["api"])
    for module, user_id in (
        ("api", other_tenant.owner.user_id),
        ("api", uuid4()),
        ("rocket", tenant.owner.user_id),
    ):
        with pytest.raises(NotFound):
            await act(tenant.owner, service.choose_member, module=module, user_id=user_id)
    with pytest.raises(NotFound):
        await act(tenant.owner, service.unchoose_member, module="rocket", user_id=tenant.owner.user_id)


async def test_only_who_configures_the_organization(tenant: Tenant, make_actor: MakeActor) -> None:
    manager = await make_actor(Role.MANAGER)
    with pytest.raises(Forbidden):
        await act(manager, service.read_modules)
    for use_case in (service.choose_member, service.unchoose_member):
        with pytest.raises(Forbidden):
            await act(manager, use_case, module="api", user_id=manager.user_id)


async def test_the_screen_shows_and_chooses(tenant: Tenant, make_actor: MakeActor, open_tab: OpenTab) -> None:
    await have_plan(tenant, modules=["sending", "api"], limits={"members": 2, "messages": 0})
    seller = await make_actor()
    tab = await open_tab(tenant.owner, ROUTE)
    await tab.send(ModulesState.load)
    shown = tab.state(ModulesState)
    rows = {row["key"]: row for row in shown["rows"]}
    assert shown["rows"][-1]["for_whom"] == "nobody"
    assert rows["inbox"]["why"] == "basic"
    assert "Profissional" in rows["audit"]["plans"]
    assert [(one["name"], one["tone"], one["fraction"]) for one in shown["limits"]] == [
        ("members", "da", 1.0),
        ("channels", "", 0.0),
        ("messages", "da", 1.0),
    ]
    theirs = await open_tab(seller, "/inbox")
    await theirs.send(Notices.begin)  # as the frame of every page does
    await tab.send(ModulesState.choose, module="api", user_id=str(seller.user_id))
    assert tab.toasts()[-1] == "modules.chosen"
    rows = {row["key"]: row for row in tab.state(ModulesState)["rows"]}
    assert [one["id"] for one in rows["api"]["chosen"]] == [str(seller.user_id)]
    await theirs.settle()
    assert theirs.state(Session)["leave_to"] == "."  # begins anew, with what it may now
    await tab.send(ModulesState.unchoose, module="api", user_id=str(seller.user_id))
    assert tab.toasts()[-1] == "modules.unchosen"
    await tab.send(ModulesState.choose, module="api", user_id="nobody")
    assert tab.toasts()[-1] == "errors.not_found"
    await tab.send(ModulesState.choose, module="audit", user_id=str(seller.user_id))
    assert tab.toasts()[-1] == "errors.module_choice"


async def test_the_screen_is_not_for_sellers(make_actor: MakeActor, open_tab: OpenTab) -> None:
    tab = await open_tab(await make_actor(), ROUTE)
    await tab.send(ModulesState.load)
    assert (tab.state(Session)["denied"], tab.state(ModulesState).get("rows", [])) == (True, [])


async def test_the_api_tells_and_chooses(tenant: Tenant, make_actor: MakeActor, client_for: ClientFor) -> None:
    seller = await make_actor()
    await have_plan(tenant, limits={"members": 5})
    await be_given(tenant, "simulator")
    client = await client_for(tenant.owner)
    found = (await client.get("/api/v1/modules")).json()
    assert found["limits"][0] == {"name": "members", "period": "standing", "used": 2, "most": 5}
    everybodys = await client.put(f"/api/v1/modules/api/members/{seller.user_id}")
    assert (everybodys.status_code, everybodys.json()["code"]) == (409, "not_by_invitation")
    assert (await client.put(f"/api/v1/modules/rocket/members/{seller.user_id}")).status_code == 404
    assert (await client.delete(f"/api/v1/modules/api/members/{seller.user_id}")).status_code == 404
    await have_plan(tenant, modules=["api"])
    assert (await client.get("/api/v1/modules")).json()["code"] == "module_off"  # nobody was chosen
    await act(tenant.owner, service.choose_member, module="api", user_id=tenant.owner.user_id)
    assert (await client.put(f"/api/v1/modules/api/members/{seller.user_id}")).status_code == 204
    assert len((await client.get("/api/v1/modules")).json()["modules"][-2]["chosen"]) == 2
    assert (await client.delete(f"/api/v1/modules/api/members/{seller.user_id}")).status_code == 204
