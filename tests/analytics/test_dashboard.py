"""The dashboard's figures on PostgreSQL."""

from collections.abc import Awaitable, Callable
from datetime import UTC, date, datetime, timedelta
from typing import Any
from uuid import UUID, uuid4

import pytest
import pytest_asyncio
from sqlalchemy.ext.asyncio import AsyncSession

from crm_app.core.errors import Forbidden, Invalid, NotFound
from crm_app.core.tenancy import Actor
from crm_app.domains.analytics import service
from crm_app.domains.analytics.schemas import DashboardView, PeriodKind
from crm_app.domains.channels.models import Channel
from crm_app.domains.contacts.models import Contact
from crm_app.domains.inbox.models import Conversation, Message
from crm_app.domains.pipeline.models import Deal, Pipeline, Stage, StageHistory

NOW = datetime(2026, 7, 17, 15, 0, tzinfo=UTC)
"""A Friday, noon in São Paulo."""
STAGES = (("Lead", "open", 10), ("Proposta", "open", 50), ("Fechado", "won", 100), ("Perdido", "lost", 0))


class World:
    """Rows of one organization, for a test to count."""

    def __init__(self, session: AsyncSession, actor: Actor) -> None:
        self.session = session
        self.actor = actor
        self.organization_id = actor.organization_id
        self.stages: list[Stage] = []
        self.pipeline: Pipeline | None = None
        self.conversation: Conversation | None = None

    async def begin(self) -> "World":
        """Make a funnel and a conversation."""
        self.pipeline, self.stages = await self.funnel("Funil", default=True)
        channel = Channel(organization_id=self.organization_id, provider="simulator", name="Comercial")
        contact = Contact(organization_id=self.organization_id, name="Helena", sort_name="helena", tags=[])
        await self.keep(channel, contact)
        self.conversation = Conversation(
            organization_id=self.organization_id,
            contact_id=contact.id,
            channel_id=channel.id,
            address="a",
            assignee_id=self.actor.user_id,
        )
        await self.keep(self.conversation)
        return self

    async def funnel(self, name: str, *, default: bool = False) -> tuple[Pipeline, list[Stage]]:
        pipeline = Pipeline(organization_id=self.organization_id, name=name, is_default=default)
        await self.keep(pipeline)
        stages = [
            Stage(
                organization_id=self.organization_id,
                pipeline_id=pipeline.id,
                name=title,
                kind=kind,
                position=place,
                probability=probability,
            )
            for place, (title, kind, probability) in enumerate(STAGES)
        ]
        await self.keep(*stages)
        return pipeline, stages

    async def keep(self, *rows: Any) -> None:
        self.session.add_all(rows)
        await self.session.flush()

    async def deal(
        self,
        born: datetime,
        *way: int,
        cents: int = 100_00,
        owner: UUID | None = None,
        stages: list[Stage] | None = None,
        archived: bool = False,
    ) -> Deal:
        """Make a deal that stands in the first stage, then goes through `way`, a day for each step."""
        stages = stages or self.stages
        steps = [0, *way]
        last = stages[steps[-1]]
        moved = born + timedelta(days=len(steps) - 1)
        deal = Deal(
            organization_id=self.organization_id,
            pipeline_id=last.pipeline_id,
            stage_id=last.id,
            owner_id=owner or self.actor.user_id,
            title="Negócio",
            value_cents=cents,
            rank="a0",
            tags=[],
            created_at=born,
            entered_stage_at=moved,
            closed_at=None if last.kind == "open" else moved,
            archived_at=NOW if archived else None,
        )
        await self.keep(deal)
        await self.keep(
            *[
                StageHistory(
                    organization_id=self.organization_id,
                    deal_id=deal.id,
                    to_stage_id=stages[place].id,
                    moved_at=born + timedelta(days=number),
                )
                for number, place in enumerate(steps)
            ]
        )
        return deal

    async def message(
        self, at: datetime, direction: str = "in", waited: int | None = None, author: UUID | None = None
    ) -> None:
        assert self.conversation is not None
        await self.keep(
            Message(
                organization_id=self.organization_id,
                conversation_id=self.conversation.id,
                channel_id=self.conversation.channel_id,
                direction=direction,
                body="oi",
                occurred_at=at,
                response_seconds=waited,
                author_id=author or (self.actor.user_id if direction == "out" else None),
            )
        )

    async def look(self, kind: PeriodKind = PeriodKind.WEEK, **more: Any) -> DashboardView:
        """Read the dashboard as the world's actor."""
        now = more.pop("now", NOW)
        return await service.dashboard(self.session, self.actor, kind=kind, now=now, **more)


@pytest_asyncio.fixture
async def world(session: AsyncSession, actor: Actor) -> World:
    return await World(session, actor).begin()


async def test_an_empty_organization_has_zeros_and_no_averages(session: AsyncSession, actor: Actor) -> None:
    view = await service.dashboard(session, actor, now=NOW)
    assert view.days[0] == date(2026, 6, 18)
    assert set(view.created) | set(view.received) | set(view.revenue_cents) == {0}
    assert view.response.value is None
    assert view.conversion.value is None
    assert view.stages == ()
    assert view.pipeline_id is None
    assert [one.revenue_cents for one in view.people] == [0]


async def test_revenue_counts_what_was_won_in_the_period_beside_the_one_before(world: World) -> None:
    await world.deal(NOW - timedelta(days=3), 2, cents=500_00)
    await world.deal(NOW - timedelta(days=10), 2, cents=200_00)
    await world.deal(NOW - timedelta(days=3), 3, cents=900_00)
    await world.deal(NOW - timedelta(days=40), 2, cents=77_00)
    view = await world.look()
    assert (view.revenue.value, view.revenue.previous) == (500_00, 200_00)
    assert sum(view.revenue_cents) == 500_00
    assert sum(view.previous_revenue_cents) == 200_00
    assert view.revenue.trend[-1] == 500_00
    assert view.people[0].won == 1
    assert view.people[0].closed == 2


async def test_days_are_those_of_the_organization(world: World) -> None:
    # 02:30 UTC is still the day before in São Paulo.
    await world.deal(datetime(2026, 7, 15, 2, 30, tzinfo=UTC))
    await world.message(datetime(2026, 7, 15, 3, 0, tzinfo=UTC))
    view = await world.look()
    assert dict(zip(view.days, view.created, strict=True))[date(2026, 7, 14)] == 1
    assert dict(zip(view.days, view.received, strict=True))[date(2026, 7, 15)] == 1


async def test_today_ends_at_the_organizations_midnight(world: World) -> None:
    late = datetime(2026, 7, 18, 1, 0, tzinfo=UTC)
    await world.message(late - timedelta(minutes=1))
    view = await world.look(now=late)
    assert view.days[-1] == date(2026, 7, 17)
    assert view.received[-1] == 1


async def test_the_funnel_counts_how_far_new_deals_came(world: World) -> None:
    born = NOW - timedelta(days=5)
    for way in ((), (), (1,), (1, 2), (2,), (1, 3)):
        await world.deal(born, *way)
    view = await world.look()
    assert [stage.name for stage in view.stages] == ["Lead", "Proposta", "Fechado"]
    assert [stage.reached for stage in view.stages] == [6, 4, 2]
    assert [stage.conversion for stage in view.stages] == [None, pytest.approx(4 / 6), 0.5]
    assert view.conversion.value == pytest.approx(2 / 6)
    assert view.conversion.previous is None


async def test_what_is_open_is_weighted_by_its_stage(world: World) -> None:
    await world.deal(NOW - timedelta(days=100), cents=1000_00)
    await world.deal(NOW - timedelta(days=100), 1, cents=500_00)
    await world.deal(NOW - timedelta(days=100), 1, cents=500_00, archived=True)
    _, others = await world.funnel("Renovações")
    await world.deal(NOW - timedelta(days=100), 1, cents=40_00, stages=others)
    view = await world.look()
    assert view.open_deals.count == 3
    assert view.open_deals.cents == 1540_00
    assert view.open_deals.weighted_cents == 100_00 + 250_00 + 20_00
    assert [stage.open_cents for stage in view.stages] == [1000_00, 500_00, 0]


async def test_another_funnel_can_be_chosen(world: World) -> None:
    other, stages = await world.funnel("Renovações")
    await world.deal(NOW - timedelta(days=1), stages=stages)
    await world.deal(NOW - timedelta(days=1))
    await world.deal(NOW - timedelta(days=1))
    default, chosen = await world.look(), await world.look(pipeline_id=other.id)
    assert default.stages[0].reached == 2
    assert chosen.stages[0].reached == 1
    assert default.new_deals.value == chosen.new_deals.value == 3


async def test_an_archived_deal_counts_only_when_it_was_closed(world: World) -> None:
    await world.deal(NOW - timedelta(days=2), archived=True)
    await world.deal(NOW - timedelta(days=2), 2, archived=True, cents=30_00)
    view = await world.look()
    assert view.new_deals.value == 1
    assert view.revenue.value == 30_00


async def test_waits_are_measured_from_the_question(world: World) -> None:
    # Asked on Friday at 11:50 in São Paulo, answered after twenty minutes.
    await world.message(datetime(2026, 7, 17, 15, 10, tzinfo=UTC), "out", waited=20 * 60)
    await world.message(datetime(2026, 7, 16, 15, 0, tzinfo=UTC), "out", waited=60)
    await world.message(datetime(2026, 7, 15, 15, 0, tzinfo=UTC), "out", waited=300)
    await world.message(datetime(2026, 7, 15, 16, 0, tzinfo=UTC), "out")
    await world.message(datetime(2026, 7, 9, 15, 0, tzinfo=UTC), "out", waited=900)
    view = await world.look(now=datetime(2026, 7, 17, 18, tzinfo=UTC))
    assert (view.response.value, view.response.previous) == (300, 900)
    assert {(cell.weekday, cell.hour): cell.seconds for cell in view.heat} == {
        (5, 11): 1200,
        (4, 11): 60,
        (3, 11): 300,
    }
    assert [one.count for one in view.waits] == [2, 0, 1, 0, 0]
    assert [one.previous_share for one in view.waits] == [0, 1, 0, 0, 0]
    assert view.within_goal.value == pytest.approx(2 / 3)
    assert (view.people[0].response_seconds, view.people[0].answers) == (300, 3)
    assert view.response.trend[-1] == 1200


async def test_messages_are_counted_both_ways_without_notes(world: World) -> None:
    await world.message(NOW - timedelta(hours=3))
    await world.message(NOW - timedelta(hours=2), "out")
    await world.message(NOW - timedelta(hours=1), "note")
    await world.message(NOW - timedelta(days=8))
    view = await world.look()
    assert (sum(view.received), sum(view.sent)) == (1, 1)
    assert (view.messages.value, view.messages.previous) == (2, 1)


async def test_one_members_figures_leave_the_others_out(
    world: World, make_actor: Callable[..., Awaitable[Actor]]
) -> None:
    bruna = await make_actor("sales")
    await world.deal(NOW - timedelta(days=2), 2, cents=10_00, owner=bruna.user_id)
    await world.deal(NOW - timedelta(days=2), 2, cents=90_00)
    await world.message(NOW - timedelta(hours=2), "out", waited=60, author=bruna.user_id)
    await world.message(NOW - timedelta(hours=2), "out", waited=600)
    await world.message(NOW - timedelta(hours=3))
    view = await world.look(owner_id=bruna.user_id)
    assert view.revenue.value == 10_00
    assert view.response.value == 60
    assert [person.id for person in view.people] == [bruna.user_id]
    assert (sum(view.received), sum(view.sent)) == (0, 1)
    everybody = await world.look()
    assert [person.revenue_cents for person in everybody.people] == [90_00, 10_00]


async def test_this_month_is_forecast_when_enough_was_closed(world: World) -> None:
    for number in range(12):
        await world.deal(NOW - timedelta(days=2 + number * 5), 2, cents=1000_00)
    month = await world.look(PeriodKind.THIS_MONTH)
    assert month.forecast is not None
    assert month.forecast.days[-1] == date(2026, 7, 31)
    assert month.forecast.expected_cents[0] == month.revenue.value
    assert (await world.look(PeriodKind.MONTH_ROLLING)).forecast is None


async def test_every_kind_of_period_can_be_read(world: World) -> None:
    await world.deal(NOW - timedelta(days=2), 2)
    for kind in (PeriodKind.WEEK, PeriodKind.MONTH_ROLLING, PeriodKind.QUARTER, PeriodKind.THIS_MONTH):
        view = await world.look(kind)
        assert len(view.created) == len(view.days) == view.period.days
    custom = await world.look(PeriodKind.CUSTOM, start=date(2026, 7, 1), end=date(2026, 7, 1))
    assert custom.days == (date(2026, 7, 1),)


async def test_who_may_not_see_figures_is_refused(session: AsyncSession, actor: Actor) -> None:
    nobody = Actor(actor.organization_id, actor.user_id, "viewer", frozenset())
    with pytest.raises(Forbidden):
        await service.dashboard(session, nobody)


async def test_members_and_funnels_of_others_are_not_found(world: World, other_tenant: Any) -> None:
    with pytest.raises(NotFound):
        await world.look(owner_id=other_tenant.owner.user_id)
    with pytest.raises(NotFound):
        await world.look(pipeline_id=uuid4())


async def test_an_impossible_period_is_refused(world: World) -> None:
    with pytest.raises(Invalid):
        await world.look(PeriodKind.CUSTOM, start=date(2026, 7, 2), end=date(2026, 7, 1))
