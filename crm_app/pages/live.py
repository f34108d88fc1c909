"""The bridge from the live hub to browser tabs: which tab looks at what, and how a fact reaches it."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from reflex_base.event.context import EventContext

from crm_app.core.tenancy import Actor
from crm_app.pages.current import current_actor


@dataclass(frozen=True, slots=True)
class Watch:
    """One state of one tab that wants to hear of some facts."""

    actor: Actor
    names: tuple[str, ...]
    ids: dict[str, str]

    def wants(self, fact: dict[str, Any]) -> bool:
        """Tell whether this watch is about `fact`."""
        if not fact["name"].startswith(self.names):
            return False
        return all(str(fact.get(key, "")) == value for key, value in self.ids.items())


_watches: dict[str, dict[type, Watch]] = {}


def watch(state: type, names: Sequence[str], ids: dict[str, str]) -> None:
    """Have `state._on_fact` called in the tab whose event is running."""
    token = EventContext.get().token
    own = {key: str(value) for key, value in ids.items()}
    _watches.setdefault(token, {})[state] = Watch(current_actor(), tuple(names), own)


def leave(token: str) -> None:
    """Forget what the tab was looking at."""
    _watches.pop(token, None)
