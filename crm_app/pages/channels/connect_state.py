"""Connecting a number: the form of a new one, then the vendor's QR code, live."""

import asyncio
from typing import Any

import reflex as rx

from crm_app.core.errors import CrmError, Invalid
from crm_app.domains.channels import pairing, service
from crm_app.domains.channels.registry import get_provider
from crm_app.domains.channels.schemas import ChannelStatus, PairingView
from crm_app.pages.base import PageState, handler, notify
from crm_app.pages.channels.state import channel_id_of
from crm_app.pages.current import current_actor

LOOK_EVERY_SECONDS = 4.0
LOOK_AT_MOST = 90
"""A dialog that was forgotten stops asking the vendor after six minutes; "look again" starts anew."""
FIELDS = ("base_url", "api_key", "session")


class ConnectState(PageState, rx.State):
    """The dialog in which a number is connected, or connected again."""

    shown: bool = False
    step: str = "form"
    provider: str = "waha"
    channel_id: str = ""
    channel_name: str = ""
    errors: dict[str, str] = {"name": "", "base_url": "", "api_key": "", "session": ""}
    status: str = ""
    qr: str = ""
    own_address: str = ""
    code: list[str] = []
    code_error: str = ""
    problem: str = ""
    asleep: bool = False
    busy: bool = False
    _round: int = 0

    @handler("channels.manage")
    async def begin(self) -> None:
        """Open the dialog with the form of a new number."""
        self._reset("form")

    @handler("channels.manage")
    async def choose(self, provider: str) -> None:
        """Choose the way in which the number is connected."""
        self.provider = get_provider(str(provider)).key
        self.errors = dict.fromkeys(self.errors, "")

    @handler("channels.manage")
    async def again(self, channel_id: str) -> Any:
        """Open the dialog for a number that is known already."""
        async with self._work() as (session, actor):
            view = await service.access_channel(session, actor, channel_id=channel_id_of(channel_id))
        self._reset("pair")
        self.channel_id, self.channel_name, self.provider = str(view.id), view.name, view.provider
        self._watch("channel.status", channel_id=self.channel_id)
        return ConnectState.follow

    @handler("channels.manage")
    async def close(self, wish: bool) -> None:
        """Close the dialog; a pairing that has begun goes on at the vendor."""
        if not wish:
            self._reset("form")
            self.shown = False

    @handler("channels.manage")
    async def create(self, form: dict[str, Any]) -> Any:
        """Create the number from the form, and go on to its QR code where there is one."""
        given = {name: str(value) for name, value in form.items()} if isinstance(form, dict) else {}
        config = {name: given[name] for name in FIELDS if given.get(name)} if self.provider == "waha" else {}
        self.errors = dict.fromkeys(self.errors, "")
        name = given.get("name", "")
        try:
            async with self._work() as (session, actor):
                made = await service.create_channel(
                    session, actor, provider=self.provider, name=name, config=config
                )
        except Invalid as error:
            self._mark(error)
            return None
        if get_provider(self.provider).capabilities.pairing == "none":
            self.shown = False
            return notify("channels.created", name=name)
        return ConnectState.again(str(made.id))

    @handler("channels.manage", background=True)
    async def follow(self) -> None:
        """Start the vendor's session and look at it until it is connected or the dialog is closed."""
        async with self:
            self._round += 1
            mine, target = self._round, self.channel_id
            self.busy, self.asleep, self.problem = True, False, ""
        await self._look(mine, pairing.start_pairing, target)
        for _ in range(LOOK_AT_MOST):
            await asyncio.sleep(LOOK_EVERY_SECONDS)
            async with self:
                if self._round != mine or not self.shown or self.status == ChannelStatus.CONNECTED:
                    return
            await self._look(mine, pairing.read_pairing, target)
        async with self:
            self.asleep = self._round == mine

    async def _look(self, mine: int, act: Any, target: str) -> None:
        view, problem = None, ""
        try:
            view = await act(current_actor(), channel_id=channel_id_of(target))
        except CrmError as error:
            problem = error.key
        async with self:
            if self._round == mine:
                self.busy, self.problem = False, problem
                if view is not None:
                    self._take(view)

    @handler("channels.manage", background=True)
    async def ask_code(self, form: dict[str, Any]) -> None:
        """Ask for a code to type on the phone instead of scanning."""
        async with self:
            target, self.code_error = self.channel_id, ""
        phone = str(form.get("phone", ""))[:40] if isinstance(form, dict) else ""
        try:
            told, problem = (
                await pairing.request_pairing_code(current_actor(), channel_id=channel_id_of(target), phone=phone),
                "",
            )
        except CrmError as error:
            told, problem = "", error.key
        async with self:
            self.code, self.code_error = list(told[:12]), problem

    async def _on_fact(self, _fact: dict[str, Any]) -> None:
        """The vendor told that the session moved: there is a fresh code, or it is connected."""
        if not self.shown or self.step != "pair":
            return
        try:
            self._take(await pairing.read_pairing(current_actor(), channel_id=channel_id_of(self.channel_id)))
        except CrmError as error:
            self.problem = error.key

    def _take(self, view: PairingView) -> None:
        self.status, self.qr = view.state.value, view.qr_png or ""
        self.own_address = view.own_address or self.own_address
        self.problem = ""

    def _reset(self, step: str) -> None:
        self._round += 1
        self.shown, self.step, self.busy, self.asleep = True, step, False, False
        self.status = self.qr = self.own_address = self.problem = self.code_error = ""
        self.channel_id = self.channel_name = ""
        self.code = []
        self.errors = dict.fromkeys(self.errors, "")

    def _mark(self, error: Invalid) -> None:
        wrong = error.data.get("fields") or {error.data.get("field", "name"): ""}
        known = [name for name in wrong if name in self.errors]
        if not known:
            raise error
        self.errors = self.errors | {name: f"channels.form.wrong.{name}" for name in known}
