"""Search finds words as people type them, through the index, and never another organization's."""

from uuid import uuid4

import pytest
from sqlalchemy import text

from crm_app.core.database import unit_of_work
from crm_app.domains.inbox import service
from crm_app.domains.inbox.schemas import SearchResult
from tests.conftest import Tenant
from tests.inbox.conftest import Desk, inbound


async def find(desk: Desk, query: str) -> list[str]:
    result: SearchResult = await desk.call(service.search_inbox, query=query)
    return [hit.excerpt for hit in result.messages]


@pytest.mark.parametrize(
    "query",
    [
        "orçamento",
        "orcamento",
        "ORÇAMENTOS",
        "orcamentos",
        "orça",
        "orc",
        "campanha orçamento",
        "configuracoes",
        "configuração",
        "aprovado orçamen",
        "aprovar",
        "'orçamento' & !nada | (",
    ],
)
async def test_words_are_found_as_people_type_them(desk: Desk, query: str) -> None:
    words = "Orçamento da campanha aprovado, e as configurações?"
    await desk.hear(inbound(words), inbound("Outra coisa"))
    expected = [] if "nada" in query else [words]
    assert await find(desk, query) == expected


@pytest.mark.parametrize(
    "query", ["", "   ", "\x00", "!!!", "& | ! ( ) : *", "a" * 5_000, "'", "\\", "\u202e", "\ud800", "%_"]
)
async def test_odd_queries_find_nothing_and_break_nothing(desk: Desk, query: str) -> None:
    await desk.hear(inbound("Oi, tudo bem?"))
    result = await desk.call(service.search_inbox, query=query)
    assert (result.conversations, result.messages) == ((), ())


async def test_contacts_are_found_by_name_and_phone(desk: Desk) -> None:
    await desk.hear(inbound("Oi"))
    for query in ("helena", "Prat", "41 99999-0101", "0101"):
        result = await desk.call(service.search_inbox, query=query)
        assert [row.contact_name for row in result.conversations] == ["Helena Prates"]


async def test_newest_first_and_what_was_deleted_is_not_found(desk: Desk) -> None:
    await desk.hear(
        inbound("pedido um", at=1), inbound("pedido dois", at=2), inbound("pedido três", message_id="x")
    )
    revoked = {"type": "revoked", "provider_message_id": "x", "chat": None, "from_me": False}
    await desk.hear(revoked | {"occurred_at": "2026-07-01T13:00:00+00:00"})
    assert await find(desk, "pedido") == ["pedido dois", "pedido um"]


async def test_no_more_than_wanted_and_those_are_the_newest(desk: Desk) -> None:
    await desk.hear(*(inbound(f"pedido {number}", at=number) for number in range(1, 5)))
    for limit in (1, 2, 3, 4, 5):  # up to 4, the newest messages are enough; the fifth is looked for in the index
        result: SearchResult = await desk.call(service.search_inbox, query="pedido", limit=limit)
        assert [hit.excerpt for hit in result.messages] == ["pedido 4", "pedido 3", "pedido 2", "pedido 1"][:limit]


async def test_another_organization_finds_nothing(desk: Desk, other_tenant: Tenant) -> None:
    await desk.hear(inbound("segredo industrial"))
    async with unit_of_work(other_tenant.owner) as session:
        found = await service.search_inbox(session, other_tenant.owner, query="segredo")
        assert found == SearchResult(conversations=(), messages=())
        direct = await session.execute(
            text("SELECT * FROM search_messages(plainto_tsquery('portuguese', 'segredo'), 10)")
        )
        assert direct.all() == []


async def test_without_a_tenant_nothing_is_found(desk: Desk) -> None:
    await desk.hear(inbound("segredo industrial"))
    async with unit_of_work(desk.actor) as session:
        await session.execute(text("SELECT set_config('app.organization_id', '', true)"))
        direct = await session.execute(
            text("SELECT * FROM search_messages(plainto_tsquery('portuguese', 'segredo'), 10)")
        )
        assert direct.all() == []


async def test_the_application_cannot_become_the_searching_role(desk: Desk) -> None:
    async with unit_of_work(desk.actor) as session:
        allowed = await session.scalar(text("SELECT pg_has_role('prumo_app', 'prumo_search', 'MEMBER')"))
        bypass = await session.scalar(text("SELECT rolbypassrls FROM pg_roles WHERE rolname = 'prumo_search'"))
        rights = await session.scalar(
            text(
                "SELECT string_agg(DISTINCT privilege_type, ',') FROM information_schema.column_privileges "
                "WHERE grantee = 'prumo_search'"
            )
        )
    assert (allowed, bypass, rights) == (False, False, None)  # what it may read is not even visible to us


async def test_hits_open_their_thread(desk: Desk) -> None:
    await desk.hear(*[inbound(f"linha {n}", at=n) for n in range(30)], inbound("agulha", at=15))
    (hit,) = (await desk.call(service.search_inbox, query="agulha")).messages
    thread = await desk.call(
        service.get_thread, conversation_id=hit.conversation_id, around=hit.message_id, limit=10
    )
    assert hit.message_id in {message.id for message in thread.items}
    assert thread.older
    assert thread.newer


async def test_an_unknown_place_is_not_found(desk: Desk) -> None:
    from crm_app.core.errors import NotFound

    await desk.hear(inbound("Oi"))
    row = await desk.only()
    with pytest.raises(NotFound):
        await desk.call(service.get_thread, conversation_id=row.id, around=uuid4())
