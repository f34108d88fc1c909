"""From a durable webhook to the fact that screens listen to, and from "send" to the vendor's receipt, with the job
worker in the same process, as `prumo run` has it. The yardstick is a job that does nothing but publish a fact.
"""

import asyncio
import time
import uuid
from collections.abc import Awaitable, Callable
from typing import Any

import crm_app.domains.models  # noqa: F401
from bench.harness import Report, Row, Sample, fresh_database, summarize
from crm_app.core import hub
from crm_app.core.database import system_unit_of_work, unit_of_work
from crm_app.core.queue import close_queue, enqueue, job, open_queue
from crm_app.core.tenancy import Actor
from crm_app.domains.accounts import service as accounts
from crm_app.domains.accounts.permissions import permissions_of
from crm_app.domains.channels import service as channels
from crm_app.domains.channels.simulator import service as simulator
from crm_app.domains.channels.simulator.pace import pace
from crm_app.domains.inbox import service
from jobs.worker import working

ROUNDS, CUSTOMERS = 200, 20
PATIENCE = 15.0
NOTHING_JOB = "bench.nothing"


@job(NOTHING_JOB)
async def nothing(**arguments: Any) -> None:
    """Tell that the job ran."""
    await hub.publish({"name": "bench.done", **arguments})


class Watch:
    """Waits for one fact at a time and notes when it came."""

    def __init__(self) -> None:
        self._wanted: Callable[[dict[str, Any]], bool] = lambda _: False
        self._seen: asyncio.Future[float] | None = None

    async def on_fact(self, fact: dict[str, Any]) -> None:
        """Listen to the hub."""
        if self._seen is not None and not self._seen.done() and self._wanted(fact):
            self._seen.set_result(time.perf_counter())

    def expect(self, wanted: Callable[[dict[str, Any]], bool]) -> asyncio.Future[float]:
        """Return a future with the moment at which such a fact comes."""
        self._wanted, self._seen = wanted, asyncio.get_running_loop().create_future()
        return self._seen


async def run() -> Report:
    """Measure both ways on an empty throwaway cluster."""
    report = Report("Pipeline: webhook to fact, send to receipt")
    pace.speed = 1e9
    async with fresh_database() as cluster:
        await open_queue(cluster.app_url)
        await hub.open_hub()
        try:
            actor = await _organization()
            async with working(concurrency=10):
                await _measure(report, actor)
        finally:
            await hub.close_hub()
            await close_queue()
    return report


async def _organization() -> Actor:
    async with system_unit_of_work() as session:
        made = await accounts.create_organization(
            session, name="Banca", owner_email=f"{uuid.uuid4().hex}@example.com", password=uuid.uuid4().hex
        )
    return Actor(made.id, made.owner_id, "owner", permissions_of("owner"))


async def _measure(report: Report, actor: Actor) -> None:
    watch = Watch()
    hub.listen(watch.on_fact)
    async with unit_of_work(actor) as session:
        channel = await channels.create_channel(session, actor, provider="simulator", name="Comercial", config={})
        phones = [
            await simulator.open_phone(
                session, actor, channel_id=channel.id, number=f"+55419990{number:05d}", name=f"Cliente {number}"
            )
            for number in range(CUSTOMERS)
        ]

    async def customer_writes(number: int) -> None:
        async with unit_of_work(actor) as session:
            await simulator.customer_sends(session, actor, phone_id=phones[number % CUSTOMERS].id, text="Oi")

    async def empty_job(number: int) -> None:
        async with unit_of_work(actor) as session:
            await enqueue(session, NOTHING_JOB, lock=f"nothing:{number % CUSTOMERS}")

    bare = await _series(watch, empty_job, "bench.done")
    inbound = await _series(watch, customer_writes, "message.received")
    report.rows.append(
        Row("webhook commit to fact", inbound, bare, "empty job to fact", goal="p95 < 300 ms to a tab")
    )
    async with unit_of_work(actor) as session:
        rows = (await service.list_conversations(session, actor)).items

    async def we_write(number: int) -> None:
        async with unit_of_work(actor) as session:
            await service.send_message(
                session,
                actor,
                conversation_id=rows[number % len(rows)].id,
                body="Bom dia!",
                idempotency_key=uuid.uuid4().hex,
            )

    outbound = await _series(watch, we_write, "message.status", status="sent")
    report.rows.append(Row("send commit to receipt", outbound, bare, "empty job to fact"))


async def _series(watch: Watch, act: Callable[[int], Awaitable[None]], name: str, **also: Any) -> Sample:
    """Time from the commit of `act` to the fact, many times, one after the other."""
    durations = []
    begun = time.perf_counter()
    for number in range(ROUNDS + CUSTOMERS):
        seen = watch.expect(lambda fact: {"name": name, **also}.items() <= fact.items())
        await act(number)
        committed = time.perf_counter()
        moment = await asyncio.wait_for(seen, PATIENCE)
        if number >= CUSTOMERS:
            durations.append(max(0.0, moment - committed))
    return summarize(durations, time.perf_counter() - begun)
