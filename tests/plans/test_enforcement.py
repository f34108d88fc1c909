"""A missing module refuses its permissions everywhere: services, handlers, pages, menus, API, and ways in."""

from datetime import timedelta
from typing import Any

import pytest
from sqlalchemy import select
from sqlmodel import col

from crm_app.core.clock import utc_now
from crm_app.core.database import unit_of_work
from crm_app.core.errors import Forbidden, ModuleOff
from crm_app.core.sight import NOTHING, Reach
from crm_app.core.tenancy import Actor
from crm_app.domains.accounts.models import Role
from crm_app.domains.accounts.permissions import permissions_of, system_actor
from crm_app.domains.accounts.roles import matrix
from crm_app.domains.accounts.roles import service as roles
from crm_app.domains.accounts.trail import reading
from crm_app.domains.accounts.trail.schemas import AuditFilter
from crm_app.domains.plans import entitled, repository
from crm_app.domains.plans.models import OrganizationPlan
from crm_app.domains.plans.registry import FALLBACK_PLAN, MODULES, Access, Module
from crm_app.pages.audit.state import AuditState
from crm_app.pages.session.state import Session
from tests.api.clients import ClientFor, api_app, client_for
from tests.conftest import MakeActor, Tenant
from tests.pages.conftest import OpenTab, open_tab
from tests.plans.having import as_signed_in, be_given, have_plan

__all__ = ["api_app", "client_for", "open_tab"]

OPTIONAL = [module for module in MODULES if module.access is not Access.BASIC]
each_optional = pytest.mark.parametrize("module", OPTIONAL, ids=lambda module: module.key)


@each_optional
async def test_a_module_that_is_missing_takes_its_permissions(tenant: Tenant, module: Module) -> None:
    others = [one.key for one in MODULES if one.key != module.key]
    await have_plan(tenant, modules=others)
    actor = await as_signed_in(tenant.owner)
    assert not actor.has_module(module.key)
    for permission in module.permissions:
        assert not actor.can(permission)
        assert actor.sight(permission, "contacts.pickup") == NOTHING
        with pytest.raises(ModuleOff) as refused:
            actor.require(permission)
        assert (refused.value.key, refused.value.data) == (f"errors.modules.{module.key}", {"module": module.key})
    assert actor.granted == permissions_of(Role.OWNER)


async def test_everything_is_there_without_a_plan(tenant: Tenant) -> None:
    actor = await as_signed_in(tenant.owner)
    assert (actor.off, actor.permissions) == (frozenset(), permissions_of(Role.OWNER))


async def test_basics_are_there_with_an_empty_plan(tenant: Tenant) -> None:
    await have_plan(tenant, modules=[])
    actor = await as_signed_in(tenant.owner)
    assert actor.off == {module.key for module in OPTIONAL}
    actor.require("members.manage")


async def test_what_the_role_has_not_is_forbidden_whatever_the_plan(tenant: Tenant, make_actor: MakeActor) -> None:
    await have_plan(tenant, modules=[])
    viewer = await as_signed_in(await make_actor(Role.VIEWER))
    with pytest.raises(Forbidden) as refused:
        viewer.require("audit.read")
    assert type(refused.value) is Forbidden


async def test_a_grant_counts_until_it_ends(tenant: Tenant) -> None:
    await have_plan(tenant, modules=[])
    await be_given(tenant, "audit", until=utc_now() - timedelta(seconds=1))
    assert not (await as_signed_in(tenant.owner)).has_module("audit")
    await be_given(tenant, "audit", until=utc_now() + timedelta(days=1))
    await be_given(tenant, "sso", revoked_at=utc_now())
    actor = await as_signed_in(tenant.owner)
    assert (actor.has_module("audit"), actor.has_module("sso")) == (True, False)


async def test_only_the_chosen_have_what_is_by_invitation(tenant: Tenant, make_actor: MakeActor) -> None:
    await have_plan(tenant, modules=["api"])
    chosen, other = await make_actor(), await make_actor()
    async with unit_of_work(tenant.owner) as session:
        for module in ("api", "sso"):
            values = {"now": utc_now(), "given_by": None}
            assert chosen.user_id
            await repository.choose(session, tenant.organization.id, chosen.user_id, module, **values)
    found = await as_signed_in(chosen)
    assert found.can("api.use")
    assert not found.has_module("sso")  # which the organization has not
    assert not (await as_signed_in(other)).can("api.use")


async def test_rights_are_passed_on_whether_or_not_the_module_is_there(tenant: Tenant) -> None:
    """An administrator without a module goes on managing roles that will hold its permissions again."""
    await have_plan(tenant, modules=["roles"])
    actor = await as_signed_in(tenant.owner)
    matrix.check_grant(actor, {"analytics.read": Reach.ALL})
    matrix.check_own(actor, matrix.default_matrix(Role.OWNER))
    async with unit_of_work(actor) as session:
        made = await roles.clone_role(session, actor, key="manager", name="Como a gestão")
    assert made.matrix["analytics.read"] == "all"


async def test_services_refuse(tenant: Tenant) -> None:
    await have_plan(tenant, modules=[])
    actor = await as_signed_in(tenant.owner)
    async with unit_of_work(actor) as session:
        with pytest.raises(ModuleOff):
            await reading.list_entries(session, actor, criteria=AuditFilter())


async def test_the_system_goes_on(tenant: Tenant) -> None:
    """Jobs finish what was begun, and what arrives is never refused."""
    await have_plan(tenant, modules=[])
    actor = system_actor(tenant.organization.id)
    actor.require("messages.send")
    assert actor.has_module("sending")


async def test_pages_handlers_and_menus_refuse(tenant: Tenant, open_tab: OpenTab) -> None:
    await have_plan(tenant, modules=["analytics"])
    tab = await open_tab(tenant.owner, "/settings/audit")
    shown = tab.state(Session)
    assert (shown["denied"], shown["missing_module"]) == (True, "audit")
    assert "audit.read" not in shown["permissions"]
    assert tab.state(AuditState).get("rows", []) == []
    await tab.go("/dashboard")
    assert (tab.state(Session)["denied"], tab.state(Session)["missing_module"]) == (False, "")
    await tab.send(AuditState.load)
    assert tab.toasts() == ["errors.modules.audit"]


async def test_the_api_refuses(tenant: Tenant, client_for: ClientFor) -> None:
    await have_plan(tenant, modules=["api"])
    client = await client_for(tenant.owner)
    refused = await client.get("/api/v1/contacts", headers={"accept-language": "pt-BR"})
    assert (refused.status_code, refused.json()["code"], refused.json()["module"]) == (403, "module_off", "api")
    assert refused.json()["title"] == "Módulo não incluído"
    assert (await client.get("/api/v1/me")).status_code == 200  # who one is, for our own screens too
    await have_plan(tenant)
    assert (await client.get("/api/v1/contacts")).status_code == 200
    await have_plan(tenant, modules=["api"])
    await be_given(tenant, "api")  # for the chosen only, as it is by invitation
    assert (await client.get("/api/v1/contacts")).status_code == 403


async def test_a_new_organization_begins_with_the_plan_for_new_ones(tenant: Tenant) -> None:
    async with unit_of_work(tenant.owner) as session:
        await entitled.begin(session)
        await entitled.begin(session)
        mine = col(OrganizationPlan.organization_id) == tenant.organization.id
        (row,) = (await session.scalars(select(OrganizationPlan).where(mine))).all()
    assert row.plan_id == FALLBACK_PLAN


def test_an_actor_made_by_hand_has_every_module() -> None:
    actor: Any = Actor
    assert actor.__dataclass_fields__["off"].default == frozenset()
