"""Who is here and what they look at, so that two people do not answer the same customer.

Nothing of it is stored: each process tells the others over the hub what its own tabs look at, and forgets what it
has not heard of for a while.
"""

import asyncio
import time
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass
from typing import Any

from crm_app.core import hub
from crm_app.core.ids import new_id
from crm_app.core.tenancy import Actor

BEAT_SECONDS = 20.0
FORGET_SECONDS = 50.0

ONLINE = "presence.online"
"""Somebody came or went."""
PLACE = "presence.place"
"""Somebody looks at something else."""
_BEAT = "presence.beat"

Fact = dict[str, Any]


@dataclass(frozen=True, slots=True)
class Person:
    """Somebody in a tab, at a place such as `conversation:<id>`."""

    user_id: str
    name: str
    place: str
    heard_at: float


class Presence:
    """The people of every organization, as far as this process knows."""

    def __init__(self, clock: Callable[[], float] = time.monotonic) -> None:
        self._clock = clock
        self._process = str(new_id())
        self._people: dict[str, dict[str, Person]] = {}
        self._own: dict[str, tuple[str, Person]] = {}
        self._beating: asyncio.Task[None] | None = None

    def start(self) -> Callable[[], None]:
        """Listen and tell; returns the function that ends it. The hub must be open."""
        end = hub.listen(self.hear)
        self._beating = asyncio.create_task(self._beat(), name="presence-beat")
        return end

    async def stop(self) -> None:
        """Stop telling and forget everybody."""
        if self._beating is not None:
            self._beating.cancel()
            with suppress(asyncio.CancelledError):
                await self._beating
        self._people.clear()
        self._own.clear()

    async def arrive(self, token: str, actor: Actor, name: str, place: str) -> None:
        """Note that a tab of this process looks at `place`; whoever looks through other eyes is nowhere."""
        if actor.visit is not None:
            await self.depart(token)
            return
        organization = str(actor.organization_id)
        known = self._own.get(token)
        if known is not None and known[0] != organization:
            await self.depart(token)
            known = None
        if known is not None and known[1].place == place:
            return
        person = Person(str(actor.user_id), name, place, self._clock())
        self._own[token] = (organization, person)
        was_online = any(other.user_id == person.user_id for other in self.online(organization))
        self._keep(organization, token, person)
        await self._tell(PLACE if was_online else ONLINE, organization, token, person)

    async def depart(self, token: str) -> None:
        """Note that a tab of this process is gone."""
        known = self._own.pop(token, None)
        if known is None:
            return
        organization, person = known
        self._people.get(organization, {}).pop(token, None)
        await self._tell(ONLINE, organization, token, person, gone=True)

    def online(self, organization_id: str) -> list[Person]:
        """Return the people of an organization, each once, by name."""
        self._expire(organization_id)
        found = {person.user_id: person for person in self._people.get(organization_id, {}).values()}
        return sorted(found.values(), key=lambda person: (person.name.casefold(), person.user_id))

    def at(self, organization_id: str, place: str) -> list[Person]:
        """Return who looks at `place`, each once, by name."""
        self._expire(organization_id)
        here = [person for person in self._people.get(organization_id, {}).values() if person.place == place]
        found = {person.user_id: person for person in here}
        return sorted(found.values(), key=lambda person: (person.name.casefold(), person.user_id))

    async def hear(self, fact: Fact) -> None:
        """Take in what another process tells."""
        if not fact["name"].startswith("presence.") or fact.get("process") == self._process:
            return
        organization, token = fact["organization_id"], fact["tab"]
        if fact.get("gone"):
            self._people.get(organization, {}).pop(token, None)
            return
        person = Person(fact["user_id"], fact["user_name"], fact["place"], self._clock())
        self._keep(organization, token, person)

    def _keep(self, organization_id: str, token: str, person: Person) -> None:
        self._people.setdefault(organization_id, {})[token] = person

    def _expire(self, organization_id: str) -> None:
        people = self._people.get(organization_id, {})
        limit = self._clock() - FORGET_SECONDS
        gone = [token for token, person in people.items() if person.heard_at < limit and token not in self._own]
        for token in gone:
            del people[token]

    async def _beat(self) -> None:
        while True:
            await asyncio.sleep(BEAT_SECONDS)
            for token, (organization, person) in list(self._own.items()):
                await self._tell(_BEAT, organization, token, person)

    async def _tell(
        self, name: str, organization_id: str, token: str, person: Person, *, gone: bool = False
    ) -> None:
        await hub.publish(
            {
                "name": name,
                "organization_id": organization_id,
                "process": self._process,
                "tab": token,
                "user_id": person.user_id,
                "user_name": person.name,
                "place": person.place,
                "gone": gone,
            }
        )


presence = Presence()
