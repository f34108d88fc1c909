"""The demo phone: whose phone is in the hand, what stands on it, and how its owner behaves."""

from typing import Any
from uuid import UUID

import reflex as rx

from crm_app.core.clock import utc_now
from crm_app.core.errors import Invalid, NotFound
from crm_app.domains.channels import service as channels
from crm_app.domains.channels.simulator import service
from crm_app.pages.base import PageState, handler
from crm_app.pages.routes import SIMULATOR
from crm_app.pages.session.state import STAYING
from crm_app.pages.simulator.rows import (
    NO_PHONE,
    BubbleRow,
    PhoneRow,
    ScriptRow,
    bubble_row,
    phone_row,
    script_row,
)
from crm_app.pages.simulator.samples import SAMPLES

PROVIDER = "simulator"
WINDOW = 60
SHORTEST_NUMBER = 8


class SimulatorState(PageState, rx.State):
    """One simulated channel and one phone on it; the same in the page and in the docked panel."""

    channel_id: str = ""
    channel_name: str = ""
    phones: list[PhoneRow] = []
    scripts: list[ScriptRow] = []
    phone: PhoneRow = NO_PHONE
    bubbles: list[BubbleRow] = []
    business_typing: str = ""
    loading: bool = True
    docked: bool = False
    adding: bool = False
    number_error: str = ""

    @handler("simulator.use")
    async def load(self) -> None:
        """Find the simulated channel and its phones; open the phone that was used last."""
        async with self._work() as (session, actor):
            found = [c for c in await channels.list_channels(session, actor) if c.provider == PROVIDER]
            if not found:
                self.channel_id, self.loading = "", False
                return
            self.channel_id, self.channel_name = str(found[0].id), found[0].name
            phones = await service.list_phones(session, actor, channel_id=found[0].id)
        self.phones = [phone_row(phone) for phone in phones]
        self.scripts = [script_row(script) for script in service.list_scripts()]
        self._watch("simulator.", channel_id=self.channel_id)
        self.loading = False
        wanted = self.phone["id"] or (self.phones[0]["id"] if self.phones else "")
        if wanted:
            await self._open(UUID(wanted))

    async def _open(self, phone_id: UUID) -> None:
        async with self._work() as (session, actor):
            phones = await service.list_phones(session, actor, channel_id=UUID(self.channel_id))
            messages = await service.list_phone_messages(session, actor, phone_id=phone_id, limit=WINDOW)
        self.phones = [phone_row(phone) for phone in phones]
        self.phone = next((row for row in map(phone_row, phones) if row["id"] == str(phone_id)), NO_PHONE)
        self.bubbles = [bubble_row(message) for message in messages]

    @handler("simulator.use")
    async def dock(self, wish: bool) -> Any:
        """Show or hide the phone at the right edge of the app."""
        self.docked = bool(wish)
        return SimulatorState.load if self.docked else None

    @handler("simulator.use")
    async def choose(self, phone_id: str) -> None:
        """Take another customer's phone into the hand."""
        self.business_typing = ""
        await self._open(UUID(str(phone_id)))

    @handler("simulator.use")
    async def show_form(self, wish: bool) -> None:
        """Open or close the form for a new customer."""
        self.adding, self.number_error = bool(wish), ""

    @handler("messages.send")
    async def add_phone(self, form: dict[str, Any]) -> None:
        """Give a new customer a phone."""
        name, number = str(form.get("name", "")), str(form.get("number", ""))
        try:
            async with self._work() as (session, actor):
                phone = await service.open_phone(
                    session, actor, channel_id=UUID(self.channel_id), number=number, name=name
                )
        except Invalid as error:
            self.number_error = error.key
            return
        self.adding, self.number_error = False, ""
        await self._open(phone.id)

    @handler("messages.send")
    async def say(self, form: dict[str, Any]) -> None:
        """Write to the agency as the customer."""
        text = str(form.get("text", ""))
        if not text.strip() or not self.phone["id"]:
            return
        async with self._work() as (session, actor):
            await service.customer_sends(session, actor, phone_id=UUID(self.phone["id"]), text=text)
        await self._open(UUID(self.phone["id"]))

    @handler("messages.send")
    async def send_sample(self, name: str) -> None:
        """Send one of the files that lie ready: a picture, a voice note, a document."""
        sample = SAMPLES.get(str(name))
        if sample is None or not self.phone["id"]:
            return
        async with self._work() as (session, actor):
            await service.customer_sends(
                session, actor, phone_id=UUID(self.phone["id"]), text=sample.caption, file=sample.read()
            )
        await self._open(UUID(self.phone["id"]))

    @handler("messages.send", throttle=2500)
    async def type_something(self, _text: str) -> None:
        """Let the agency see that the customer is typing."""
        if self.phone["id"]:
            async with self._work() as (session, actor):
                await service.customer_types(session, actor, phone_id=UUID(self.phone["id"]), active=True)

    @handler("messages.send")
    async def switch_reading(self, unread: bool) -> None:
        """Have the customer leave messages unread, or read them again."""
        await self._switch(reads=not unread)

    @handler("messages.send")
    async def switch_signal(self, away: bool) -> None:
        """Take the phone out of reach, or bring it back."""
        await self._switch(reachable=not away)

    async def _switch(self, **wish: bool) -> None:
        if not self.phone["id"]:
            return
        async with self._work() as (session, actor):
            await service.switch_phone(session, actor, phone_id=UUID(self.phone["id"]), **wish)
        await self._open(UUID(self.phone["id"]))

    @handler("messages.send")
    async def start_script(self, key: str) -> None:
        """Have a scripted customer start a conversation."""
        if not self.channel_id:
            return
        async with self._work() as (session, actor):
            phone = await service.start_script(
                session, actor, channel_id=UUID(self.channel_id), script=str(key)[:40]
            )
        await self._open(phone.id)

    @handler("messages.send")
    async def stop_script(self) -> None:
        """Take the phone over from its script."""
        if not self.phone["id"]:
            return
        async with self._work() as (session, actor):
            await service.stop_script(session, actor, phone_id=UUID(self.phone["id"]))
        await self._open(UUID(self.phone["id"]))

    async def _on_fact(self, fact: dict[str, Any]) -> None:
        """Something happened on a phone: read the list, and the open one."""
        if not (self.docked or self.router.url.path.startswith(SIMULATOR)):
            return
        same = str(fact.get("phone_id")) == self.phone["id"]
        if fact["name"] == "simulator.typing":
            if same:
                self.business_typing = utc_now().isoformat() if fact.get("active") else ""
            return
        if same:
            self.business_typing = ""
        try:
            await self._open(UUID(self.phone["id"] or str(fact["phone_id"])))
        except NotFound:
            self.phone, self.bubbles = NO_PHONE, []


# The docked phone stays in the hand from page to page.
STAYING.append(SimulatorState)
