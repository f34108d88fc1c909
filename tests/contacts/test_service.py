"""Use cases of contacts on PostgreSQL."""

import asyncio
from datetime import timedelta
from uuid import UUID

import pytest
from sqlalchemy import func, select
from sqlalchemy.ext.asyncio import AsyncSession

from crm_app.core import hub
from crm_app.core.clock import utc_now
from crm_app.core.database import unit_of_work
from crm_app.core.errors import Conflict, Forbidden, Invalid, NotFound
from crm_app.core.ids import new_id
from crm_app.core.tenancy import Actor
from crm_app.domains.accounts.models import AuditEntry
from crm_app.domains.contacts import service
from crm_app.domains.contacts.errors import (
    AddressTaken,
    ContactChanged,
    EmailInvalid,
    IdentityInvalid,
    PhoneInvalid,
)
from crm_app.domains.contacts.models import Contact, ContactIdentity
from crm_app.domains.contacts.schemas import (
    ContactCreate,
    ContactDetail,
    ContactFilter,
    ContactOrder,
    ContactUpdate,
    NoteCreate,
)
from tests.conftest import MakeActor, Tenant


async def add(session: AsyncSession, actor: Actor, name: str = "Helena Prates", **fields: object) -> ContactDetail:
    return await service.create_contact(
        session, actor, data=ContactCreate.model_validate({"name": name, **fields})
    )


async def names(session: AsyncSession, actor: Actor, **criteria: object) -> list[str]:
    page = await service.list_contacts(session, actor, criteria=ContactFilter.model_validate(criteria))
    return [contact.name for contact in page.items]


async def test_a_contact_is_created_with_its_addresses(actor: Actor) -> None:
    async with unit_of_work(actor) as session:
        await _create_and_look(session, actor)
    async with unit_of_work(actor) as session:
        entries = (await session.scalars(select(AuditEntry))).all()
        assert [entry.action for entry in entries] == ["contact.create"]


async def _create_and_look(session: AsyncSession, actor: Actor) -> None:
    contact = await add(session, actor, phone="(41) 9999-0107", email="Helena@BemViver.com.br", tags=["Saúde"])
    assert contact.phone == "+5541999990107"
    assert {(i.kind, i.value) for i in contact.identities} == {
        ("phone", "+5541999990107"),
        ("phone", "+554199990107"),
        ("email", "helena@bemviver.com.br"),
    }
    again = await service.get_contact(session, actor, contact_id=contact.id)
    assert again == contact
    timeline = await service.list_timeline(session, actor, contact_id=contact.id)
    assert [line.kind for line in timeline.items] == ["contact.created"]


@pytest.mark.parametrize(
    ("fields", "error"),
    [
        ({"phone": "12"}, PhoneInvalid),
        ({"phone": "não tenho"}, PhoneInvalid),
        ({"email": "helena@"}, EmailInvalid),
        ({"owner_id": str(new_id())}, NotFound),
    ],
)
async def test_what_cannot_be_is_refused(
    session: AsyncSession, actor: Actor, fields: dict[str, str], error: type[Exception]
) -> None:
    with pytest.raises(error):
        await add(session, actor, **fields)


async def test_a_phone_belongs_to_one_contact_in_either_spelling(session: AsyncSession, actor: Actor) -> None:
    first = await add(session, actor, phone="+554199990107")
    with pytest.raises(AddressTaken) as taken:
        await add(session, actor, "Outra", phone="41 99999-0107")
    assert taken.value.data["contact_id"] == str(first.id)


async def test_changing_needs_the_version_that_was_read(session: AsyncSession, actor: Actor) -> None:
    contact = await add(session, actor)
    changed = await service.update_contact(
        session, actor, contact_id=contact.id, data=ContactUpdate(version=1, company="Clínica Bem Viver")
    )
    assert (changed.version, changed.company, changed.name) == (2, "Clínica Bem Viver", "Helena Prates")
    with pytest.raises(ContactChanged) as conflict:
        await service.update_contact(
            session, actor, contact_id=contact.id, data=ContactUpdate(version=1, company="Outra")
        )
    assert conflict.value.data["version"] == 2


async def test_a_change_without_effect_makes_no_version(session: AsyncSession, actor: Actor) -> None:
    contact = await add(session, actor)
    same = await service.update_contact(
        session, actor, contact_id=contact.id, data=ContactUpdate(version=1, name="Helena Prates")
    )
    assert same.version == 1


async def test_identities_follow_a_changed_phone(session: AsyncSession, actor: Actor) -> None:
    contact = await add(session, actor, phone="41 99999-0107")
    await service.update_contact(
        session, actor, contact_id=contact.id, data=ContactUpdate(version=1, phone="41 98888-0107")
    )
    found, created = await service.find_or_create_by_identity(session, actor, kind="phone", value="+554188880107")
    assert (found.id, created) == (contact.id, False)
    other, created = await service.find_or_create_by_identity(session, actor, kind="phone", value="+554199990107")
    assert created
    assert other.id != contact.id
    with pytest.raises(AddressTaken):
        await service.update_contact(
            session, actor, contact_id=contact.id, data=ContactUpdate(version=2, phone="41 99999-0107")
        )


async def test_a_contact_is_found_by_either_spelling_and_by_an_alias(session: AsyncSession, actor: Actor) -> None:
    first, created = await service.find_or_create_by_identity(
        session, actor, kind="whatsapp_lid", value="88120", name="Helena", aliases=[("phone", "+554199990107")]
    )
    assert created
    assert (first.name, first.phone) == ("Helena", "+5541999990107")
    for kind, value in [("phone", "+5541999990107"), ("phone", "+554199990107"), ("whatsapp_lid", "88120")]:
        found, created = await service.find_or_create_by_identity(session, actor, kind=kind, value=value)
        assert (found.id, created) == (first.id, False)


async def test_new_addresses_of_a_known_person_are_kept(session: AsyncSession, actor: Actor) -> None:
    known = await add(session, actor, phone="41 99999-0107")
    await service.find_or_create_by_identity(
        session, actor, kind="phone", value="+5541999990107", aliases=[("whatsapp_lid", "88120")]
    )
    found, created = await service.find_or_create_by_identity(session, actor, kind="whatsapp_lid", value="88120")
    assert (found.id, created) == (known.id, False)


async def test_an_alias_of_somebody_else_stays_with_them(session: AsyncSession, actor: Actor) -> None:
    phone = await add(session, actor, "Pelo telefone", phone="41 99999-0107")
    mail = await add(session, actor, "Pelo e-mail", email="helena@exemplo.com.br")
    found, _ = await service.find_or_create_by_identity(
        session, actor, kind="phone", value="+5541999990107", aliases=[("email", "helena@exemplo.com.br")]
    )
    assert found.id == phone.id
    assert [i.kind for i in (await service.get_contact(session, actor, contact_id=mail.id)).identities] == [
        "email"
    ]


@pytest.mark.parametrize(("kind", "value"), [("phone", "abc"), ("pigeon", "coo"), ("telegram", "a\x00b")])
async def test_an_address_that_is_none_is_refused(
    session: AsyncSession, actor: Actor, kind: str, value: str
) -> None:
    with pytest.raises(IdentityInvalid):
        await service.find_or_create_by_identity(session, actor, kind=kind, value=value)


async def test_two_jobs_at_once_make_one_contact(actor: Actor) -> None:
    async def arrive(value: str) -> UUID:
        async with unit_of_work(actor) as session:
            contact, _ = await service.find_or_create_by_identity(session, actor, kind="phone", value=value)
            return contact.id

    spellings = ["+5541999990107", "+554199990107"] * 6
    found = await asyncio.gather(*(arrive(value) for value in spellings))
    assert len(set(found)) == 1
    async with unit_of_work(actor) as session:
        assert await session.scalar(select(func.count()).select_from(Contact)) == 1
        assert await session.scalar(select(func.count()).select_from(ContactIdentity)) == 2


async def test_two_people_saving_at_once_get_one_conflict(actor: Actor) -> None:
    async with unit_of_work(actor) as session:
        contact = await add(session, actor)

    async def save(company: str) -> str:
        try:
            async with unit_of_work(actor) as session:
                await service.update_contact(
                    session, actor, contact_id=contact.id, data=ContactUpdate(version=1, company=company)
                )
        except Conflict:
            return "conflict"
        return "saved"

    assert sorted(await asyncio.gather(save("A"), save("B"))) == ["conflict", "saved"]


async def test_two_new_contacts_with_one_phone_get_one_conflict(actor: Actor) -> None:
    async def create() -> str:
        try:
            async with unit_of_work(actor) as session:
                await add(session, actor, phone="41 99999-0107")
        except Conflict:
            return "conflict"
        return "saved"

    assert sorted(await asyncio.gather(create(), create())) == ["conflict", "saved"]


async def test_archived_contacts_leave_the_lists_and_come_back_when_they_write(
    session: AsyncSession, actor: Actor
) -> None:
    contact = await add(session, actor, phone="41 99999-0107")
    archived = await service.archive_contact(session, actor, contact_id=contact.id)
    assert archived.archived_at
    assert await names(session, actor) == []
    assert await names(session, actor, archived=True) == ["Helena Prates"]
    assert (await service.archive_contact(session, actor, contact_id=contact.id)).version == archived.version
    back, created = await service.find_or_create_by_identity(session, actor, kind="phone", value="+554199990107")
    assert (back.id, back.archived_at, created) == (contact.id, None, False)
    await service.archive_contact(session, actor, contact_id=contact.id)
    assert (await service.restore_contact(session, actor, contact_id=contact.id)).archived_at is None


async def test_search_folds_accents_and_finds_every_field(session: AsyncSession, actor: Actor) -> None:
    await add(session, actor, "João da Conceição", company="Ótica Miragem", phone="41 99999-0107")
    await add(session, actor, "Joana Prado", email="joana@colegionovorumo.com.br")
    assert await names(session, actor, q="joa") == ["Joana Prado", "João da Conceição"]
    for query in ["conceicao", "JOÃO otica", "miragem", "99999-0107", "(41) 9999-0107", "0107", "4199990107"]:
        assert await names(session, actor, q=query) == ["João da Conceição"], query
    assert await names(session, actor, q="colegionovo") == ["Joana Prado"]
    assert await names(session, actor, q="joana otica") == []
    for hostile in ["' | 'joana", "!!! &", "a:*", "\\'", "100%_"]:
        await names(session, actor, q=hostile)


@pytest.mark.parametrize("order", list(ContactOrder))
async def test_pages_show_everything_once_and_in_order(
    session: AsyncSession, actor: Actor, order: ContactOrder
) -> None:
    for number in range(23):
        await add(session, actor, f"Pessoa {number % 7}")
    seen, cursor = [], None
    while True:
        page = await service.list_contacts(
            session, actor, criteria=ContactFilter(order=order), cursor=cursor, limit=5
        )
        seen += page.items
        cursor = page.next_cursor
        if cursor is None:
            break
    assert len({contact.id for contact in seen}) == 23
    by_name = order is ContactOrder.NAME
    keys = [(c.name.casefold(), c.id) if by_name else (c.last_activity_at, c.id) for c in seen]
    assert keys == sorted(keys, reverse=not by_name)
    assert await service.count_contacts(session, actor) == 23


@pytest.mark.parametrize(
    "cursor", ["x", "W10", "AAAA", "WyJuYW1lIiwgMSwgMl0", "eyJhIjoxfQ", "WyJhY3Rpdml0eSIsICJ4IiwgIngiXQ"]
)
async def test_a_foreign_cursor_is_refused(session: AsyncSession, actor: Actor, cursor: str) -> None:
    with pytest.raises(Invalid):
        await service.list_contacts(session, actor, cursor=cursor)


async def test_the_timeline_is_kept_newest_first_and_moves_the_contact_up(
    session: AsyncSession, actor: Actor
) -> None:
    old, new = await add(session, actor, "Antiga"), await add(session, actor, "Nova")
    moment = utc_now() + timedelta(minutes=5)
    deal_id = new_id()
    await service.record_activity(
        session,
        actor,
        contact_id=old.id,
        kind="deal.moved",
        data={"to": "Proposta"},
        entity_id=deal_id,
        happened_at=moment,
    )
    await service.record_activity(
        session, actor, contact_id=old.id, kind="message.received", happened_at=moment - timedelta(days=3)
    )
    first = await service.list_timeline(session, actor, contact_id=old.id, limit=1)
    assert [(line.kind, line.entity_id) for line in first.items] == [("deal.moved", deal_id)]
    rest = await service.list_timeline(session, actor, contact_id=old.id, cursor=first.next_cursor)
    assert [line.kind for line in rest.items] == ["contact.created", "message.received"]
    page = await service.list_contacts(session, actor, criteria=ContactFilter(order=ContactOrder.ACTIVITY))
    assert [contact.id for contact in page.items] == [old.id, new.id]
    assert page.items[0].last_activity_at == moment


async def test_a_note_is_a_line_and_lines_can_be_chosen_by_kind(session: AsyncSession, actor: Actor) -> None:
    contact = await add(session, actor)
    await service.add_note(session, actor, contact_id=contact.id, note=NoteCreate(text=" Prefere\r\nà tarde "))
    page = await service.list_timeline(session, actor, contact_id=contact.id, kinds=["note.", "deal."])
    assert [(line.kind, line.data, line.user_id) for line in page.items] == [
        ("note.added", {"text": "Prefere\nà tarde"}, actor.user_id)
    ]
    assert not (await service.list_timeline(session, actor, contact_id=contact.id, kinds=["%"])).items
    with pytest.raises(NotFound):
        await service.add_note(session, actor, contact_id=new_id(), note=NoteCreate(text="x"))


async def test_summaries_leave_out_what_is_unknown(session: AsyncSession, actor: Actor) -> None:
    contact = await add(session, actor, company="Clínica Bem Viver")
    found = await service.get_summaries(session, actor, contact_ids=[contact.id, new_id()])
    assert list(found) == [contact.id]
    assert found[contact.id].company == "Clínica Bem Viver"
    assert await service.get_summaries(session, actor, contact_ids=[]) == {}


async def test_facts_are_told_after_commit(actor: Actor) -> None:
    heard: list[tuple[str, str]] = []

    async def listener(payload: dict[str, object]) -> None:
        if payload["organization_id"] == str(actor.organization_id):
            heard.append((str(payload["name"]), str(payload["contact_id"])))

    stop = hub.listen(listener)
    async with unit_of_work(actor) as session:
        contact = await add(session, actor)
        assert heard == []
    async with unit_of_work(actor) as session:
        await service.update_contact(
            session, actor, contact_id=contact.id, data=ContactUpdate(version=1, name="H")
        )
    await hub.drain()
    stop()
    assert {name for name, _ in heard} >= {"contact.created", "contact.updated"}
    assert {contact_id for _, contact_id in heard} == {str(contact.id)}


async def test_a_viewer_reads_and_does_not_write(actor: Actor, make_actor: MakeActor) -> None:
    viewer = await make_actor("viewer")
    async with unit_of_work(actor) as session:
        contact = await add(session, actor)
    async with unit_of_work(viewer) as session:
        assert (await service.get_contact(session, viewer, contact_id=contact.id)).name == "Helena Prates"
        for attempt in (
            service.create_contact(session, viewer, data=ContactCreate(name="X")),
            service.update_contact(
                session, viewer, contact_id=contact.id, data=ContactUpdate(version=1, name="X")
            ),
            service.archive_contact(session, viewer, contact_id=contact.id),
            service.restore_contact(session, viewer, contact_id=contact.id),
            service.record_activity(session, viewer, contact_id=contact.id, kind="x"),
            service.find_or_create_by_identity(session, viewer, kind="telegram", value="1"),
        ):
            with pytest.raises(Forbidden):
                await attempt


async def test_an_owner_must_be_a_member(session: AsyncSession, actor: Actor, other_tenant: Tenant) -> None:
    with pytest.raises(NotFound):
        await add(session, actor, owner_id=str(other_tenant.owner.user_id))
    contact = await add(session, actor, owner_id=str(actor.user_id))
    assert contact.owner_id == actor.user_id
    with pytest.raises(NotFound):
        await service.update_contact(
            session,
            actor,
            contact_id=contact.id,
            data=ContactUpdate(version=1, owner_id=other_tenant.owner.user_id),
        )


HOSTILE = [
    "<script>alert(1)</script>",
    "مرحبا بالعالم",
    "👩‍👩‍👧‍👦 família",
    "‮gnp.exe",
    "'; DROP TABLE contact; --",
    "%_\\",
]


@pytest.mark.parametrize("text", HOSTILE)
async def test_hostile_text_comes_back_as_it_was(session: AsyncSession, actor: Actor, text: str) -> None:
    contact = await add(session, actor, text, notes=text, company=text)
    assert (contact.name, contact.notes, contact.company) == (text, text, text)


@pytest.mark.parametrize("field", ["name", "company", "notes", "phone", "email", "source", "job_title"])
@pytest.mark.parametrize("text", ["a\x00b", "x" * 100_000, "\x1b[31m"])
def test_text_that_cannot_be_kept_is_refused(field: str, text: str) -> None:
    with pytest.raises(ValueError, match="validation error"):
        ContactCreate.model_validate({"name": "x", field: text})
