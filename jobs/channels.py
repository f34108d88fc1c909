"""Jobs of the channels: simulated customers who read and answer in their own time."""

import asyncio
from uuid import UUID

from crm_app.core.database import unit_of_work
from crm_app.core.queue import enqueue, job
from crm_app.domains.accounts.permissions import system_actor
from crm_app.domains.channels.simulator import service
from crm_app.domains.channels.simulator.network import REACT_JOB
from crm_app.domains.channels.simulator.pace import pace


@job(REACT_JOB, retry=3)
async def simulator_react(organization_id: str, phone_id: str, message_id: str) -> None:  # noqa: ARG001
    """Let the phone's owner read what came, and answer if a script plays."""
    await asyncio.sleep(pace.before_reading())
    actor = system_actor(UUID(organization_id))
    async with unit_of_work(actor) as session:
        lines = await service.react(session, actor, phone_id=UUID(phone_id))
        if lines:
            await enqueue(
                session,
                service.SPEAK_JOB,
                lock=f"simulator:{phone_id}",
                organization_id=organization_id,
                phone_id=phone_id,
                lines=lines,
            )


@job(service.SPEAK_JOB, retry=3)
async def simulator_speak(organization_id: str, phone_id: str, lines: list[str]) -> None:
    """Type and send the first of the lines, and leave the others to the next job."""
    actor, phone = system_actor(UUID(organization_id)), UUID(phone_id)
    await asyncio.sleep(pace.before_typing())
    async with unit_of_work(actor) as session:
        await service.customer_types(session, actor, phone_id=phone, active=True)
    await asyncio.sleep(pace.while_typing(lines[0]))
    async with unit_of_work(actor) as session:
        await service.customer_sends(session, actor, phone_id=phone, text=lines[0])
        await service.customer_types(session, actor, phone_id=phone, active=False)
        if lines[1:]:
            await enqueue(
                session,
                service.SPEAK_JOB,
                lock=f"simulator:{phone_id}",
                organization_id=organization_id,
                phone_id=phone_id,
                lines=lines[1:],
            )
