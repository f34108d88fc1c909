"""Finding the channel behind a webhook address: organization, provider and secrets, before a tenant is known.

Looked up once and kept for some seconds per process. Changes reach every process over the hub (`channel.updated`);
a signature that does not fit makes the entry be read again, so that a rotation never refuses a delivery.
"""

import time
from collections import OrderedDict
from dataclasses import dataclass
from uuid import UUID

from crm_app.core import hub
from crm_app.core.database import set_scope, set_tenant, system_unit_of_work, tenant_state
from crm_app.core.hub import Payload
from crm_app.core.life_cycle import standing_of
from crm_app.domains.accounts.events import OrganizationStateChanged
from crm_app.domains.channels import credentials, repository
from crm_app.domains.channels.events import ChannelChanged

KEEP_SECONDS = 15.0
CAPACITY = 5_000


@dataclass(frozen=True, slots=True)
class Door:
    """What intake needs to know of a channel."""

    organization_id: UUID
    channel_id: UUID
    provider: str
    secrets: tuple[str, ...]
    read_at: float
    receives: bool = True
    """Whether the organization's state lets webhooks be stored."""


class Doors:
    """The doors of this process, the least recently used one dropped first."""

    def __init__(self) -> None:
        self._known: OrderedDict[UUID, Door] = OrderedDict()

    async def find(self, channel_id: UUID, *, younger_than: float = KEEP_SECONDS) -> Door | None:
        """Return the door of a channel that is not archived, read less than `younger_than` seconds ago."""
        door = self._known.get(channel_id)
        if door is not None and time.monotonic() - door.read_at < younger_than:
            self._known.move_to_end(channel_id)
            return door
        door = await _read(channel_id)
        if door is None:
            self._known.pop(channel_id, None)
            return None
        self._known[channel_id] = door
        if len(self._known) > CAPACITY:
            self._known.popitem(last=False)
        return door

    def forget(self, channel_id: UUID) -> None:
        """Read this channel again at its next call."""
        self._known.pop(channel_id, None)

    def forget_organization(self, organization_id: UUID) -> None:
        """Read the channels of this organization again at their next call."""
        for channel_id in [key for key, door in self._known.items() if door.organization_id == organization_id]:
            del self._known[channel_id]

    def clear(self) -> None:
        """Forget everything."""
        self._known.clear()


doors = Doors()


async def _read(channel_id: UUID) -> Door | None:
    async with system_unit_of_work() as session:
        await set_scope(session, "channel_id", str(channel_id))
        channel = await repository.find_channel_anywhere(session, channel_id)
        if channel is None or channel.archived_at is not None:
            return None
        await set_tenant(session, channel.organization_id)
        secrets = await credentials.webhook_secrets(session, channel)
        receives = standing_of(await tenant_state(session)).receives
    return Door(channel.organization_id, channel.id, channel.provider, secrets, time.monotonic(), receives)


async def _on_fact(fact: Payload) -> None:
    if fact.get("name") == ChannelChanged.name:
        doors.forget(UUID(str(fact["channel_id"])))
    elif fact.get("name") == OrganizationStateChanged.name:
        doors.forget_organization(UUID(str(fact["organization_id"])))


def watch_changes() -> None:
    """Listen to changes of channels in all processes; call it once the hub is open."""
    hub.listen(_on_fact)
