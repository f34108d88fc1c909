"""What can be tried again: raw events that nobody understood or that are left out, messages that did not leave."""

from typing import Any
from uuid import UUID

import reflex as rx

from crm_app.core.errors import NotFound
from crm_app.domains.channels import event_log
from crm_app.domains.channels.views import InboundEventView, InboundStatus
from crm_app.domains.inbox import service as inbox
from crm_app.pages.base import PageState, handler, notify

SHOWN = 20


class FailuresState(PageState, rx.State):
    """The two lists below the numbers."""

    events: list[dict[str, Any]] = []
    ignored: list[dict[str, Any]] = []
    shown_events: str = "failed"
    messages: list[dict[str, Any]] = []
    more_events: bool = False
    more_ignored: bool = False
    more_messages: bool = False
    loading: bool = True
    failed: bool = False
    opened: dict[str, Any] = {}
    showing: bool = False

    @handler("channels.read")
    async def load(self) -> None:
        """Read both lists; runs on load and on retry."""
        self._watch("channel.event_failed", "inbound_event.ignored", "message.status")
        async with self._opening():
            await self._read()

    async def _read(self) -> None:
        async with self._work() as (session, actor):
            events = await event_log.list_inbound_events(session, actor, limit=SHOWN)
            ignored = await event_log.list_inbound_events(
                session, actor, status=InboundStatus.IGNORED, limit=SHOWN
            )
            messages = await inbox.list_failed_deliveries(session, actor, limit=SHOWN)
        self.events = [_row(one) for one in events.items]
        self.ignored = [_row(one) for one in ignored.items]
        self.more_ignored = ignored.next_cursor is not None
        self.messages = [
            {
                "id": str(one.message.id),
                "contact": one.contact_name,
                "channel": one.channel_name,
                "body": one.message.body[:200],
                "error_key": one.message.error_key or "errors.inbox.delivery_failed",
                "at": one.message.occurred_at.isoformat(),
                "attempts": one.attempts,
            }
            for one in messages.items
        ]
        self.more_events, self.more_messages = events.next_cursor is not None, messages.next_cursor is not None

    async def _on_fact(self, fact: dict[str, Any]) -> None:
        """Something failed, or got through after all."""
        if fact["name"] != "message.status" or fact.get("status") == "failed" or self.messages:
            await self._read()

    @handler("channels.read")
    async def choose_events(self, which: str) -> None:
        """Show the events that nobody understood, or those that are left out on purpose."""
        self.shown_events = "ignored" if which == "ignored" else "failed"

    @handler("channels.read")
    async def open_event(self, event_id: str) -> None:
        """Show what an event holds; an empty id closes it."""
        self.opened = next((one for one in (*self.events, *self.ignored) if one["id"] == event_id), {})
        self.showing = bool(self.opened)

    @handler("channels.read")
    async def close(self, wish: bool) -> None:
        """Close the event."""
        self.showing = bool(wish)

    @handler("deliveries.replay")
    async def replay_event(self, event_id: str) -> Any:
        """Process an event once more."""
        async with self._work() as (session, actor):
            await event_log.replay_inbound_event(session, actor, event_id=_id(event_id))
        self.events = [one for one in self.events if one["id"] != event_id]
        self.ignored = [one for one in self.ignored if one["id"] != event_id]
        self.showing = False
        return notify("channels.failures.replayed")

    @handler("deliveries.replay")
    async def replay_message(self, message_id: str) -> Any:
        """Send a message once more."""
        async with self._work() as (session, actor):
            await inbox.replay_message(session, actor, message_id=_id(message_id))
        self.messages = [one for one in self.messages if one["id"] != message_id]
        return notify("channels.failures.sending")


def _row(view: InboundEventView) -> dict[str, Any]:
    """Return the row of an event; `reason` is the code of one that is left out on purpose, else empty."""
    reason = view.error if view.status is InboundStatus.IGNORED else ""
    return {**view.model_dump(mode="json"), "reason": reason}


def _id(value: Any) -> UUID:
    try:
        return UUID(str(value))
    except ValueError as error:
        raise NotFound from error
