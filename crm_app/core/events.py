"""Facts: what has happened, told to subscribers and browsers once it is committed."""

from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass, fields
from typing import Any, ClassVar, TypeVar, cast
from uuid import UUID

import structlog
from sqlalchemy.ext.asyncio import AsyncSession

from crm_app.core import hub, metrics
from crm_app.core.trace import current_trace_id

log = structlog.get_logger(__name__)


@dataclass(frozen=True, slots=True, kw_only=True)
class Fact:
    """Something that has happened. Subclasses set `name` and carry ids, never texts or secrets."""

    name: ClassVar[str] = ""
    organization_id: UUID


FactType = TypeVar("FactType", bound=Fact)
Subscriber = Callable[[FactType], Awaitable[None]]

_subscribers: dict[type[Fact], list[Subscriber[Any]]] = {}
_PENDING = "facts"


def subscribe(fact_type: type[FactType]) -> Callable[[Subscriber[FactType]], Subscriber[FactType]]:
    """Register the decorated coroutine function for facts of this type, after their commit."""

    def register(subscriber: Subscriber[FactType]) -> Subscriber[FactType]:
        _subscribers.setdefault(fact_type, []).append(subscriber)
        return subscriber

    return register


def announce(session: AsyncSession, fact: Fact) -> None:
    """Remember a fact; it is published when the session's unit of work has committed, else dropped."""
    session.info.setdefault(_PENDING, []).append(fact)


def take_announced(session: AsyncSession) -> Sequence[Fact]:
    """Return and forget the facts announced on this session, in their order."""
    return cast(list[Fact], session.info.pop(_PENDING, []))


def as_payload(fact: Fact) -> dict[str, Any]:
    """Turn a fact into the JSON object that travels over the hub."""
    payload: dict[str, Any] = {"name": fact.name, "trace_id": current_trace_id()}
    for field in fields(fact):
        value = getattr(fact, field.name)
        payload[field.name] = str(value) if isinstance(value, UUID) else value
    return payload


async def publish(facts: Sequence[Fact]) -> None:
    """Hand committed facts to the hub, then to the subscribers; a subscriber's failure stops nobody else."""
    for fact in facts:
        metrics.facts.labels(fact.name).inc()
        await hub.publish(as_payload(fact))
    for fact in facts:
        for subscriber in _subscribers.get(type(fact), ()):
            try:
                await subscriber(fact)
            except Exception:
                log.exception("subscriber failed", fact=fact.name, subscriber=subscriber.__qualname__)
