"""Jobs of the channels: simulated customers who read and answer in their own time, and tidying up."""

import asyncio
from uuid import UUID

from crm_app.core.database import system_unit_of_work, unit_of_work
from crm_app.core.queue import job
from crm_app.domains.accounts.permissions import system_actor
from crm_app.domains.accounts.service import list_working_organization_ids
from crm_app.domains.channels import event_log
from crm_app.domains.channels.simulator import service
from crm_app.domains.channels.simulator.network import REACT_JOB
from crm_app.domains.channels.simulator.pace import pace
from jobs.ticks import every

every("channels.forget_events", cron="23 4 * * *")


@job(REACT_JOB, retry=3)
async def simulator_react(organization_id: str, phone_id: str, message_id: str) -> None:
    """Let the phone's owner read what came, and answer if a script plays."""
    await asyncio.sleep(pace.before_reading())
    actor = system_actor(UUID(organization_id))
    async with unit_of_work(actor) as session:
        await service.react(session, actor, phone_id=UUID(phone_id), message_id=UUID(message_id))


@job(service.SPEAK_JOB, retry=3)
async def simulator_speak(organization_id: str, phone_id: str, lines: list[str], occasion: str) -> None:
    """Type and send the first of the lines, and leave the others to the next job."""
    actor, phone = system_actor(UUID(organization_id)), UUID(phone_id)
    await asyncio.sleep(pace.before_typing())
    async with unit_of_work(actor) as session:
        await service.customer_types(session, actor, phone_id=phone, active=True)
    await asyncio.sleep(pace.while_typing(lines[0]))
    async with unit_of_work(actor) as session:
        await service.say_first(session, actor, phone_id=phone, lines=lines, occasion=occasion)


@job("channels.forget_events")
async def forget_events() -> None:
    """Remove raw events that were dealt with a month ago, in every organization."""
    async with system_unit_of_work() as session:
        organizations = await list_working_organization_ids(session)
    for organization_id in organizations:
        actor = system_actor(organization_id)
        async with unit_of_work(actor) as session:
            await event_log.forget_old_events(session, actor)
