"""The line to the simulated phone network. It answers like any vendor, so every rule of delivery is exercised."""

from collections.abc import Sequence

from pydantic import BaseModel, ConfigDict

from crm_app.domains.channels.models import ChannelStatus
from crm_app.domains.channels.providers.base import (
    ConnectionPorts,
    Line,
    ProviderSpec,
    Rejected,
    SimulatedNetwork,
)
from crm_app.domains.channels.providers.simulator.webhook import SimulatorReader
from crm_app.domains.channels.schemas import (
    Capabilities,
    ChannelEvent,
    FetchedMedia,
    MediaDescriptor,
    MediaKind,
    OutboundMessage,
    PairingView,
    ProviderReceipt,
)

CAPABILITIES = Capabilities(
    pairing="none",
    media=frozenset(MediaKind),
    max_text=65_536,
    max_media_bytes=16 * 1024 * 1024,
    quotes=True,
    receipts=True,
    typing=True,
    finds_sent=True,
)


class SimulatorConfig(BaseModel):
    """A simulated number needs nothing."""

    model_config = ConfigDict(frozen=True, extra="forbid")


class SimulatorConnection:
    """One simulated number, see `Connection`. A second send under the same key returns the first receipt."""

    def __init__(self, _config: SimulatorConfig, ports: ConnectionPorts) -> None:
        if ports.network is None:
            raise ValueError("the simulator needs its network")
        self._network: SimulatedNetwork = ports.network
        self._line = Line(ports.organization_id, ports.channel_id)

    async def send(self, message: OutboundMessage) -> ProviderReceipt:
        """Hand the message to the network."""
        if len(message.text) > CAPABILITIES.max_text:
            raise Rejected("errors.channels.text_too_long", limit=CAPABILITIES.max_text)
        if message.media is not None and len(message.media.data) > CAPABILITIES.max_media_bytes:
            raise Rejected("errors.channels.media_too_large", limit=CAPABILITIES.max_media_bytes)
        if message.media is None and not message.text.strip():
            raise Rejected("errors.channels.empty_message")
        return await self._network.accept(self._line, message)

    async def find_sent(self, message: OutboundMessage) -> ProviderReceipt | None:
        """Look the message up by its key."""
        return await self._network.find(self._line, message)

    async def fetch_media(self, media: MediaDescriptor) -> FetchedMedia:
        """Bring a customer's file home."""
        return await self._network.download(self._line, media.reference)

    async def complete(self, events: Sequence[ChannelEvent]) -> Sequence[ChannelEvent]:
        """Nothing is hidden here."""
        return events

    async def mark_read(self, chat_id: str, message_ids: Sequence[str]) -> None:
        """Turn the customer's ticks blue on the phone."""
        await self._network.read(self._line, chat_id, message_ids)

    async def show_typing(self, chat_id: str, active: bool) -> None:
        """Show "typing…" on the phone."""
        await self._network.typing(self._line, chat_id, active)

    async def start_pairing(self) -> PairingView:
        """A simulated number is always on air."""
        return await self.pairing()

    async def pairing(self) -> PairingView:
        """A simulated number is always on air."""
        return PairingView(state=ChannelStatus.CONNECTED)

    async def request_pairing_code(self, phone: str) -> str:  # noqa: ARG002
        """There is nothing to pair."""
        raise Rejected("errors.channels.no_pairing")

    async def logout(self) -> None:
        """There is nothing to unpair."""


SPEC = ProviderSpec(
    key="simulator",
    title="Simulador",
    capabilities=CAPABILITIES,
    config=SimulatorConfig,
    reader=SimulatorReader(),
    connect=SimulatorConnection,
)
