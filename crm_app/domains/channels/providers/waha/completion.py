"""Finding the phone behind WhatsApp's hidden ids (`@lid`)."""

from collections.abc import Sequence

from crm_app.core.errors import CrmError
from crm_app.domains.channels.providers.waha.addresses import identity_of, normal_chat
from crm_app.domains.channels.providers.waha.client import WahaClient
from crm_app.domains.channels.schemas import (
    ChannelEvent,
    EchoMessage,
    Identity,
    IdentityKind,
    InboundMessage,
    Person,
)


async def with_phones(events: Sequence[ChannelEvent], client: WahaClient) -> Sequence[ChannelEvent]:
    """Return the events with the phone added to people known by hidden id only; unchanged when nobody
    tells.
    """
    return [await _with_phone(event, client) for event in events]


async def _with_phone(event: ChannelEvent, client: WahaClient) -> ChannelEvent:
    if isinstance(event, InboundMessage):
        return event.model_copy(update={"sender": await _completed(event.sender, client)})
    if isinstance(event, EchoMessage):
        return event.model_copy(update={"recipient": await _completed(event.recipient, client)})
    return event


async def _completed(person: Person, client: WahaClient) -> Person:
    kinds = {identity.kind: identity.value for identity in person.identities}
    lid = kinds.get(IdentityKind.WHATSAPP_LID)
    if lid is None or IdentityKind.PHONE in kinds:
        return person
    phone = await _phone(lid, client)
    return person.model_copy(update={"identities": (phone, *person.identities)}) if phone else person


async def _phone(lid: str, client: WahaClient) -> Identity | None:
    try:
        found = identity_of(normal_chat(await client.phone_of(f"{lid}@lid")))
    except CrmError:
        return None  # the hidden id is enough to go on; the phone may come with a later message
    return found if found is not None and found.kind is IdentityKind.PHONE else None
