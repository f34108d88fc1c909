"""The organization's identity provider: reading, saving, removing."""

import re
from typing import Any

import reflex as rx
from pydantic import SecretStr, ValidationError

from crm_app.config import get_settings
from crm_app.core.errors import CrmError
from crm_app.domains.accounts import service as accounts
from crm_app.domains.sso import settings
from crm_app.domains.sso.schemas import Preset, ProviderSettings, ProviderView
from crm_app.domains.sso.signing_in import CALLBACK
from crm_app.pages.base import PageState, handler, notify
from crm_app.pages.current import current_actor

MANAGE = "sso.manage"
EMPTY = {"issuer": "", "client_id": "", "domains": "", "joins_as": "sales"}


class SsoSettings(PageState, rx.State):
    """What an owner decides about single sign-on. The client secret is never among it."""

    exists: bool = False
    preset: str = Preset.GOOGLE.value
    values: dict[str, str] = EMPTY
    joins: bool = False
    only: bool = False
    is_active: bool = True
    callback: str = ""
    entrance: str = ""
    loading: bool = True
    failed: bool = False
    busy: bool = False
    removing: bool = False
    problem: str = ""
    problem_host: str = ""
    wrong_field: str = ""
    edition: int = 0

    @handler(MANAGE)
    async def load(self) -> None:
        """Read the settings; runs on load and on retry."""
        address = get_settings().address
        async with self._opening(), self._work() as (session, actor):
            organization = await accounts.get_organization(session, actor)
            self._show(await settings.read_provider(session, actor))
            self.callback, self.entrance = address + CALLBACK, f"{address}/sso?slug={organization.slug}"

    def _show(self, view: ProviderView | None) -> None:
        self.exists = view is not None
        self.preset = view.preset.value if view else Preset.GOOGLE.value
        self.values = (
            EMPTY
            if view is None
            else {
                "issuer": view.issuer,
                "client_id": view.client_id,
                "domains": "\n".join(view.domains),
                "joins_as": view.joins_as,
            }
        )
        self.joins, self.only = (view.joins, view.only) if view else (False, False)
        self.is_active = view.is_active if view else True
        self.busy = self.removing = False
        self.problem = self.wrong_field = ""
        self.edition += 1

    @handler(MANAGE)
    async def choose_preset(self, preset: str) -> None:
        """Say which provider it is."""
        self.preset = Preset(preset).value if preset in set(Preset) else Preset.OTHER.value

    @handler(MANAGE)
    async def save(self, form: dict[str, Any]) -> Any:
        """Check the provider and keep the settings; what was typed stays when something is wrong."""
        self.problem = self.wrong_field = self.problem_host = ""
        self.values = {name: str(form.get(name, self.values[name])) for name in EMPTY}
        self.joins, self.only, self.is_active = (bool(form.get(name)) for name in ("joins", "only", "is_active"))
        try:
            wanted = ProviderSettings(
                preset=Preset(self.preset),
                issuer=self.values["issuer"],
                client_id=self.values["client_id"],
                client_secret=SecretStr(str(form.get("client_secret", ""))),
                domains=tuple(re.split(r"[\s,;]+", self.values["domains"].strip())),
                joins=self.joins,
                joins_as=self.values["joins_as"],
                only=self.only,
                is_active=self.is_active,
            )
            self._show(await settings.save_provider(current_actor(), settings=wanted))
        except ValidationError as error:
            self._explain("errors.invalid", str(error.errors()[0]["loc"][0]))
            return None
        except CrmError as error:
            self._explain(error.key, str(error.data.get("field", "")), str(error.data.get("host", "")))
            return None
        return notify("sso.saved")

    def _explain(self, key: str, field: str, host: str = "") -> None:
        self.problem, self.wrong_field, self.problem_host = key, field, host

    @handler(MANAGE)
    async def ask_removal(self, wish: bool) -> None:
        """Open or close the question whether to remove it."""
        self.removing = bool(wish)

    @handler(MANAGE)
    async def remove(self) -> Any:
        """Go back to the other ways in."""
        async with self._work() as (session, actor):
            await settings.remove_provider(session, actor)
        self._show(None)
        return notify("sso.removed")
