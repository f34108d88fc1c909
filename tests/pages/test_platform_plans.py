"""The screen of all plans: what it shows, the dialog's two steps, and that nothing typed is lost."""

from datetime import timedelta
from typing import Any

import pytest

from crm_app.core.tenancy import Actor
from crm_app.domains.platform import plans
from crm_app.domains.platform.plan_schemas import PlanDraft
from crm_app.pages.platform.gate import Gate
from crm_app.pages.platform.plans_state import PlansState
from crm_app.pages.session.proof import ProofState
from tests.conftest import PASSWORD, Tenant
from tests.life_cycle.conftest import operator
from tests.life_cycle.operators import unique
from tests.life_cycle.test_plans import act
from tests.pages.conftest import OpenTab, Tab
from tests.pages.test_platform import age, cookie
from tests.plans.having import as_signed_in, have_plan, new_plan

__all__ = ["cookie", "operator"]

PATH = "/platform/plans"


def shown(tab: Tab) -> dict[str, Any]:
    return tab.state(PlansState)


def row(tab: Tab, key: str) -> dict[str, Any]:
    return next(one for one in shown(tab)["rows"] if one["key"] == key)


def keys(tab: Tab) -> set[str]:
    return {one["key"] for one in shown(tab)["rows"]}


def form(**typed: str) -> dict[str, str]:
    """Return what the browser sends; boxes that are not ticked are not in it."""
    return {
        "name": "Pequeno",
        "limit_members": "",
        "limit_channels": "",
        "limit_messages": "",
        "position": "7",
        **typed,
    }


async def test_every_plan_is_a_column(open_tab: OpenTab, cookie: str, tenant: Tenant) -> None:
    plan = await have_plan(tenant, modules=["sending", "api"], limits={"members": 3})
    tab = await open_tab(None, PATH, cookie=cookie)
    mine, whole = row(tab, plan.key), row(tab, "completo")
    assert (mine["organizations"], mine["retirable"], mine["fixed"], mine["everything"]) == (
        1,
        False,
        False,
        False,
    )
    assert mine["limits"] == {"members": 3, "channels": -1, "messages": -1}
    held = {"inbox": "everybody", "sending": "everybody", "api": "chosen", "audit": "nobody"}
    assert {name: mine["for_whom"][name] for name in held} == held
    assert (whole["fixed"], whole["is_default"], set(whole["for_whom"].values())) == (True, True, {"everybody"})


async def test_a_new_plan_is_looked_at_and_made(open_tab: OpenTab, cookie: str) -> None:
    tab, key = await open_tab(None, PATH, cookie=cookie), unique("pequeno")
    await tab.send(PlansState.begin)
    await tab.send(PlansState.check, form=form(key=key, module_audit="on", module_api="on", limit_members="2"))
    assert (shown(tab)["asking"], shown(tab)["takes_away"]) == ("review", True)
    assert shown(tab)["changes"] == [
        {"kind": "name", "subject": "", "before": "", "after": "Pequeno"},
        {"kind": "module", "subject": "audit", "before": "nobody", "after": "everybody"},
        {"kind": "module", "subject": "api", "before": "nobody", "after": "chosen"},
        {"kind": "limit", "subject": "members", "before": -1, "after": 2},
    ]
    assert key not in keys(tab)
    await tab.send(PlansState.save)
    assert (shown(tab)["asking"], tab.toasts()) == ("", ["platform.plans.made"])
    made = row(tab, key)
    assert (made["modules"], made["limits"]["members"], made["position"]) == (["audit", "api"], 2, 7)
    assert (made["organizations"], made["retirable"]) == (0, True)


async def test_a_change_says_what_it_changes_and_reaches_everybody(
    open_tab: OpenTab, cookie: str, tenant: Tenant
) -> None:
    plan = await have_plan(tenant, modules=["sending", "audit"], limits={"members": 3, "messages": 500})
    tab = await open_tab(None, PATH, cookie=cookie)
    await tab.send(PlansState.edit, key=plan.key)
    assert shown(tab)["typed"]["limits"] == {"members": "3", "channels": "", "messages": "500"}
    smaller = form(name=plan.name, position="0", module_sending="on", limit_members="2", limit_channels="0")
    await tab.send(PlansState.check, form=smaller)
    changes = [(one["subject"], one["before"], one["after"]) for one in shown(tab)["changes"]]
    assert changes == [
        ("audit", "everybody", "nobody"), ("members", 3, 2), ("channels", -1, 0), ("messages", 500, -1),
    ]  # fmt: skip
    assert (shown(tab)["takes_away"], shown(tab)["one"]["organizations"]) == (True, 1)
    await tab.send(PlansState.back)
    assert (shown(tab)["asking"], shown(tab)["typed"]["limits"]["members"]) == ("form", "2")
    await tab.send(PlansState.check, form=smaller)
    await tab.send(PlansState.save)
    assert tab.toasts() == ["platform.plans.saved"]
    assert row(tab, plan.key)["limits"] == {"members": 2, "channels": 0, "messages": -1}
    assert not (await as_signed_in(tenant.owner)).has_module("audit")


async def test_everything_is_everything(open_tab: OpenTab, cookie: str) -> None:
    plan = await new_plan(modules=["sending"])
    tab = await open_tab(None, PATH, cookie=cookie)
    await tab.send(PlansState.edit, key=plan.key)
    await tab.send(PlansState.choose_everything, wish=True)
    assert shown(tab)["everything"] is True
    await tab.send(PlansState.check, form=form(name=plan.name, position="0", everything="on"))
    assert {one["kind"] for one in shown(tab)["changes"]} == {"everything", "module"}
    assert shown(tab)["takes_away"] is False
    await tab.send(PlansState.save)
    assert row(tab, plan.key)["everything"] is True


@pytest.mark.parametrize(
    ("typed", "field", "sentence"),
    [
        ({"name": " "}, "name", "platform.plans.name_wrong"),
        ({"name": "x" * 61}, "name", "platform.plans.name_wrong"),
        ({"key": "Com Espaço"}, "key", "errors.platform.plan_key"),
        ({"key": ""}, "key", "errors.platform.plan_key"),
        ({"key": "essencial"}, "key", "errors.platform.plan_key_taken"),
        ({"limit_members": "muitos"}, "limit_members", "platform.plans.limit_wrong"),
        ({"limit_channels": "-1"}, "limit_channels", "platform.plans.limit_wrong"),
        ({"limit_messages": "2.5"}, "limit_messages", "platform.plans.limit_wrong"),
        ({"limit_messages": "1000000001"}, "limit_messages", "platform.plans.limit_wrong"),
        ({"limit_messages": "9" * 5000}, "limit_messages", "platform.plans.limit_wrong"),
        ({"limit_members": "٣"}, "limit_members", "platform.plans.limit_wrong"),
        ({"position": "1001"}, "position", "platform.plans.position_wrong"),
        ({"position": ""}, "position", "platform.plans.position_wrong"),
    ],
)
async def test_what_makes_no_sense_is_said_at_its_field(
    open_tab: OpenTab, cookie: str, typed: dict[str, str], field: str, sentence: str
) -> None:
    tab = await open_tab(None, PATH, cookie=cookie)
    await tab.send(PlansState.begin)
    await tab.send(PlansState.check, form=form(**{"key": unique("novo"), **typed}))
    assert (shown(tab)["asking"], shown(tab)["wrong"]) == ("form", {field: sentence})
    kept = {name: text for name, text in typed.items() if name in shown(tab)["typed"]}
    assert shown(tab)["typed"] == shown(tab)["typed"] | kept


async def test_without_a_change_there_is_nothing_to_save(open_tab: OpenTab, cookie: str) -> None:
    plan = await new_plan(modules=["sending"])
    tab = await open_tab(None, PATH, cookie=cookie)
    await tab.send(PlansState.edit, key=plan.key)
    await tab.send(PlansState.check, form=form(name=plan.name, position="0", module_sending="on"))
    assert (shown(tab)["asking"], shown(tab)["problem"]) == ("form", "platform.plans.same")


async def test_the_key_follows_the_name_until_one_is_typed(open_tab: OpenTab, cookie: str) -> None:
    tab = await open_tab(None, PATH, cookie=cookie)
    await tab.send(PlansState.begin)
    await tab.send(PlansState.suggest, name="Agência & Cia. Ágil")
    assert shown(tab)["typed"]["key"] == "agencia-cia-agil"
    await tab.send(PlansState.suggest, name="計画")
    assert shown(tab)["typed"]["key"] == ""
    await tab.send(PlansState.own_key, key="meu")
    await tab.send(PlansState.suggest, name="Outro nome")
    assert shown(tab)["suggested"] == ""
    await tab.send(PlansState.edit, key="essencial")
    await tab.send(PlansState.suggest, name="Outro nome")
    assert shown(tab)["typed"]["key"] == "essencial"


async def test_the_plan_with_everything_changes_nothing_that_it_holds(open_tab: OpenTab, cookie: str) -> None:
    tab = await open_tab(None, PATH, cookie=cookie)
    await tab.send(PlansState.edit, key="completo")
    whole = shown(tab)["one"]
    forged = form(name="Completo", position=str(whole["position"] + 1), limit_members="1", key="outro")
    await tab.send(PlansState.check, form=forged)
    assert [one["kind"] for one in shown(tab)["changes"]] == ["position"]
    await tab.send(PlansState.save)
    assert row(tab, "completo")["limits"]["members"] == -1
    await tab.send(PlansState.edit, key="completo")
    await tab.send(PlansState.check, form=form(name="Completo", position=str(whole["position"])))
    await tab.send(PlansState.save)
    assert row(tab, "completo")["position"] == whole["position"]


async def test_somebody_else_was_faster(open_tab: OpenTab, cookie: str, operator: Actor) -> None:
    plan = await new_plan(modules=["sending"], limits={"members": 3})
    tab = await open_tab(None, PATH, cookie=cookie)
    await tab.send(PlansState.edit, key=plan.key)
    await tab.send(PlansState.check, form=form(name="Meu", position="0", module_sending="on", limit_members="5"))
    theirs = PlanDraft(name="Deles", modules=["sending"], limits={"members": 5})
    await act(operator, plans.save_plan, key=plan.key, version=1, draft=theirs)
    await tab.send(PlansState.save)
    assert (shown(tab)["asking"], shown(tab)["problem"]) == ("review", "errors.platform.plan_changed")
    assert [(one["kind"], one["before"], one["after"]) for one in shown(tab)["changes"]] == [
        ("name", "Deles", "Meu")
    ]
    await tab.send(PlansState.save)
    assert row(tab, plan.key)["name"] == "Meu"


async def test_a_plan_that_went_meanwhile_can_be_made_anew(
    open_tab: OpenTab, cookie: str, operator: Actor
) -> None:
    plan = await new_plan(modules=["sending"])
    tab = await open_tab(None, PATH, cookie=cookie)
    await tab.send(PlansState.edit, key=plan.key)
    typed = form(name="Meu", key=plan.key, module_sending="on")
    await tab.send(PlansState.check, form=typed)
    await act(operator, plans.retire_plan, key=plan.key, version=1)
    await tab.send(PlansState.save)
    assert (shown(tab)["asking"], shown(tab)["problem"]) == ("form", "errors.platform.plan_gone")
    assert (shown(tab)["typed"]["name"], shown(tab)["typed"]["key"]) == ("Meu", plan.key)
    await tab.send(PlansState.check, form=typed)
    await tab.send(PlansState.save)
    assert row(tab, plan.key)["name"] == "Meu"


async def test_a_key_that_was_taken_meanwhile_is_said_at_its_field(
    open_tab: OpenTab, cookie: str, operator: Actor
) -> None:
    tab, key = await open_tab(None, PATH, cookie=cookie), unique("pequeno")
    await tab.send(PlansState.begin)
    await tab.send(PlansState.check, form=form(key=key))
    await act(operator, plans.save_plan, key=key, version=0, draft=PlanDraft(name="Deles", modules=[]))
    await tab.send(PlansState.save)
    assert (shown(tab)["asking"], shown(tab)["wrong"]) == ("form", {"key": "errors.platform.plan_key_taken"})
    assert shown(tab)["typed"]["name"] == "Pequeno"


async def test_a_plan_that_nobody_has_is_removed(open_tab: OpenTab, cookie: str, operator: Actor) -> None:
    plan = await new_plan(modules=["sending"])
    tab = await open_tab(None, PATH, cookie=cookie)
    await tab.send(PlansState.edit, key=plan.key)
    await tab.send(PlansState.retire)
    await tab.send(PlansState.ask_retire)
    assert shown(tab)["asking"] == "retire"
    theirs = PlanDraft(name="Deles", modules=["sending"])
    await act(operator, plans.save_plan, key=plan.key, version=1, draft=theirs)
    await tab.send(PlansState.retire)
    assert (shown(tab)["problem"], shown(tab)["one"]["name"]) == ("errors.platform.plan_changed_first", "Deles")
    await tab.send(PlansState.retire)
    assert plan.key not in keys(tab)
    assert tab.toasts() == ["platform.plans.retired"]


async def test_a_plan_that_somebody_has_stays(
    open_tab: OpenTab, cookie: str, tenant: Tenant, operator: Actor
) -> None:
    plan = await new_plan(modules=["sending"])
    tab = await open_tab(None, PATH, cookie=cookie)
    await tab.send(PlansState.edit, key=plan.key)
    await tab.send(PlansState.ask_retire)
    mine = tenant.organization.id
    await act(operator, plans.change_plan_of, organization_id=mine, plan_key=plan.key, reason="x")
    await tab.send(PlansState.retire)
    assert shown(tab)["problem"] == "errors.platform.plan_held"
    assert row(tab, plan.key)["organizations"] == 1
    for held in (plan.key, "completo"):
        await tab.send(PlansState.edit, key=held)
        await tab.send(PlansState.ask_retire)
        assert shown(tab)["asking"] == "form"


async def test_a_stale_proof_is_asked_for_and_the_plan_saved(open_tab: OpenTab, cookie: str) -> None:
    tab, key = await open_tab(None, PATH, cookie=cookie), unique("pequeno")
    await tab.send(PlansState.begin)
    await tab.send(PlansState.check, form=form(key=key))
    await age(cookie, timedelta(minutes=31))
    await tab.send(PlansState.save)
    assert (tab.state(Gate)["locked"], tab.state(ProofState)["asking"]) == (True, True)
    await tab.send(ProofState.answer, form={"answer": PASSWORD})
    assert tab.state(Gate)["locked"] is False
    assert key in keys(tab)


async def test_owners_find_nothing_of_it(open_tab: OpenTab, tenant: Tenant) -> None:
    tab = await open_tab(tenant.owner, PATH)
    await tab.send(PlansState.load)
    await tab.send(PlansState.begin)
    await tab.send(PlansState.check, form=form(key="meu-plano"))
    await tab.send(PlansState.save)
    assert not shown(tab).get("rows")
    assert shown(tab).get("asking", "") == ""
