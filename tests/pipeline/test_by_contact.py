"""What a list of contacts shows of their deals."""

from datetime import timedelta

from sqlalchemy import update
from sqlalchemy.ext.asyncio import AsyncSession
from sqlmodel import col

from crm_app.core.clock import utc_now
from crm_app.core.tenancy import Actor
from crm_app.domains.contacts import service as contacts
from crm_app.domains.contacts.schemas import ContactCreate
from crm_app.domains.pipeline.by_contact import summarize_deals
from crm_app.domains.pipeline.models import Deal, Pipeline, Stage, StageKind


async def test_open_deals_are_summed_and_the_latest_stage_is_shown(session: AsyncSession, actor: Actor) -> None:
    helena = await contacts.create_contact(session, actor, data=ContactCreate(name="Helena"))
    nobody = await contacts.create_contact(session, actor, data=ContactCreate(name="Sem negócio"))
    own = {"organization_id": actor.organization_id}
    funnel = Pipeline(**own, name="Vendas")
    session.add(funnel)
    await session.flush()
    stages = [
        Stage(**own, pipeline_id=funnel.id, name=name, kind=kind, color=color)
        for color, (name, kind) in enumerate(
            [("Contato", StageKind.OPEN), ("Proposta", StageKind.OPEN), ("Ganho", StageKind.WON)]
        )
    ]
    session.add_all(stages)
    await session.flush()
    for number, stage in enumerate(stages):
        session.add(
            Deal(
                **own,
                pipeline_id=funnel.id,
                stage_id=stage.id,
                contact_id=helena.id,
                title="Site",
                value_cents=100 * 10**number,
                rank=f"a{number}",
                tags=[],
                entered_stage_at=utc_now() + timedelta(days=number),
            )
        )
    await session.flush()
    found = await summarize_deals(session, actor, contact_ids=[helena.id, nobody.id])
    assert list(found) == [helena.id]
    deals = found[helena.id]
    assert (deals.count, deals.value_cents, deals.stage_name, deals.stage_color) == (2, 1100, "Proposta", 1)
    await session.execute(update(Deal).where(col(Deal.contact_id) == helena.id).values(archived_at=utc_now()))
    assert await summarize_deals(session, actor, contact_ids=[helena.id]) == {}
    assert await summarize_deals(session, actor, contact_ids=[]) == {}
