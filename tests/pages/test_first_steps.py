"""The checklist ticks what has really happened, leads owners there, and goes away when asked to."""

import pytest
from sqlalchemy import update

from crm_app.core.clock import utc_now
from crm_app.core.database import system_unit_of_work, unit_of_work
from crm_app.core.errors import Forbidden
from crm_app.core.i18n import DEFAULT_LANGUAGE
from crm_app.core.tenancy import Actor
from crm_app.domains.accounts.models import User
from crm_app.domains.onboarding import service
from crm_app.domains.onboarding.schemas import STEPS
from crm_app.domains.pipeline import service as pipeline
from crm_app.domains.pipeline.schemas import DealCreate
from crm_app.pages import routes
from crm_app.pages.firststeps.state import FirstSteps
from crm_app.pages.session.state import Session
from tests.conftest import MakeActor, Tenant
from tests.pages.conftest import OpenTab


async def done(actor: Actor) -> tuple[str, ...]:
    """Return the ticked steps."""
    async with unit_of_work(actor) as session:
        return (await service.get_checklist(session, actor)).done


async def create_deal(actor: Actor) -> None:
    """Put a deal into a new pipeline."""
    async with unit_of_work(actor) as session:
        await pipeline.create_default_pipeline(session, actor, language=DEFAULT_LANGUAGE)
        await pipeline.create_deal(session, actor, deal=DealCreate(title="Site novo"))


async def test_steps_are_told_from_the_data(tenant: Tenant, make_actor: MakeActor) -> None:
    owner = tenant.owner
    assert await done(owner) == ()
    async with system_unit_of_work() as session:
        statement = update(User).where(User.id == owner.user_id)  # type: ignore[arg-type]
        await session.execute(statement.values(email_verified_at=utc_now()))
    assert await done(owner) == ("email",)
    await make_actor("sales")
    assert await done(owner) == ("email", "team")
    await create_deal(owner)
    assert await done(owner) == ("email", "team", "deal")


async def test_others_data_ticks_nothing(tenant: Tenant, other_tenant: Tenant) -> None:
    await create_deal(other_tenant.owner)
    assert await done(tenant.owner) == ()


async def test_sellers_have_no_checklist(make_actor: MakeActor, open_tab: OpenTab) -> None:
    seller = await make_actor("sales")
    async with unit_of_work(seller) as session:
        with pytest.raises(Forbidden):
            await service.close_checklist(session, seller)
    tab = await open_tab(seller, "/")
    assert tab.state(Session)["first_steps"] is False
    assert routes.FIRST_STEPS not in tab.redirects()


async def test_the_owner_is_led_there_until_the_list_is_put_away(open_tab: OpenTab, actor: Actor) -> None:
    tab = await open_tab(actor, "/")
    assert tab.redirects() == [routes.FIRST_STEPS]
    steps = await open_tab(actor, routes.FIRST_STEPS)
    assert steps.state(FirstSteps)["next_step"] == STEPS[0]
    await steps.send(FirstSteps.put_away)
    assert steps.state(Session)["first_steps"] is False
    later = await open_tab(actor, "/")
    assert later.redirects() == [routes.INBOX]
    again = await open_tab(actor, routes.FIRST_STEPS)
    assert again.state(FirstSteps)["closed"] is True


async def test_a_tick_appears_by_itself(open_tab: OpenTab, actor: Actor) -> None:
    tab = await open_tab(actor, routes.FIRST_STEPS)
    assert tab.state(FirstSteps)["done"] == []
    await create_deal(actor)
    await tab.settle()
    assert tab.state(FirstSteps)["done"] == ["deal"]
