"""Limits hold whoever hurries: the month's messages, channels and members."""

import asyncio
from collections.abc import Awaitable, Callable
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from sqlalchemy import select, text, update
from sqlalchemy.exc import ProgrammingError
from sqlmodel import col

from crm_app.core.clock import utc_now
from crm_app.core.database import unit_of_work
from crm_app.core.tenancy import Actor
from crm_app.domains.accounts import service
from crm_app.domains.accounts.entry import joining
from crm_app.domains.accounts.errors import SeatsTaken
from crm_app.domains.accounts.members import service as members
from crm_app.domains.accounts.models import Organization, Role
from crm_app.domains.channels import service as channels
from crm_app.domains.plans import metering, repository
from crm_app.domains.plans.errors import LimitReached
from crm_app.domains.plans.models import UsageCounter
from tests.conftest import MakeActor, Tenant
from tests.plans.having import be_given, have_plan

MESSAGES = "messages"


async def act(actor: Actor, use_case: Callable[..., Awaitable[Any]], **arguments: Any) -> Any:
    """Run a use case as a request would."""
    async with unit_of_work(actor) as session:
        return await use_case(session, actor, **arguments)


async def take(tenant: Tenant, amount: int = 1) -> None:
    async with unit_of_work(tenant.owner) as session:
        await metering.take(session, tenant.organization.id, MESSAGES, amount)


async def used(tenant: Tenant) -> dict[str, int]:
    """Return what was used, by month."""
    async with unit_of_work(tenant.owner) as session:
        statement = select(UsageCounter).where(col(UsageCounter.organization_id) == tenant.organization.id)
        return {row.period: row.used for row in await session.scalars(statement)}


async def test_many_at_once_get_what_there_is_and_no_more(tenant: Tenant) -> None:
    await have_plan(tenant, limits={MESSAGES: 7})
    outcomes = await asyncio.gather(*(take(tenant) for _ in range(30)), return_exceptions=True)
    assert outcomes.count(None) == 7
    assert {type(one) for one in outcomes if one is not None} == {LimitReached}
    assert list((await used(tenant)).values()) == [7]


async def test_several_fit_together_or_not_at_all(tenant: Tenant) -> None:
    await have_plan(tenant, limits={MESSAGES: 5})
    with pytest.raises(LimitReached) as refused:
        await take(tenant, 6)
    assert refused.value.data == {"what": MESSAGES, "limit": 5}
    await take(tenant, 3)
    with pytest.raises(LimitReached):
        await take(tenant, 3)
    await take(tenant, 2)
    assert list((await used(tenant)).values()) == [5]


async def test_a_rollback_uses_nothing(tenant: Tenant) -> None:
    await have_plan(tenant, limits={MESSAGES: 1})

    async def fail() -> None:
        async with unit_of_work(tenant.owner) as session:
            await metering.take(session, tenant.organization.id, MESSAGES)
            raise RuntimeError

    with pytest.raises(RuntimeError):
        await fail()
    await take(tenant)


async def test_without_a_limit_it_is_counted_all_the_same(tenant: Tenant) -> None:
    for _ in range(3):
        await take(tenant)
    assert list((await used(tenant)).values()) == [3]


async def test_what_was_added_counts_until_it_ends(tenant: Tenant) -> None:
    await have_plan(tenant, limits={MESSAGES: 1})
    await be_given(tenant, MESSAGES, amount=2, until=utc_now() + timedelta(days=1))
    await be_given(tenant, MESSAGES, amount=100, until=utc_now() - timedelta(seconds=1))
    await be_given(tenant, MESSAGES, amount=100, revoked_at=utc_now())
    await be_given(tenant, "members", amount=100)
    await take(tenant, 3)
    with pytest.raises(LimitReached):
        await take(tenant)


async def test_a_smaller_plan_takes_nothing_back_and_gives_nothing_more(tenant: Tenant) -> None:
    await take(tenant, 5)
    await have_plan(tenant, limits={MESSAGES: 3})
    with pytest.raises(LimitReached):
        await take(tenant)
    assert list((await used(tenant)).values()) == [5]


@pytest.mark.parametrize(
    ("zone", "moment", "month"),
    [
        ("America/Sao_Paulo", datetime(2026, 12, 1, 2, 59, tzinfo=UTC), "2026-11"),
        ("America/Sao_Paulo", datetime(2026, 12, 1, 3, 0, tzinfo=UTC), "2026-12"),
        ("Asia/Tokyo", datetime(2026, 11, 30, 15, 0, tzinfo=UTC), "2026-12"),
        ("UTC", datetime(2026, 11, 30, 23, 59, tzinfo=UTC), "2026-11"),
        ("America/New_York", datetime(2027, 1, 1, 4, 30, tzinfo=UTC), "2026-12"),
    ],
)
async def test_a_month_ends_where_the_organization_is(
    tenant: Tenant, zone: str, moment: datetime, month: str
) -> None:
    mine = tenant.organization.id
    async with unit_of_work(tenant.owner) as session:
        await session.execute(update(Organization).where(col(Organization.id) == mine).values(time_zone=zone))
        assert await repository.take(session, mine, MESSAGES, 2, moment) == 2
        assert await repository.used(session, mine, MESSAGES, moment) == 2
        await metering.give_back(session, mine, MESSAGES, taken_at=moment)
    assert await used(tenant) == {month: 1}


async def test_giving_back_never_goes_below_nothing(tenant: Tenant) -> None:
    await take(tenant)
    async with unit_of_work(tenant.owner) as session:
        await metering.give_back(session, tenant.organization.id, MESSAGES, taken_at=utc_now(), amount=5)
    assert list((await used(tenant)).values()) == [0]


async def test_organizations_do_not_use_up_each_others(tenant: Tenant, other_tenant: Tenant) -> None:
    await have_plan(tenant, limits={MESSAGES: 1})
    await take(tenant)
    await take(other_tenant, 9)
    async with unit_of_work(other_tenant.owner) as session:  # their tenant is set: nothing of others is taken
        assert await repository.take(session, tenant.organization.id, MESSAGES, 1, utc_now()) is None


async def create_channel(tenant: Tenant) -> Any:
    return await act(tenant.owner, channels.create_channel, provider="simulator", name="Comercial", config={})


async def test_many_channels_at_once(tenant: Tenant) -> None:
    await have_plan(tenant, limits={"channels": 2})
    outcomes = await asyncio.gather(*(create_channel(tenant) for _ in range(8)), return_exceptions=True)
    made = [one for one in outcomes if not isinstance(one, BaseException)]
    assert len(made) == 2
    assert {type(one) for one in outcomes if isinstance(one, BaseException)} == {LimitReached}
    await act(tenant.owner, channels.archive_channel, channel_id=made[0].id)
    await create_channel(tenant)  # an archived one makes room


async def new_member(tenant: Tenant, number: int) -> Any:
    email = f"novo-{number}-{tenant.organization.slug}@exemplo.com.br"
    if number % 2:
        return await act(tenant.owner, joining.join_as_new_person, email=email, name="Novo", role=Role.SALES)
    return await act(
        tenant.owner, service.add_member, email=email, name="Novo", password="grampo-lilás-42", role=Role.SALES
    )


async def test_many_members_at_once(tenant: Tenant) -> None:
    await have_plan(tenant, limits={"members": 4})
    outcomes = await asyncio.gather(*(new_member(tenant, one) for one in range(10)), return_exceptions=True)
    refused = [one for one in outcomes if isinstance(one, BaseException)]
    assert len(refused) == 7, outcomes
    assert {type(one) for one in refused} == {SeatsTaken}


async def test_whoever_pauses_makes_room_and_needs_it_again(tenant: Tenant, make_actor: MakeActor) -> None:
    seller = await make_actor()
    await have_plan(tenant, limits={"members": 2})
    with pytest.raises(SeatsTaken):
        await new_member(tenant, 1)
    await act(tenant.owner, members.deactivate_member, user_id=seller.user_id)
    await new_member(tenant, 2)
    with pytest.raises(SeatsTaken):
        await act(tenant.owner, members.activate_member, user_id=seller.user_id)


async def test_an_organization_cannot_change_the_plans(tenant: Tenant) -> None:
    async with unit_of_work(tenant.owner) as session:
        with pytest.raises(ProgrammingError, match="permission denied"):
            await session.execute(text("UPDATE plan SET limits = '{}'"))
        await session.rollback()
