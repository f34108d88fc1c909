"""The plan on an organization's sheet: what it says, another one, something beside it, and whoever may not."""

from typing import Any

import pytest

from crm_app.core.tenancy import Actor
from crm_app.pages.platform.entitlement_state import EntitlementState
from tests.conftest import Tenant
from tests.pages.conftest import OpenTab, Tab
from tests.pages.test_platform import cookie, sheet_of
from tests.plans.having import as_signed_in, new_plan

__all__ = ["cookie"]


def shown(tab: Tab) -> dict[str, Any]:
    return tab.state(EntitlementState)


async def opened(open_tab: OpenTab, cookie: str, tenant: Tenant) -> Tab:
    """Open the sheet of an organization."""
    tab = await open_tab(None, sheet_of(tenant), cookie=cookie)
    return await tab.send(EntitlementState.load)


async def has(actor: Actor, module: str) -> bool:
    return (await as_signed_in(actor)).has_module(module)


async def test_the_sheet_says_which_plan_it_is(open_tab: OpenTab, cookie: str, tenant: Tenant) -> None:
    tab = await opened(open_tab, cookie, tenant)
    assert (shown(tab)["plan_key"], shown(tab)["grants"]) == ("completo", [])
    assert {one["for_whom"] for one in shown(tab)["modules"]} == {"everybody"}
    assert {"completo", "essencial", "profissional"} <= {one["key"] for one in shown(tab)["plans"]}


async def test_another_plan_and_something_beside_it(open_tab: OpenTab, cookie: str, tenant: Tenant) -> None:
    plan = await new_plan(modules=[])
    tab = await opened(open_tab, cookie, tenant)
    await tab.send(EntitlementState.ask, what="plan")
    await tab.send(EntitlementState.change, form={"plan": plan.key, "reason": "Pediu menos"})
    assert (shown(tab)["plan_key"], shown(tab)["asking"]) == (plan.key, "")
    assert not await has(tenant.owner, "audit")
    form = {"subject": "audit", "kind": "grant", "until": "2099-12-31", "amount": "", "reason": "Período de teste"}
    await tab.send(EntitlementState.give, form=form)
    (given,) = shown(tab)["grants"]
    assert (given["subject"], given["until"][:10]) == ("audit", "2100-01-01")
    assert await has(tenant.owner, "audit")
    more = {"subject": "members", "kind": "add_on", "until": "", "amount": "3", "reason": "Comprou"}
    await tab.send(EntitlementState.give, form=more)
    assert [(one["subject"], one["amount"]) for one in shown(tab)["grants"]] == [("members", 3), ("audit", 0)]
    await tab.send(EntitlementState.take_back, grant_id=given["id"])
    assert [one["subject"] for one in shown(tab)["grants"]] == ["members"]
    assert not await has(tenant.owner, "audit")


@pytest.mark.parametrize(
    "wrong",
    [
        {"subject": "rocket"},
        {"subject": "members", "amount": ""},
        {"subject": "members", "amount": "muitos"},
        {"until": "ontem"},
        {"reason": ""},
        {"kind": "gift"},
    ],
)
async def test_what_makes_no_sense_is_said_in_the_dialog(
    open_tab: OpenTab, cookie: str, tenant: Tenant, wrong: dict[str, str]
) -> None:
    tab = await opened(open_tab, cookie, tenant)
    form = {"subject": "audit", "kind": "grant", "until": "", "amount": "", "reason": "x", **wrong}
    await tab.send(EntitlementState.give, form=form)
    assert (shown(tab)["problem"], shown(tab)["grants"]) == ("platform.plan.wrong", [])


async def test_a_plan_without_a_reason_is_refused(open_tab: OpenTab, cookie: str, tenant: Tenant) -> None:
    tab = await opened(open_tab, cookie, tenant)
    await tab.send(EntitlementState.change, form={"plan": "essencial", "reason": " "})
    assert shown(tab)["problem"] == "errors.platform.reason"
    assert await has(tenant.owner, "audit")


async def test_owners_find_nothing_of_it(open_tab: OpenTab, tenant: Tenant) -> None:
    tab = await open_tab(tenant.owner, sheet_of(tenant))
    await tab.send(EntitlementState.give, form={"subject": "audit", "reason": "x"})
    assert shown(tab).get("plan_key", "") == ""
