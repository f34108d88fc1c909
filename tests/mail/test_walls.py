"""Row-level policies of letters, in raw SQL as the application's role."""

from collections.abc import AsyncIterator
from typing import Any
from uuid import UUID

import psycopg
import pytest
import pytest_asyncio
from psycopg import AsyncConnection

from crm_app.core.database import system_unit_of_work, unit_of_work
from crm_app.core.ids import new_id
from crm_app.core.mail import Letter, send_mail
from crm_app.core.postgres import EmbeddedPostgres
from tests.conftest import Tenant
from tests.mail.server import MailServer

LETTER = Letter(kind="reset", to="ana@exemplo.com.br", language="pt-BR", link="https://crm.example/reset#segredo")


@pytest_asyncio.fixture
async def connection(db: EmbeddedPostgres) -> AsyncIterator[AsyncConnection[Any]]:
    """A connection in the application's role; what it does is rolled back."""
    async with await AsyncConnection.connect(db.url, options="-c role=prumo_app") as opened:
        yield opened
        await opened.rollback()


@pytest_asyncio.fixture
async def letters(server: MailServer, tenant: Tenant) -> tuple[UUID, UUID]:
    """A letter of the tenant and one of nobody."""
    async with unit_of_work(tenant.owner) as session:
        ours = await send_mail(session, LETTER, organization_id=tenant.organization.id)
    async with system_unit_of_work() as session:
        return ours, await send_mail(session, LETTER)


async def seen(connection: AsyncConnection[Any], **scopes: Any) -> set[UUID]:
    """Return the letters that a transaction with these settings sees."""
    for name, value in scopes.items():
        await connection.execute("SELECT set_config(%s, %s, true)", (f"app.{name}", str(value)))
    rows = await (await connection.execute("SELECT id FROM outbound_mail")).fetchall()
    return {row[0] for row in rows}


async def test_without_a_name_nothing_is_seen(
    connection: AsyncConnection[Any], letters: tuple[UUID, UUID]
) -> None:
    assert await seen(connection) == set()
    assert await seen(connection, mail_id=letters[1]) == {letters[1]}


async def test_a_tenant_sees_its_own_only_even_when_it_names_another(
    connection: AsyncConnection[Any], letters: tuple[UUID, UUID], tenant: Tenant, other_tenant: Tenant
) -> None:
    for scope in ({}, {"mail_id": letters[1]}, {"outbox": "on"}, {"mail_upkeep": "on"}):
        assert await seen(connection, organization_id=tenant.organization.id, **scope) == {letters[0]}
        assert await seen(connection, organization_id=other_tenant.organization.id, **scope) == set()


async def test_upkeep_sees_and_removes_old_letters_only(
    connection: AsyncConnection[Any], letters: tuple[UUID, UUID]
) -> None:
    assert not set(letters) & await seen(connection, mail_upkeep="on")
    await connection.execute("DELETE FROM outbound_mail")
    assert await seen(connection, mail_upkeep="", mail_id=letters[0]) == {letters[0]}


async def test_a_letter_in_anothers_name_is_refused(
    connection: AsyncConnection[Any], tenant: Tenant, other_tenant: Tenant
) -> None:
    insert = """INSERT INTO outbound_mail (id, organization_id, created_at, kind, recipient, subject, key_id,
        status, attempts, error, useful_until)
        VALUES (%s, %s, now(), 'x', 'x', 'x', '', 'waiting', 0, '', now())"""
    await seen(connection, organization_id=tenant.organization.id)
    await connection.execute(insert, (new_id(), tenant.organization.id))
    await connection.execute(insert, (new_id(), None))
    with pytest.raises(psycopg.errors.InsufficientPrivilege):
        await connection.execute(insert, (new_id(), other_tenant.organization.id))


async def test_whoever_delivers_cannot_give_a_letter_to_somebody_else(
    connection: AsyncConnection[Any], letters: tuple[UUID, UUID], other_tenant: Tenant
) -> None:
    await seen(connection, mail_id=letters[0])
    cursor = await connection.execute("DELETE FROM outbound_mail")
    assert cursor.rowcount == 0
    cursor = await connection.execute("UPDATE outbound_mail SET status = 'sent'")
    assert cursor.rowcount == 1
    with pytest.raises(psycopg.errors.InsufficientPrivilege):
        await connection.execute("UPDATE outbound_mail SET id = %s", (new_id(),))
