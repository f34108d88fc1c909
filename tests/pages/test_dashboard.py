"""The dashboard in a tab: it loads, follows choices, refuses nonsense, and updates by itself."""

from typing import Any

import pytest

from crm_app.core import hub
from crm_app.core.clock import utc_now
from crm_app.core.database import unit_of_work
from crm_app.core.tenancy import Actor
from crm_app.domains.pipeline.models import Deal, Pipeline, Stage, StageHistory
from crm_app.pages.dashboard import state as dashboard
from crm_app.pages.dashboard.state import DashboardState
from tests.pages.conftest import OpenTab, Tab


async def win_a_deal(actor: Actor, cents: int) -> None:
    """Commit a deal that has just been won."""
    organization_id, now = actor.organization_id, utc_now()
    async with unit_of_work(actor) as session:
        pipeline = Pipeline(organization_id=organization_id, name="Funil", is_default=True)
        session.add(pipeline)
        await session.flush()
        stage = Stage(
            organization_id=organization_id, pipeline_id=pipeline.id, name="Fechado", kind="won", probability=100
        )
        session.add(stage)
        await session.flush()
        deal = Deal(
            organization_id=organization_id, pipeline_id=pipeline.id, stage_id=stage.id, owner_id=actor.user_id,
            title="Site", value_cents=cents, rank="a0", tags=[], closed_at=now,
        )  # fmt: skip
        session.add(deal)
        await session.flush()
        session.add(StageHistory(organization_id=organization_id, deal_id=deal.id, to_stage_id=stage.id))


def seen(tab: Tab) -> dict[str, Any]:
    """Return what the tab shows."""
    return tab.state(DashboardState)


async def test_a_new_organization_sees_how_figures_begin(open_tab: OpenTab, actor: Actor) -> None:
    tab = await open_tab(actor, "/dashboard")
    assert seen(tab)["empty"] is True
    assert seen(tab)["loading"] is False


async def test_figures_arrive_with_the_page(open_tab: OpenTab, actor: Actor) -> None:
    await win_a_deal(actor, 500_00)
    tab = await open_tab(actor, "/dashboard")
    shown = seen(tab)
    assert shown["empty"] is False
    assert shown["revenue"]["value"] == 500_00
    assert shown["revenue_figure"]["data"]
    assert shown["light"]["colors"]["accent"] != shown["dark"]["colors"]["accent"]
    assert shown["people"][0]["cents"] == 500_00


async def test_periods_can_be_chosen_and_nonsense_changes_nothing(open_tab: OpenTab, actor: Actor) -> None:
    tab = await open_tab(actor, "/dashboard")
    await tab.send(DashboardState.choose_period, kind="90d")
    assert seen(tab)["kind"] == "90d"
    for nonsense in ("", "custom", "1000d", "'; DROP TABLE deal"):
        await tab.send(DashboardState.choose_period, kind=nonsense)
        assert seen(tab)["kind"] == "90d"


async def test_days_of_ones_own(open_tab: OpenTab, actor: Actor) -> None:
    tab = await open_tab(actor, "/dashboard")
    await tab.send(DashboardState.show_days, wish=True)
    await tab.send(DashboardState.choose_days, form={"start": "2026-01-10", "end": "2026-01-05"})
    assert seen(tab)["period_error"] == "errors.analytics.period_backwards"
    assert seen(tab)["kind"] == "30d"
    for form in ({}, {"start": "2026-02-31", "end": "2026-03-01"}, {"start": "x", "end": None}):
        await tab.send(DashboardState.choose_days, form=form)
        assert seen(tab)["period_error"] == "errors.analytics.period_missing"
    await tab.send(DashboardState.choose_days, form={"start": "2026-01-05", "end": "2026-01-10"})
    shown = seen(tab)
    assert (shown["kind"], shown["start"], shown["end"]) == ("custom", "2026-01-05", "2026-01-10")
    assert (shown["choosing"], shown["period_error"]) == (False, "")


async def test_the_figures_of_somebody_elses_member_are_not_found(
    open_tab: OpenTab, actor: Actor, other_tenant: Any
) -> None:
    tab = await open_tab(actor, "/dashboard")
    for stranger in (str(other_tenant.owner.user_id), "nobody", "00000000-0000-0000-0000-000000000000"):
        await tab.send(DashboardState.choose_owner, owner_id=stranger)
        await tab.send(DashboardState.choose_pipeline, pipeline_id=stranger)
        assert seen(tab)["owner_id"] == ""
        assert seen(tab)["pipeline_id"] == ""
    assert set(tab.toasts()) == {"errors.invalid", "errors.not_found"}
    await tab.send(DashboardState.choose_owner, owner_id=str(actor.user_id))
    assert seen(tab)["owner_id"] == str(actor.user_id)


async def test_a_chart_can_be_read_as_a_table(open_tab: OpenTab, actor: Actor) -> None:
    await win_a_deal(actor, 500_00)
    tab = await open_tab(actor, "/dashboard")
    await tab.send(DashboardState.toggle_table, name="revenue")
    assert len(seen(tab)["tables"]["revenue"]["rows"]) == 30
    await tab.send(DashboardState.toggle_table, name="nonsense")
    await tab.send(DashboardState.choose_period, kind="7d")
    assert len(seen(tab)["tables"]["revenue"]["rows"]) == 7
    await tab.send(DashboardState.toggle_table, name="revenue")
    assert seen(tab)["tables"] == {}


async def test_it_follows_what_happens_and_reads_once_for_a_burst(
    open_tab: OpenTab, actor: Actor, monkeypatch: pytest.MonkeyPatch, eventually: Any
) -> None:
    monkeypatch.setattr(dashboard, "REFRESH_AFTER", 0.2)
    reads = 0
    read = dashboard.service.dashboard

    async def counted(*args: Any, **kwargs: Any) -> Any:
        nonlocal reads
        reads += 1
        return await read(*args, **kwargs)

    tab = await open_tab(actor, "/dashboard")
    monkeypatch.setattr(dashboard.service, "dashboard", counted)
    await win_a_deal(actor, 700_00)
    for number in range(20):
        await hub.publish(
            {"name": "deal.moved", "organization_id": str(actor.organization_id), "deal_id": str(number)}
        )

    async def arrived() -> bool:
        await tab.settle()
        return bool(seen(tab)["revenue"]["value"] == 700_00)

    await eventually(arrived)
    assert reads == 1


async def test_a_failure_is_told_and_can_be_retried(
    open_tab: OpenTab, actor: Actor, monkeypatch: pytest.MonkeyPatch
) -> None:
    async def broken(*_: Any, **__: Any) -> Any:
        raise RuntimeError("no database")

    with monkeypatch.context() as patch:
        patch.setattr(dashboard.service, "dashboard", broken)
        tab = await open_tab(actor, "/dashboard")
        assert seen(tab)["failed"] is True
    await tab.send(DashboardState.load)
    assert (seen(tab)["failed"], seen(tab)["loading"]) == (False, False)
