"""The demo in the database: whole, plausible, made once."""

from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import pytest
import pytest_asyncio
from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncSession

from crm_app.config import forget_settings, use_settings
from crm_app.core.clock import utc_now
from crm_app.core.database import set_scope, set_tenant, system_unit_of_work
from crm_app.core.storage import read
from crm_app.core.tenancy import Actor
from crm_app.demo import DemoSummary, seed_demo
from crm_app.demo.seed import PASSWORD
from crm_app.domains.accounts import repository as accounts_repository
from crm_app.domains.accounts.entry.entering import enter_with_password
from crm_app.domains.accounts.permissions import permissions_of
from crm_app.domains.analytics import service as analytics
from crm_app.domains.analytics.schemas import PeriodKind


@pytest_asyncio.fixture(scope="module")
async def demo(db: Any, tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[DemoSummary]:
    """The demo, seeded once for these tests into the database of this test process."""
    folder: Path = tmp_path_factory.mktemp("media")
    use_settings(storage_url=folder.as_uri())
    yield await seed_demo()
    forget_settings()


@pytest_asyncio.fixture
async def owner(demo: DemoSummary) -> Actor:
    async with system_unit_of_work() as session:
        user = await accounts_repository.find_user_by_email(session, demo.logins[0].email)
        assert user is not None
        await set_scope(session, "user_id", str(user.id))
        _, organization = (await accounts_repository.list_own_memberships(session, user.id))[0]
    return Actor(organization.id, user.id, "owner", permissions_of("owner"))


@pytest_asyncio.fixture
async def inside(owner: Actor) -> AsyncIterator[AsyncSession]:
    async with system_unit_of_work() as session:
        await set_tenant(session, owner.organization_id, owner.user_id)
        yield session


async def test_it_holds_what_it_promises(demo: DemoSummary) -> None:
    assert demo.rows["contact"] == 200
    assert demo.rows["deal"] == 120
    assert demo.rows["conversation"] == 60
    assert demo.rows["pipeline"] == 3
    assert demo.rows["message"] > 600
    assert {login.role for login in demo.logins} == {"owner", "admin", "manager", "sales"}


async def test_a_second_call_does_nothing(demo: DemoSummary, inside: AsyncSession) -> None:
    again = await seed_demo()
    assert not again.created
    assert again.logins == demo.logins
    assert (await inside.execute(text("SELECT count(*) FROM deal"))).scalar_one() == 120


async def test_beside_other_data_it_does_nothing_when_only_an_empty_database_is_wanted(
    demo: DemoSummary, tenant: Any
) -> None:
    assert not (await seed_demo(only_empty=True)).created


async def test_everybody_can_sign_in(demo: DemoSummary) -> None:
    for login in demo.logins:
        async with system_unit_of_work() as session:
            begun = await enter_with_password(session, email=login.email, password=PASSWORD, ip="", user_agent="")
        assert begun.token


@pytest.mark.parametrize(
    ("what", "query"),
    [
        ("in the future", "SELECT id FROM message WHERE occurred_at > :now"),
        ("stages entered in the future", "SELECT id FROM deal WHERE entered_stage_at > :now OR created_at > :now"),
        (
            "last message differs",
            "SELECT c.id FROM conversation c WHERE last_message_at <> (SELECT max(occurred_at) FROM message m "
            "WHERE m.conversation_id = c.id AND m.direction <> 'note')",
        ),
        (
            "preview differs",
            "SELECT c.id FROM conversation c JOIN message m ON m.conversation_id = c.id "
            "AND m.occurred_at = c.last_message_at AND m.direction <> 'note' "
            "WHERE m.body <> '' AND left(m.body, 160) <> c.last_message_preview",
        ),
        (
            "unread messages were answered",
            "SELECT c.id FROM conversation c WHERE unread_count > (SELECT count(*) FROM message m "
            "WHERE m.conversation_id = c.id AND m.direction = 'in' AND m.occurred_at > COALESCE((SELECT "
            "max(occurred_at) FROM message o WHERE o.conversation_id = c.id AND o.direction = 'out'), "
            "'-infinity'))",
        ),
        (
            "waits for what was answered",
            "SELECT id FROM conversation WHERE waiting_since IS NOT NULL AND last_message_direction <> 'in'",
        ),
        (
            "history ends elsewhere",
            "SELECT d.id FROM deal d WHERE (stage_id, entered_stage_at) <> (SELECT to_stage_id, moved_at "
            "FROM stage_history h WHERE h.deal_id = d.id ORDER BY moved_at DESC LIMIT 1)",
        ),
        (
            "history begins elsewhere",
            "SELECT d.id FROM deal d WHERE created_at <> (SELECT min(moved_at) FROM stage_history h "
            "WHERE h.deal_id = d.id)",
        ),
        (
            "closed without an end",
            "SELECT d.id FROM deal d JOIN stage s ON s.id = d.stage_id "
            "WHERE (s.kind = 'open') <> (d.closed_at IS NULL)",
        ),
        ("lost without a reason", "SELECT d.id FROM deal d JOIN stage s ON s.id = d.stage_id "
            "WHERE (s.kind = 'lost') <> (lost_reason <> '')"),
        ("two in one place", "SELECT stage_id, rank FROM deal GROUP BY 1, 2 HAVING count(*) > 1"),
        (
            "a contact without a phone",
            "SELECT c.id FROM contact c WHERE NOT EXISTS (SELECT FROM contact_identity i "
            "WHERE i.contact_id = c.id AND i.kind = 'phone' AND i.value = c.phone)",
        ),
        (
            "a quiet contact",
            "SELECT c.id FROM contact c WHERE last_activity_at < (SELECT max(happened_at) FROM activity a "
            "WHERE a.contact_id = c.id)",
        ),
        (
            "a person under 14 digits of another's area",
            "SELECT id FROM contact WHERE phone !~ '^\\+55[1-9]{2}99999[0-9]{4}$'",
        ),
    ],
)  # fmt: skip
async def test_nothing_contradicts_itself(inside: AsyncSession, what: str, query: str) -> None:
    found = (await inside.execute(text(query), {"now": utc_now()} if ":now" in query else {})).all()
    assert found == [], what


async def test_it_is_happening_now(inside: AsyncSession) -> None:
    newest = (await inside.execute(text("SELECT max(occurred_at) FROM message"))).scalar_one()
    assert (utc_now() - newest).total_seconds() < 30 * 60


async def test_weekends_are_quiet(inside: AsyncSession) -> None:
    rows = await inside.execute(
        text(
            "SELECT extract(isodow FROM occurred_at AT TIME ZONE 'America/Sao_Paulo') > 5 AS weekend, count(*) "
            "FROM message WHERE occurred_at < now() - interval '3 days' GROUP BY 1"
        )
    )
    counts = {row.weekend: row.count for row in rows}
    assert counts[False] > 5 * counts.get(True, 0)


async def test_files_are_in_the_storage(inside: AsyncSession) -> None:
    rows = (await inside.execute(text("SELECT storage_key, size_bytes FROM attachment"))).all()
    assert len(rows) > 30
    for key, size in rows[:5]:
        assert len(await read(key)) == size


async def test_the_dashboard_has_something_to_show(inside: AsyncSession, owner: Actor) -> None:
    view = await analytics.dashboard(inside, owner, kind=PeriodKind.QUARTER)
    reached = [stage.reached for stage in view.stages]
    assert reached == sorted(reached, reverse=True)
    assert 0.1 < reached[-1] / reached[0] < 0.4
    assert 120 < (view.response.value or 0) < 1800
    assert len(view.people) == 4
    assert all(person.revenue_cents for person in view.people)
    assert view.open_deals.count > 40
    assert view.unassigned == 3
