"""From a vendor's call to a durable raw event with its job: verify, name, store, enqueue, all in one commit.

`receive` is the one way in for every provider, the simulator included. Calls that arrive while a commit is under
way are collected and share the next one: one transaction, one multi-row insert and one batch of jobs for each
organization. The caller gets its answer after that commit and never before. When a batch fails, its members are
stored one by one, so that a poisoned one fails alone.

The job is `inbox.process_event(organization_id, event_id)`, locked by conversation (or by channel for events that
belong to none), so that one conversation is processed in the order of arrival.
"""

import asyncio
import hashlib
from collections.abc import Mapping, Sequence
from enum import StrEnum
from typing import Any
from uuid import UUID

import psycopg
import structlog
from sqlalchemy.exc import InterfaceError, OperationalError
from sqlalchemy.exc import TimeoutError as SQLAlchemyTimeout
from sqlalchemy.ext.asyncio import AsyncSession

from crm_app.core.clock import utc_now
from crm_app.core.database import Driver, driver_of, lent_driver
from crm_app.core.errors import CrmError, NotFound, Unauthenticated, Unavailable
from crm_app.core.ids import new_id
from crm_app.core.queue import enqueue_many
from crm_app.core.trace import current_trace_id
from crm_app.domains.channels import repository
from crm_app.domains.channels.doors import Door, doors
from crm_app.domains.channels.providers.base import InboundRequest, ProviderSpec
from crm_app.domains.channels.registry import find_provider
from crm_app.domains.channels.repository import Inserted, RawEvent

log = structlog.get_logger(__name__)

PROCESS_JOB = "inbox.process_event"
MAX_BODY = 10 * 1024 * 1024
MAX_BATCH = 200
MAX_BATCH_BYTES = 16 * 1024 * 1024
KEPT_HEADERS = ("content-type", "user-agent", "x-webhook-request-id", "x-webhook-timestamp")
_TRUST_AFTER = 1.0
_AWAY = (
    OperationalError,
    InterfaceError,
    SQLAlchemyTimeout,
    psycopg.OperationalError,
    psycopg.InterfaceError,
    TimeoutError,
)
_Waiting = tuple["RawEvent", "asyncio.Future[Receipt]"]


class Receipt(StrEnum):
    """What became of a call."""

    STORED = "stored"
    DUPLICATE = "duplicate"


class UnknownChannel(NotFound):
    """No channel answers at this address."""

    key = "errors.channels.unknown_channel"


class BadSignature(Unauthenticated):
    """The call does not carry a signature made with the channel's secret."""

    code = "bad_signature"
    key = "errors.channels.bad_signature"


class ClosedForGood(CrmError):
    """The channel's organization was closed: nothing is stored for it, and the vendor need not try again."""

    code = "organization_closed"
    status = 410
    key = "errors.channels.organization_closed"


async def receive(provider: str, channel_id: UUID, request: InboundRequest) -> Receipt:
    """Take a vendor's call. Raises `UnknownChannel`, `BadSignature`, `ClosedForGood` or `Unavailable`; else it is
    durable."""
    door, spec = await _enter(provider, channel_id, request)
    return await _writer.store(raw_event(door, spec, request))


async def challenge(provider: str, channel_id: UUID, request: InboundRequest) -> str:
    """Answer a vendor's handshake in plain text. Raises `UnknownChannel` or `BadSignature`."""
    door = await doors.find(channel_id)
    spec = find_provider(provider)
    if door is None or spec is None or door.provider != provider:
        raise UnknownChannel
    for secret in door.secrets:
        if (answer := spec.reader.challenge(request, secret)) is not None:
            return answer
    raise BadSignature


async def receive_within(
    session: AsyncSession, provider: str, channel_id: UUID, request: InboundRequest
) -> Receipt:
    """Take a call inside a transaction of the channel's organization, for a vendor that lives in our own house.

    The same verification, naming, storing and job as `receive`; only the commit is the caller's.
    """
    door, spec = await _enter(provider, channel_id, request)
    event = raw_event(door, spec, request)
    await session.flush()
    fresh = await _store_organization(await driver_of(session), door.organization_id, [event])
    return Receipt.STORED if event.id in fresh else Receipt.DUPLICATE


async def _enter(provider: str, channel_id: UUID, request: InboundRequest) -> tuple[Door, ProviderSpec]:
    spec = find_provider(provider)
    door = await doors.find(channel_id) if spec else None
    if spec is None or door is None or door.provider != provider:
        raise UnknownChannel
    if not _fits(spec, door, request):
        # The secret may have been changed a moment ago by another process.
        door = await doors.find(channel_id, younger_than=_TRUST_AFTER)
        if door is None or not _fits(spec, door, request):
            raise BadSignature
    if not door.receives:
        raise ClosedForGood
    return door, spec


def _fits(spec: ProviderSpec, door: Door, request: InboundRequest) -> bool:
    return any(spec.reader.verify(request, secret) for secret in door.secrets)


def raw_event(door: Door, spec: ProviderSpec, request: InboundRequest) -> RawEvent:
    """Name a verified call and dress it for the table; never fails, whatever the body holds."""
    identity = spec.reader.identify(request)
    return RawEvent(
        id=new_id(),
        organization_id=door.organization_id,
        channel_id=door.channel_id,
        provider_event_id=_bounded(identity.event_id, 300),
        kind=_plain(identity.kind)[:60],
        lock=lock_key(door.channel_id, identity.lock_key),
        body=request.body,
        headers=_kept(request.headers),
        trace_id=current_trace_id()[:64],
        received_at=utc_now(),
    )


def lock_key(channel_id: UUID, chat: str | None) -> str:
    """Return the lock under which the jobs of one conversation run; deliveries to it should use the same."""
    return _bounded(f"channel:{channel_id}:{chat}" if chat else f"channel:{channel_id}", 250)


def _bounded(text: str, limit: int) -> str:
    """Return a text no longer than its column; a long one keeps its uniqueness in a digest at its end."""
    plain = _plain(text)
    return plain if len(plain) <= limit else f"{plain[: limit - 65]}~{hashlib.sha256(plain.encode()).hexdigest()}"


def _plain(text: str) -> str:
    """Return a text that PostgreSQL takes: without NUL characters and lone surrogates."""
    return text.replace("\x00", "").encode("utf-8", "replace").decode()


def _kept(headers: Mapping[str, str]) -> dict[str, str]:
    return {name: _plain(headers[name])[:300] for name in KEPT_HEADERS if name in headers}


class _SomeKnown(Exception):
    """Some of the events were stored before."""


class _Writer:
    """Collects raw events and writes them in shared transactions, one transaction at a time per process."""

    def __init__(self) -> None:
        self._waiting: list[_Waiting] = []
        self._flushing: asyncio.Task[None] | None = None

    async def store(self, event: RawEvent) -> Receipt:
        """Return once the event is committed together with its job. Raises `Unavailable`."""
        loop = asyncio.get_running_loop()
        answer: asyncio.Future[Receipt] = loop.create_future()
        self._waiting.append((event, answer))
        if self._flushing is None or self._flushing.done():
            self._flushing = loop.create_task(self._flush(), name="intake")
        return await answer

    async def _flush(self) -> None:
        """Write until nothing waits; the connection is kept for as long as calls keep coming."""
        while self._waiting:
            try:
                async with lent_driver() as connection:
                    await self._flush_on(connection)
            except _AWAY as error:
                # What was being written has its answer; the others must not wait for a database that is away.
                self._refuse_all(error)

    async def _flush_on(self, connection: Driver) -> None:
        while self._waiting:
            await asyncio.sleep(0)  # calls that are ready to be read join this batch
            batch = self._take()
            try:
                fresh = await _commit(connection, [event for event, _ in batch])
            except _AWAY as error:
                _fail(batch, error)
                raise
            except Exception as error:  # noqa: BLE001 (each member gets its own chance and its own answer)
                log.warning("a batch of raw events failed, storing one by one", error=str(error)[:300])
                await self._one_by_one(connection, batch)
            else:
                _answer(batch, fresh)

    def _refuse_all(self, error: BaseException) -> None:
        batch, self._waiting = self._waiting, []
        log.error("raw events could not be stored", waiting=len(batch), error=str(error)[:300])
        _fail(batch, error)

    def _take(self) -> list[_Waiting]:
        size = 0
        for count, (event, _) in enumerate(self._waiting[:MAX_BATCH]):
            size += len(event.body)
            if size > MAX_BATCH_BYTES and count:
                break
        else:
            count = min(len(self._waiting), MAX_BATCH)
        batch, self._waiting = self._waiting[:count], self._waiting[count:]
        return batch

    @staticmethod
    async def _one_by_one(connection: Driver, batch: Sequence[_Waiting]) -> None:
        for event, answer in batch:
            try:
                _answer([(event, answer)], await _commit(connection, [event]))
            except Exception as error:
                log.exception("a raw event could not be stored", channel_id=str(event.channel_id))
                _fail([(event, answer)], error)


_writer = _Writer()


def _answer(batch: Sequence[_Waiting], fresh: set[UUID]) -> None:
    for event, answer in batch:
        if not answer.done():
            answer.set_result(Receipt.STORED if event.id in fresh else Receipt.DUPLICATE)


def _fail(batch: Sequence[_Waiting], error: BaseException) -> None:
    for _, answer in batch:
        if not answer.done():
            failure = Unavailable("errors.channels.intake_unavailable")
            failure.__cause__ = error
            answer.set_exception(failure)


async def _commit(connection: Driver, events: Sequence[RawEvent]) -> set[UUID]:
    """Store events of any organizations in one transaction; return the ids of those that were new.

    Nearly all events are new, so rows and jobs travel together first. When some row was there already, that
    transaction is taken back and the rows go ahead, to learn which jobs are wanted.
    """
    by_organization: dict[UUID, list[RawEvent]] = {}
    # Always in the same order, so that two processes never wait for each other.
    for event in sorted(events, key=lambda one: (one.organization_id, one.channel_id, one.provider_event_id)):
        by_organization.setdefault(event.organization_id, []).append(event)
    try:
        async with connection.pipeline(), connection.transaction():
            return await _store_as_new(connection, by_organization)
    except _SomeKnown:
        async with connection.transaction():
            fresh: set[UUID] = set()
            for organization_id, own in by_organization.items():
                await repository.enter_organization(connection, organization_id)
                fresh |= await _store_organization(connection, organization_id, own)
            return fresh


async def _store_as_new(connection: Driver, by_organization: Mapping[UUID, Sequence[RawEvent]]) -> set[UUID]:
    """Store everything with its jobs on one trip. Raises `_SomeKnown` unless every row was new."""
    waiting: list[Inserted] = []
    for organization_id, own in by_organization.items():
        await repository.enter_organization(connection, organization_id)
        waiting.append(await repository.insert_events(connection, organization_id, own))
    everything = [event for own in by_organization.values() for event in own]
    await enqueue_many(connection, PROCESS_JOB, _jobs(everything))
    fresh = {one for inserted in waiting for one in await inserted()}
    if len(fresh) != len(everything):
        raise _SomeKnown
    return fresh


async def _store_organization(connection: Driver, organization_id: UUID, events: Sequence[RawEvent]) -> set[UUID]:
    inserted = await repository.insert_events(connection, organization_id, events)
    fresh = await inserted()
    await enqueue_many(connection, PROCESS_JOB, _jobs([event for event in events if event.id in fresh]))
    return fresh


def _jobs(events: Sequence[RawEvent]) -> list[tuple[str | None, dict[str, Any]]]:
    """Return the jobs of events, in the order of their arrival."""
    return [
        (event.lock, {"organization_id": event.organization_id, "event_id": event.id, "trace_id": event.trace_id})
        for event in sorted(events, key=lambda one: one.id)
    ]
