"""Files that nobody sends go after a day; what anybody sends, stores or has stays, whoever tidies up meanwhile."""

import asyncio
from collections.abc import Awaitable, Callable
from typing import Any

import pytest
from sqlalchemy import text

from crm_app.core import storage
from crm_app.core.clock import utc_now
from crm_app.core.database import unit_of_work
from crm_app.core.errors import NotFound, Unavailable
from crm_app.domains.accounts.permissions import system_actor
from crm_app.domains.inbox import fresh_files, service
from crm_app.domains.inbox.models import Attachment
from crm_app.domains.inbox.schemas import UploadView
from crm_app.domains.inbox.services import media, upkeep
from jobs.inbox import drop_unsent_files
from tests.conftest import Tenant
from tests.inbox.conftest import Desk, inbound
from tests.inbox.test_media import received, with_file
from tests.inbox.test_rules import PNG


async def uploaded(desk: Desk, data: bytes = PNG) -> UploadView:
    view: UploadView = await desk.call(service.store_upload, file_name="a.png", data=data)
    return view


def key_of(desk: Desk, data: bytes = PNG) -> str:
    return storage.place_of(desk.actor.organization_id, data).key


async def is_stored(key: str) -> bool:
    try:
        return bool(await storage.read(key))
    except NotFound:
        return False


async def let_days_pass(desk: Desk, days: int = 2) -> None:
    await desk.sql(f"UPDATE fresh_file SET touched_at = touched_at - interval '{days} days' RETURNING id")


async def rows(desk: Desk) -> int:
    return len(await desk.sql("SELECT id FROM fresh_file"))


async def test_an_upload_that_nobody_sends_goes_after_a_day(desk: Desk) -> None:
    await uploaded(desk)
    assert await upkeep.drop_unsent_files(desk.system) == 0
    assert await is_stored(key_of(desk))
    await let_days_pass(desk)
    assert await upkeep.drop_unsent_files(desk.system) == 1
    assert (await is_stored(key_of(desk)), await rows(desk)) == (False, 0)
    assert await upkeep.drop_unsent_files(desk.system) == 0


async def test_an_upload_outlives_its_token() -> None:
    assert upkeep.KEEP_UNSENT.total_seconds() > media.UPLOAD_SECONDS


async def test_what_was_sent_or_came_in_stays(desk: Desk) -> None:
    desk.network.files["f-1"] = PNG
    await desk.hear(with_file())
    sent = PNG + b"2"
    await desk.send("Segue", attachments=[(await uploaded(desk, sent)).token])
    await desk.run_jobs()
    assert await rows(desk) == 2
    await let_days_pass(desk)
    assert await upkeep.drop_unsent_files(desk.system) == 0
    assert await rows(desk) == 0
    assert [await is_stored(key_of(desk, data)) for data in (PNG, sent)] == [True, True]


async def test_a_file_goes_with_a_message_that_was_taken_back(desk: Desk) -> None:
    await desk.hear(inbound("Oi"))
    held = await desk.send("Ops", attachments=[(await uploaded(desk)).token], undo_seconds=5)
    await desk.call(service.undo_send, message_id=held.id)
    await let_days_pass(desk)
    assert await upkeep.drop_unsent_files(desk.system) == 1


async def test_the_same_file_again_begins_a_new_day(desk: Desk) -> None:
    await uploaded(desk)
    await let_days_pass(desk)
    again = await uploaded(desk)
    assert (await upkeep.drop_unsent_files(desk.system), await rows(desk)) == (0, 1)
    await desk.hear(inbound("Oi"))
    await desk.send("Segue", attachments=[again.token])
    await desk.run_jobs()
    assert len(desk.network.taken()) == 1


async def test_a_sending_that_has_not_committed_keeps_its_file(desk: Desk) -> None:
    await desk.hear(inbound("Oi"))
    upload = await uploaded(desk)
    await let_days_pass(desk)
    conversation_id = (await desk.only()).id
    async with unit_of_work(desk.actor) as session:
        await service.send_message(
            session,
            desk.actor,
            conversation_id=conversation_id,
            attachments=[upload.token],
            idempotency_key="corrida-01",
        )
        assert await upkeep.drop_unsent_files(desk.system) == 0
    await let_days_pass(desk)
    assert await upkeep.drop_unsent_files(desk.system) == 0
    assert await is_stored(key_of(desk))


async def test_whoever_stores_the_file_again_waits_for_its_removal(
    desk: Desk, monkeypatch: pytest.MonkeyPatch, eventually: Callable[..., Awaitable[Any]]
) -> None:
    """Between the removal of the bytes and the end of its transaction nobody can believe that they are there."""
    await uploaded(desk)
    await let_days_pass(desk)
    remove = storage.delete
    storing: list[asyncio.Task[Any]] = []

    async def somebody_waits() -> bool:
        return bool(
            await desk.sql(
                "SELECT pid FROM pg_stat_activity WHERE datname = current_database() AND wait_event_type = 'Lock'"
            )
        )

    async def while_somebody_stores(key: str) -> None:
        storing.append(asyncio.create_task(uploaded(desk)))
        await eventually(somebody_waits)
        await remove(key)

    monkeypatch.setattr(storage, "delete", while_somebody_stores)
    assert await upkeep.drop_unsent_files(desk.system) == 1
    await storing[0]
    assert (await is_stored(key_of(desk)), await rows(desk)) == (True, 1)


async def test_two_who_tidy_up_at_once_do_it_once(desk: Desk) -> None:
    for number in range(5):
        await uploaded(desk, PNG + bytes([number]))
    await let_days_pass(desk)
    gone = await asyncio.gather(*(upkeep.drop_unsent_files(desk.system) for _ in range(3)))
    assert (sum(gone), await rows(desk)) == (5, 0)


async def test_a_storage_out_of_reach_loses_no_trace(desk: Desk, monkeypatch: pytest.MonkeyPatch) -> None:
    await uploaded(desk)
    await let_days_pass(desk)

    async def away(key: str) -> None:
        raise Unavailable("errors.storage")

    with monkeypatch.context() as patch:
        patch.setattr(storage, "delete", away)
        with pytest.raises(Unavailable):
            await drop_unsent_files()
    assert await rows(desk) == 1
    await drop_unsent_files()
    assert (await is_stored(key_of(desk)), await rows(desk)) == (False, 0)


async def test_organizations_do_not_touch_each_others_files(desk: Desk, other_tenant: Tenant) -> None:
    await uploaded(desk)
    await let_days_pass(desk)
    stranger = other_tenant.owner
    ((row_id,),) = await desk.sql("SELECT id FROM fresh_file")
    async with unit_of_work(stranger) as session:
        assert await fresh_files.list_older(session, desk.actor.organization_id, utc_now(), 10) == []
        assert await fresh_files.lock_older(session, desk.actor.organization_id, row_id, utc_now()) is None
        with pytest.raises(Exception, match="row-level security"):
            await fresh_files.hold(session, desk.actor.organization_id, ["theirs"])
        await session.rollback()
    assert await upkeep.drop_unsent_files(system_actor(stranger.organization_id)) == 0
    assert await is_stored(key_of(desk))


async def test_the_search_for_a_file_uses_its_index(desk: Desk) -> None:
    """With rows enough that reading them all is no choice; they are never committed."""
    await received(desk)
    columns = ", ".join(one.name for one in Attachment.__table__.columns)  # type: ignore[attr-defined]
    others = columns.replace(" id,", " gen_random_uuid(),").replace("storage_key", "'k' || n")
    many = text(
        f"INSERT INTO attachment ({columns}) SELECT {others} FROM attachment, generate_series(1, 3000) n "
        "WHERE organization_id = :organization"
    )
    look = text(
        "EXPLAIN SELECT 1 FROM attachment WHERE organization_id = :organization AND storage_key = 'x' "
        "AND storage_key <> ''"
    )
    own = {"organization": desk.actor.organization_id}
    async with unit_of_work(desk.actor) as session:
        await session.execute(many, own)
        plan = await session.execute(look, own)
        await session.rollback()
    assert "ix_attachment_storage" in "\n".join(line for (line,) in plan)
