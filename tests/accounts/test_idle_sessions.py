"""Sessions end when nobody uses them, and begin anew at every sign-in."""

from datetime import timedelta

import httpx
import pytest
from sqlalchemy import update
from sqlmodel import col

from crm_app.core.clock import utc_now
from crm_app.core.cookies import SESSION
from crm_app.core.database import system_unit_of_work
from crm_app.domains.accounts.models import UserSession
from crm_app.domains.accounts.rules import SESSION_IDLE, SESSION_LIFETIME
from crm_app.domains.accounts.sessions.known import known_sessions
from tests.api.clients import ClientFor, api_app, client_for, stranger
from tests.conftest import PASSWORD, Tenant

__all__ = ["api_app", "client_for", "stranger"]


@pytest.mark.parametrize(("idle", "status"), [(SESSION_IDLE - timedelta(hours=1), 200), (SESSION_IDLE, 401)])
async def test_a_session_that_nobody_uses_ends(
    idle: timedelta, status: int, client_for: ClientFor, tenant: Tenant
) -> None:
    client = await client_for(tenant.owner)
    async with system_unit_of_work() as session:
        statement = update(UserSession).where(col(UserSession.user_id) == tenant.owner.user_id)
        await session.execute(statement.values(last_seen_at=utc_now() - idle))
    known_sessions.clear()
    assert (await client.get("/api/v1/me")).status_code == status
    assert SESSION_IDLE < SESSION_LIFETIME


async def test_signing_in_begins_a_new_session_whatever_the_browser_brings(
    stranger: httpx.AsyncClient, client_for: ClientFor, tenant: Tenant
) -> None:
    """Session fixation: a token that somebody has planted beforehand is not the one that signs in."""
    planted = "x" * 43
    stranger.cookies.set(SESSION.name, planted)
    login = {"email": tenant.owner_email, "password": PASSWORD}
    first = await stranger.post("/api/auth/login", json=login)
    second = await stranger.post("/api/auth/login", json=login)
    tokens = {one.cookies[SESSION.name] for one in (first, second)}
    assert len(tokens | {planted}) == 3
    thief = await client_for(None)
    thief.cookies.set(SESSION.name, planted)
    assert (await thief.get("/api/v1/me")).status_code == 401
