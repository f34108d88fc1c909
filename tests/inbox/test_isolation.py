"""Every use case that takes an id knows nothing of other organizations."""

import inspect
from typing import Any
from uuid import UUID, uuid4

import pytest

from crm_app.core.database import unit_of_work
from crm_app.core.errors import NotFound
from crm_app.domains.channels.providers.base import Rejected
from crm_app.domains.inbox import service
from tests.api.clients import ClientFor, api_app, client_for
from tests.conftest import Tenant
from tests.inbox.conftest import Desk, inbound
from tests.inbox.test_media import with_file

__all__ = ["api_app", "client_for"]


def ids_wanted(name: str) -> list[str]:
    parameters = inspect.signature(getattr(service, name)).parameters.values()
    return [one.name for one in parameters if one.name.endswith("_id") and one.default is one.empty]


WITH_ID = [name for name in service.__all__ if ids_wanted(name)]
PLAIN = {"body": "Oi", "idempotency_key": "chave-0009", "user_id": None}


async def ids_of(desk: Desk) -> dict[str, UUID]:
    desk.network.file_mood = [Rejected()]
    await desk.hear(with_file())
    row = await desk.only()
    (message,) = await desk.thread()
    return {
        "conversation_id": row.id,
        "contact_id": row.contact_id,
        "channel_id": row.channel_id,
        "message_id": message.id,
        "attachment_id": message.attachments[0].id,
    }


def arguments_of(use_case: Any, ids: dict[str, UUID]) -> dict[str, Any]:
    wanted = inspect.signature(use_case).parameters.values()
    known = {**PLAIN, **ids}
    return {one.name: known[one.name] for one in wanted if one.default is one.empty and one.name in known}


def test_the_list_of_use_cases_is_whole() -> None:
    assert {"get_conversation", "get_thread", "send_message", "replay_message"} <= set(WITH_ID)
    assert len(WITH_ID) >= 15


@pytest.mark.parametrize("name", WITH_ID)
async def test_other_organizations_get_not_found(desk: Desk, other_tenant: Tenant, name: str) -> None:
    ids = await ids_of(desk)
    use_case = getattr(service, name)
    stranger = other_tenant.owner
    for known in (ids, {key: uuid4() for key in ids}):
        with pytest.raises(NotFound):
            async with unit_of_work(stranger) as session:
                await use_case(session, stranger, **arguments_of(use_case, known))


@pytest.mark.parametrize("kind", ["member", "quote"])
async def test_ids_of_another_organization_do_not_slip_in_sideways(
    desk: Desk, other_tenant: Tenant, kind: str
) -> None:
    ids = await ids_of(desk)
    if kind == "member":
        with pytest.raises(NotFound):
            await desk.call(
                service.assign_conversation,
                conversation_id=ids["conversation_id"],
                user_id=other_tenant.owner.user_id,
            )
    else:
        with pytest.raises(NotFound):
            await desk.send("Oi", reply_to=uuid4())


async def test_the_lists_of_a_stranger_are_empty(desk: Desk, other_tenant: Tenant) -> None:
    await ids_of(desk)
    stranger = other_tenant.owner
    async with unit_of_work(stranger) as session:
        assert (await service.list_conversations(session, stranger)).items == ()
        assert (await service.list_failed_deliveries(session, stranger)).items == ()
        assert (await service.count_conversations(session, stranger)).all == 0


ROUTES = [
    ("GET", "/api/v1/conversations/{conversation_id}", None),
    ("GET", "/api/v1/conversations/{conversation_id}/messages", None),
    ("POST", "/api/v1/conversations/{conversation_id}/messages", {"body": "Oi"}),
    ("POST", "/api/v1/conversations/{conversation_id}/notes", {"body": "Oi"}),
    ("POST", "/api/v1/conversations/{conversation_id}/assign", {"user_id": None}),
    ("POST", "/api/v1/conversations/{conversation_id}/resolve", None),
    ("POST", "/api/v1/conversations/{conversation_id}/reopen", None),
    ("POST", "/api/v1/conversations/{conversation_id}/read", None),
    ("GET", "/api/v1/messages/{message_id}", None),
    ("POST", "/api/v1/messages/{message_id}/replay", None),
]


@pytest.mark.parametrize(("method", "path", "body"), ROUTES)
async def test_routes_answer_404_to_strangers(
    desk: Desk, other_tenant: Tenant, client_for: ClientFor, method: str, path: str, body: Any
) -> None:
    ids = await ids_of(desk)
    client = await client_for(other_tenant.owner)
    answer = await client.request(method, path.format(**ids), json=body, headers={"idempotency-key": "chave-0010"})
    assert (answer.status_code, answer.json()["code"]) == (404, "not_found")


async def test_the_api_reads_and_sends(desk: Desk, client_for: ClientFor) -> None:
    await desk.hear(inbound("Oi"))
    client = await client_for(desk.actor)
    (row,) = (await client.get("/api/v1/conversations")).json()["items"]
    path = f"/api/v1/conversations/{row['id']}"
    header = {"idempotency-key": "chave-0011"}
    answers = [await client.post(f"{path}/messages", json={"body": "Olá"}, headers=header) for _ in range(2)]
    assert [answer.status_code for answer in answers] == [201, 201]
    assert answers[0].json()["id"] == answers[1].json()["id"]
    await desk.run_jobs()
    assert [taken["text"] for taken in desk.network.taken()] == ["Olá"]
    thread = (await client.get(f"{path}/messages")).json()
    assert [message["status"] for message in thread["items"]] == ["received", "sent"]
    assert (await client.get(f"/api/v1/messages/{answers[0].json()['id']}")).json()["body"] == "Olá"
    assert (await client.post(f"{path}/messages", json={"body": "Olá"})).status_code == 422
    assert (
        await client.post(f"{path}/messages", json={"body": ""}, headers={"idempotency-key": "chave-0012"})
    ).status_code == 422
    assert (await client.post(f"/api/v1/messages/{answers[0].json()['id']}/replay")).status_code == 409
    assert (await client.get("/api/v1/messages/search", params={"q": "olá"})).json()["messages"][0][
        "excerpt"
    ] == "Olá"
    assert (await client.get("/api/v1/messages/failed")).json() == {"items": [], "next_cursor": None}
    assert (await client.get("/api/v1/conversations/counters")).json()["mine"] == 1
    assert (await client.post(f"{path}/read")).status_code == 204
    assert (await client.post(f"{path}/resolve")).json()["status"] == "resolved"
    assert (await client.post(f"{path}/reopen")).json()["status"] == "open"
    assert (await client.post(f"{path}/assign", json={"user_id": None})).json()["assignee"] is None
    note = await client.post(f"{path}/notes", json={"body": "nota"}, headers={"idempotency-key": "chave-0013"})
    assert note.json()["direction"] == "note"
