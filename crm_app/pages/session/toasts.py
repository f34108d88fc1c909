"""Short messages at the bottom of the screen, some with an undo."""

from typing import Any

import reflex as rx
from reflex_base.event import Event

from crm_app.core.ids import new_id
from crm_app.pages.policy import ANY_TAB, handler, registered_permission

MOST_AT_ONCE = 3
TONES = frozenset({"info", "success", "error"})


class Toasts(rx.State):
    """The messages that this tab shows now. Texts are catalogue keys, so they follow the language."""

    items: list[dict[str, Any]] = []
    _undo: dict[str, list[Any]] = {}

    @handler(ANY_TAB)
    async def show(
        self, key: str, data: dict[str, Any], tone: str, undo_name: str, undo_payload: dict[str, Any]
    ) -> None:
        """Add a message; the oldest goes when there are too many."""
        toast = {
            "id": str(new_id()),
            "key": str(key)[:120],
            "data": data if isinstance(data, dict) else {},
            "tone": tone if tone in TONES else "info",
            "undo": bool(undo_name),
        }
        self.items = [*self.items, toast][-MOST_AT_ONCE:]
        kept = {item["id"] for item in self.items}
        self._undo = {id_: event for id_, event in self._undo.items() if id_ in kept}
        if undo_name:
            self._undo[toast["id"]] = [undo_name, undo_payload]

    @handler(ANY_TAB)
    async def dismiss(self, toast_id: str) -> None:
        """Take a message away."""
        self.items = [item for item in self.items if item["id"] != toast_id]
        self._undo.pop(str(toast_id), None)

    @handler(ANY_TAB)
    async def undo(self, toast_id: str) -> Event | None:
        """Run the undo event of a message; it passes the guard like any other event."""
        event = self._undo.pop(str(toast_id), None)
        self.items = [item for item in self.items if item["id"] != toast_id]
        if event is None or registered_permission(event[0]) is None:
            return None
        return Event(name=event[0], payload=event[1])


def notify(key: str, *, tone: str = "success", undo: Any = None, **data: Any) -> Any:
    """Return the event that shows the sentence under `key` (return or yield it from a handler).

    `tone` is info, success or error. `undo` is an event (`State.unarchive(deal_id)`) offered on a button.
    """
    name, payload = "", {}
    if undo is not None:
        event = Event.from_event_type(undo)[0]
        name, payload = event.name, dict(event.payload)
    return Toasts.show(key, data, tone, name, payload)
