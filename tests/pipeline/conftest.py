"""A funnel of six stages in the test's organization."""

from collections.abc import Awaitable, Callable
from uuid import UUID

import pytest
import pytest_asyncio
from sqlalchemy import text

from crm_app.core.database import unit_of_work
from crm_app.core.tenancy import Actor
from crm_app.domains.contacts.models import Contact
from crm_app.domains.pipeline import service
from crm_app.domains.pipeline.schemas import DealCreate, DealMove, DealView, PipelineCreate, PipelineView

MakeDeal = Callable[..., Awaitable[DealView]]


async def new_funnel(actor: Actor, name: str = "Vendas") -> PipelineView:
    """Commit a funnel with the usual stages."""
    async with unit_of_work(actor) as session:
        return await service.create_pipeline(session, actor, pipeline=PipelineCreate(name=name))


async def new_contact(actor: Actor, name: str = "Helena Souza") -> UUID:
    """Commit a contact."""
    async with unit_of_work(actor) as session:
        contact = Contact(organization_id=actor.organization_id, name=name, search_text=name.lower())
        session.add(contact)
        await session.flush()
        return contact.id


async def new_deal(actor: Actor, stage_id: UUID, title: str = "Clínica Bem Viver", **fields) -> DealView:
    """Commit a deal at the top of a column."""
    async with unit_of_work(actor) as session:
        wanted = DealCreate(title=title, stage_id=stage_id, **fields)
        return await service.create_deal(session, actor, deal=wanted)


async def move(actor: Actor, deal: DealView, stage_id: UUID, **place) -> DealView:
    """Commit a move made on the deal as given."""
    async with unit_of_work(actor) as session:
        wanted = DealMove(stage_id=stage_id, version=place.pop("version", deal.version), **place)
        return await service.move_deal(session, actor, deal_id=deal.id, move=wanted)


async def titles(actor: Actor, stage_id: UUID) -> list[str]:
    """Return the titles of a column from top to bottom."""
    async with unit_of_work(actor) as session:
        board = await service.get_board(session, actor, size=100)
    return [card.title for column in board.columns if column.id == stage_id for card in column.cards]


async def count_rows(actor: Actor, table: str, **where) -> int:
    """Count the organization's rows of a table, as the tests' eye behind the services."""
    conditions = " AND ".join(f"{name} = :{name}" for name in where) or "true"
    async with unit_of_work(actor) as session:
        return await session.scalar(text(f"SELECT count(*) FROM {table} WHERE {conditions}"), where)


@pytest_asyncio.fixture
async def funnel(actor: Actor) -> PipelineView:
    """The usual six stages."""
    return await new_funnel(actor)


@pytest.fixture
def stages(funnel: PipelineView) -> list[UUID]:
    """The ids of the funnel's stages, first to last: four open, won, lost."""
    return [stage.id for stage in funnel.stages]
