"""The numbers of the organization: the list, its totals, and what is done with one of them."""

from typing import Any
from uuid import UUID

import reflex as rx

from crm_app.config import get_settings
from crm_app.core.errors import Invalid, NotFound
from crm_app.domains.channels import pairing, service
from crm_app.domains.channels.registry import PROVIDERS
from crm_app.domains.channels.schemas import ChannelStatus
from crm_app.domains.channels.views import ChannelView
from crm_app.domains.inbox import service as inbox
from crm_app.domains.inbox.schemas import ChannelTraffic
from crm_app.pages.base import PageState, handler, notify
from crm_app.pages.current import current_actor

NO_HOURS = [0] * 24


def channel_id_of(value: Any) -> UUID:
    """Return the id in a handler's argument. Raises `NotFound` for anything else."""
    try:
        return UUID(str(value))
    except ValueError as error:
        raise NotFound(kind="channel") from error


class ChannelsState(PageState, rx.State):
    """The list of numbers, with the dialogs that belong to a row."""

    rows: list[dict[str, Any]] = []
    totals: dict[str, Any] = {"on_air": 0, "all": 0, "today": 0, "sent": 0, "delivered": 0.0}
    loading: bool = True
    failed: bool = False
    asking: str = ""
    target_id: str = ""
    target_name: str = ""
    name_error: str = ""
    secret: str = ""
    busy: bool = False

    @handler("channels.read")
    async def load(self) -> None:
        """Read all numbers and what they carried; runs on load and on retry."""
        self._watch("channel.", "message.received", "message.status")
        async with self._opening():
            await self._read()

    async def _read(self) -> None:
        async with self._work() as (session, actor):
            channels = await service.list_channels(session, actor)
            traffic = await inbox.channel_traffic(session, actor)
        self._show(channels, {one.channel_id: one for one in traffic})

    def _show(self, channels: list[ChannelView], traffic: dict[UUID, ChannelTraffic]) -> None:
        self.rows = [_row(one, traffic.get(one.id)) for one in channels]
        sent = sum(one.sent for one in traffic.values())
        delivered = sum(one.delivered for one in traffic.values())
        self.totals = {
            "on_air": sum(one.status is ChannelStatus.CONNECTED for one in channels),
            "all": len(channels),
            "today": sum(one.today for one in traffic.values()),
            "sent": sent,
            "delivered": delivered / sent if sent else 0.0,
        }

    async def _on_fact(self, _fact: dict[str, Any]) -> None:
        """A number changed or carried something."""
        await self._read()

    @handler("channels.manage")
    async def ask(self, what: str, channel_id: str) -> None:
        """Open the dialog `what` (rename, disconnect, archive, secret) about a number; empty closes it."""
        known = next((row for row in self.rows if row["id"] == channel_id), None)
        self.asking = what if known and what in {"rename", "disconnect", "archive", "secret"} else ""
        self.target_id, self.target_name = (known["id"], known["name"]) if known else ("", "")
        self.name_error = self.secret = ""

    @handler("channels.manage")
    async def close(self, wish: bool) -> None:
        """Close whatever dialog is open."""
        if not wish:
            self.asking = self.secret = self.name_error = ""

    @handler("channels.manage")
    async def rename(self, form: dict[str, Any]) -> Any:
        """Give the number another name."""
        wanted = str(form.get("name", "")) if isinstance(form, dict) else ""
        try:
            async with self._work() as (session, actor):
                view = await service.rename_channel(
                    session, actor, channel_id=channel_id_of(self.target_id), name=wanted
                )
        except Invalid as error:
            self.name_error = error.key
            return None
        self.asking = ""
        return notify("channels.renamed", name=view.name)

    @handler("channels.manage")
    async def archive(self) -> Any:
        """Close the number for good."""
        async with self._work() as (session, actor):
            await service.archive_channel(session, actor, channel_id=channel_id_of(self.target_id))
        self.asking = ""
        return notify("channels.archived", name=self.target_name)

    @handler("channels.manage")
    async def rotate(self) -> None:
        """Make a new webhook secret and show it once."""
        async with self._work() as (session, actor):
            made = await service.rotate_secret(session, actor, channel_id=channel_id_of(self.target_id))
        self.secret = made.secret

    @handler("channels.manage", background=True)
    async def disconnect(self) -> Any:
        """Unpair the number; the vendor may take a while."""
        async with self:
            self.busy, target, name = True, self.target_id, self.target_name
        try:
            await pairing.disconnect(current_actor(), channel_id=channel_id_of(target))
        finally:
            async with self:
                self.busy, self.asking = False, ""
        return notify("channels.disconnected", name=name)


def _row(view: ChannelView, traffic: ChannelTraffic | None) -> dict[str, Any]:
    spec = PROVIDERS.get(view.provider)
    hours = list(traffic.hours) if traffic else NO_HOURS
    most = max(hours) or 1
    return {
        "id": str(view.id),
        "name": view.name,
        "provider": view.provider,
        "provider_title": spec.title if spec else view.provider,
        "address": view.address,
        "status": view.status.value,
        "status_at": view.status_at.isoformat(),
        "detail_key": view.status_detail if view.status_detail.startswith("errors.") else "",
        "webhook": get_settings().address + view.webhook_path,
        "today": traffic.today if traffic else 0,
        "sent": traffic.sent if traffic else 0,
        "hours": [{"n": count, "h": max(8, round(100 * count / most)) if count else 0} for count in hours],
        "day": sum(hours),
        "pairs": bool(spec and spec.capabilities.pairing == "qr"),
        "failed_events": view.failed_events,
    }
