"""Changing how a number reaches its vendor: name, address and key of the server."""

from typing import Any

import reflex as rx

from crm_app.core.errors import Invalid
from crm_app.domains.channels import service
from crm_app.pages.base import PageState, handler, notify
from crm_app.pages.channels.connect_state import ConnectState
from crm_app.pages.channels.state import channel_id_of

FIELDS = ("base_url", "api_key")


class ConfigureState(PageState, rx.State):
    """The form about one WAHA number. The key goes in and never comes out."""

    shown: bool = False
    channel_id: str = ""
    name: str = ""
    base_url: str = ""
    has_key: bool = False
    errors: dict[str, str] = {"name": "", "base_url": "", "api_key": ""}
    round: int = 0

    @handler("channels.manage")
    async def begin(self, channel_id: str) -> None:
        """Open the form with what is known."""
        async with self._work() as (session, actor):
            known = await service.read_configuration(session, actor, channel_id=channel_id_of(channel_id))
        self.channel_id, self.name = str(known.id), known.name
        self.base_url = str(known.config.get("base_url", ""))
        self.has_key = "api_key" in known.secrets
        self.errors = dict.fromkeys(self.errors, "")
        self.round += 1
        self.shown = True

    @handler("channels.manage")
    async def close(self, wish: bool) -> None:
        """Close the form."""
        self.shown = bool(wish) and self.shown

    @handler("channels.manage")
    async def save(self, form: dict[str, Any]) -> Any:
        """Change the number; a new address or key leads on to connecting again, for the vendor has to know us."""
        given = {name: str(value).strip() for name, value in form.items()} if isinstance(form, dict) else {}
        config = {name: given[name] for name in FIELDS if given.get(name)}
        if config.get("base_url", "").rstrip("/") == self.base_url:
            del config["base_url"]
        self.errors = dict.fromkeys(self.errors, "")
        target = channel_id_of(self.channel_id)
        try:
            async with self._work() as (session, actor):
                view = await service.rename_channel(session, actor, channel_id=target, name=given.get("name", ""))
                if config:
                    await service.configure_channel(session, actor, channel_id=target, config=config)
        except Invalid as error:
            self._mark(error)
            return None
        self.shown = False
        saved = notify("channels.configured", name=view.name)
        return [saved, ConnectState.again(self.channel_id)] if config else saved

    def _mark(self, error: Invalid) -> None:
        if error.key == service.KEY_AGAIN:
            self.errors = self.errors | {"api_key": error.key}
            return
        wrong = error.data.get("fields") or {error.data.get("field", "name"): ""}
        known = [name for name in wrong if name in self.errors]
        if not known:
            raise error
        self.errors = self.errors | {name: f"channels.form.wrong.{name}" for name in known}
