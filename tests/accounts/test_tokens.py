"""Links that open one thing, once: forged, foreign, reused, expired, and two at a time."""

import asyncio
import re
from datetime import timedelta

import psycopg
import pytest

from crm_app.core.database import system_unit_of_work
from crm_app.core.postgres import EmbeddedPostgres
from crm_app.domains.accounts.entry.tokens import (
    BadToken,
    ExpiredToken,
    Opened,
    UnknownToken,
    UsedToken,
    count_tokens,
    forget_tokens,
    issue_token,
    peek_token,
    redeem_token,
    revoke_tokens,
)

HOUR = timedelta(hours=1)


async def issue(subject: str = "ana", lifetime: timedelta = HOUR) -> str:
    """Commit a token for a lost password."""
    async with system_unit_of_work() as session:
        return await issue_token(session, "reset", subject, lifetime, {"why": "test"})


async def redeem(token: str) -> Opened:
    """Redeem a token in a transaction of its own."""
    async with system_unit_of_work() as session:
        return await redeem_token(session, "reset", token)


async def test_a_token_opens_once(db: EmbeddedPostgres) -> None:
    token = await issue()
    assert re.fullmatch(r"[\w-]{43}", token)  # 256 bits
    async with system_unit_of_work() as session:
        assert (await peek_token(session, "reset", token)).subject == "ana"
    assert await redeem(token) == Opened("ana", {"why": "test"})
    with pytest.raises(UsedToken):
        await redeem(token)


async def test_the_table_does_not_hold_the_token(db: EmbeddedPostgres) -> None:
    token = await issue("somebody")
    with psycopg.connect(db.admin_url) as connection:
        rows = connection.execute("SELECT t::text FROM access_token t WHERE subject = 'somebody'").fetchall()
    assert len(rows) == 1
    assert token not in rows[0][0]


@pytest.mark.parametrize("forged", ["", "x", "a" * 43, "a" * 5000, "\x00", "\ud800", "' OR true --", "İ" * 43])
async def test_a_forged_token_opens_nothing(forged: str, db: EmbeddedPostgres) -> None:
    with pytest.raises(UnknownToken):
        await redeem(forged)


async def test_a_token_of_another_purpose_opens_nothing(db: EmbeddedPostgres) -> None:
    token = await issue()
    for purpose in ("magic", "verify", "signup", "invitation"):
        async with system_unit_of_work() as session:
            with pytest.raises(UnknownToken):
                await redeem_token(session, purpose, token)  # type: ignore[arg-type]
    assert (await redeem(token)).subject == "ana"


async def test_an_expired_token_says_so(db: EmbeddedPostgres) -> None:
    with pytest.raises(ExpiredToken):
        await redeem(await issue(lifetime=timedelta(0)))


async def test_of_two_at_once_one_succeeds(db: EmbeddedPostgres) -> None:
    token = await issue()
    outcomes = await asyncio.gather(*(redeem(token) for _ in range(8)), return_exceptions=True)
    assert sum(isinstance(one, Opened) for one in outcomes) == 1
    assert sum(isinstance(one, UsedToken) for one in outcomes) == 7


async def test_a_failure_afterwards_leaves_the_token_usable(db: EmbeddedPostgres) -> None:
    async def fails_at_the_end() -> None:
        async with system_unit_of_work() as session:
            await redeem_token(session, "reset", token)
            raise RuntimeError

    token = await issue()
    with pytest.raises(RuntimeError):
        await fails_at_the_end()
    assert (await redeem(token)).subject == "ana"


async def test_revoking_and_counting_concern_one_subject(db: EmbeddedPostgres) -> None:
    mine, theirs = await issue("count-1"), await issue("count-2")
    async with system_unit_of_work() as session:
        assert await count_tokens(session, "reset", "count-1", within=HOUR) == 1
        assert await count_tokens(session, "magic", "count-1", within=HOUR) == 0
        assert await revoke_tokens(session, "reset", "count-1") == 1
    with pytest.raises(BadToken):
        await redeem(mine)
    assert (await redeem(theirs)).subject == "count-2"
    async with system_unit_of_work() as session:
        assert await count_tokens(session, "reset", "count-2", within=HOUR) == 0


async def test_long_ended_tokens_are_forgotten(db: EmbeddedPostgres) -> None:
    await issue("ended", -timedelta(days=31))
    kept = await issue("kept")
    async with system_unit_of_work() as session:
        assert await forget_tokens(session) >= 1
    assert (await redeem(kept)).subject == "kept"
