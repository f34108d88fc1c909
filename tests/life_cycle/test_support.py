"""The platform's support looks at an organization: who may, what is seen, what is told, and how it ends."""

from typing import Any
from uuid import uuid4

import psycopg
import pytest
import pytest_asyncio
from sqlalchemy import text, update

from crm_app.core.clock import utc_now
from crm_app.core.database import system_unit_of_work, unit_of_work
from crm_app.core.errors import CrmError, Invalid, NotFound
from crm_app.core.postgres import EmbeddedPostgres
from crm_app.core.tenancy import Actor
from crm_app.core.visiting import ReadOnly
from crm_app.domains.accounts.errors import OwnersOnly
from crm_app.domains.accounts.factors.errors import ProofNeeded
from crm_app.domains.accounts.models import Role, UserSession
from crm_app.domains.accounts.support import SUPPORT_ID
from crm_app.domains.accounts.visits import service as visits
from crm_app.domains.accounts.visits import support as support_visits
from crm_app.domains.accounts.visits.errors import ReasonMissing
from crm_app.domains.contacts import service as contacts
from crm_app.domains.contacts.schemas import ContactCreate
from crm_app.domains.platform.support import enter_for_support
from crm_app.pages.base import pages
from crm_app.pages.platform.detail_state import OrganizationState
from crm_app.pages.session.notices import Notices
from crm_app.pages.session.state import Session
from crm_app.pages.session.visit import Visiting
from tests.accounts.visiting import entries, run_out, who_is
from tests.api.clients import begin_session
from tests.conftest import MakeActor, MakeOrganization, Tenant
from tests.life_cycle.operators import grant
from tests.pages.conftest import OpenTab

REASON = "Chamado 4711: mensagens que não saem"


@pytest_asyncio.fixture
async def token(db: EmbeddedPostgres, make_organization: MakeOrganization) -> str:
    """The session of somebody who runs the platform, freshly proven."""
    home = await make_organization("Prumo")
    grant(db, home.owner.user_id)
    token = await begin_session(home.owner)
    own = (await who_is(token)).actor
    async with system_unit_of_work() as session:
        mine = update(UserSession).where(UserSession.id == own.session_id)  # type: ignore[arg-type]
        await session.execute(mine.values(proven_at=utc_now()))
    return token


async def enter(token: str, tenant: Tenant, *, reason: str = REASON, minutes: int = 15) -> Actor:
    """Enter an organization and return who acts then."""
    own = (await who_is(token)).actor
    async with system_unit_of_work() as session:
        await enter_for_support(
            session, own, organization_id=tenant.organization.id, reason=reason, minutes=minutes
        )
    return (await who_is(token)).actor


async def test_support_sees_and_changes_nothing(token: str, tenant: Tenant) -> None:
    async with unit_of_work(tenant.owner) as session:
        await contacts.create_contact(session, tenant.owner, data=ContactCreate(name="Padaria Sol"))
    actor = await enter(token, tenant)
    assert (actor.organization_id, actor.role) == (tenant.organization.id, "support")
    async with unit_of_work(actor) as session:
        assert [one.name for one in (await contacts.list_contacts(session, actor)).items] == ["Padaria Sol"]
    with pytest.raises(ReadOnly):
        async with unit_of_work(actor) as session:
            await contacts.create_contact(session, actor, data=ContactCreate(name="Novo"))
    with pytest.raises(ReadOnly):
        async with unit_of_work(actor) as session:
            await session.execute(text("UPDATE contact SET name = 'x'"))
    assert (await who_is(token)).organization.id == tenant.organization.id


async def test_the_trail_of_the_organization_says_so(token: str, tenant: Tenant) -> None:
    actor = await enter(token, tenant)
    assert actor.visit
    async with system_unit_of_work() as session:
        await support_visits.note_look(session, tenant.organization.id, "/inbox")
    async with unit_of_work(actor.visit.visitor) as session:
        await visits.leave_visit(session, actor.visit.visitor)
    (start,) = await entries(tenant.owner, "support.start")
    (look,) = await entries(tenant.owner, "support.look")
    (end,) = await entries(tenant.owner, "support.end")
    assert {start.user_id, look.user_id, end.user_id} == {SUPPORT_ID}
    assert (start.after or {})["reason"] == REASON
    assert (look.after, end.after) == ({"page": "/inbox"}, {"how": "left"})
    assert (await who_is(token)).actor.visit is None


@pytest.mark.parametrize(
    ("wrong", "refusal"),
    [
        ({"reason": "  \x00 "}, ReasonMissing),
        ({"reason": "x" * 301}, Invalid),
        ({"minutes": 600}, Invalid),
        ({"minutes": -15}, Invalid),
    ],
)
async def test_neither_without_a_reason_nor_for_as_long_as_one_likes(
    wrong: dict[str, Any], refusal: type[CrmError], token: str, tenant: Tenant
) -> None:
    with pytest.raises(refusal):
        await enter(token, tenant, **wrong)
    assert (await who_is(token)).actor.visit is None


async def test_nobody_else_enters(tenant: Tenant, other_tenant: Tenant) -> None:
    """Neither an owner of another organization nor one of this one; with and without the proof."""
    for owner in (tenant.owner, other_tenant.owner):
        own = (await who_is(await begin_session(owner))).actor
        for use_case in (enter_for_support, support_visits.begin_support):
            with pytest.raises(NotFound):
                async with system_unit_of_work() as session:
                    await use_case(session, own, organization_id=tenant.organization.id, reason=REASON, minutes=15)
    assert await entries(tenant.owner, "support.start") == []


async def test_it_takes_a_fresh_proof_and_an_organization(token: str, tenant: Tenant) -> None:
    own = (await who_is(token)).actor
    with pytest.raises(NotFound):
        async with system_unit_of_work() as session:
            await enter_for_support(session, own, organization_id=uuid4(), reason=REASON, minutes=15)
    async with system_unit_of_work() as session:
        mine = update(UserSession).where(UserSession.id == own.session_id)  # type: ignore[arg-type]
        await session.execute(mine.values(proven_at=None))
    with pytest.raises(ProofNeeded):
        await enter(token, tenant)


async def test_it_ends_with_its_time_and_with_the_role(token: str, tenant: Tenant, db: EmbeddedPostgres) -> None:
    await enter(token, tenant)
    await run_out(tenant.owner)
    assert (await who_is(token)).actor.visit is None
    actor = await enter(token, tenant)
    assert actor.visit
    with psycopg.connect(db.url) as operator:
        operator.execute("DELETE FROM platform_admin WHERE user_id = %s", (actor.visit.visitor.user_id,))
    assert (await who_is(token)).actor.visit is None
    ends = [one.after for one in await entries(tenant.owner, "support.end")]
    assert sorted(end["how"] for end in ends if end) == ["expired", "rights"]


async def test_members_are_told_and_an_owner_ends_it(
    token: str, tenant: Tenant, make_actor: MakeActor, other_tenant: Tenant
) -> None:
    admin = await make_actor(Role.ADMIN)
    await enter(token, tenant)
    async with unit_of_work(admin) as session:
        found = await support_visits.find_support(session, admin)
        assert found
        assert found.reason == REASON
        with pytest.raises(OwnersOnly):
            await support_visits.end_support(session, admin, visit_id=found.id)
    with pytest.raises(NotFound):
        async with unit_of_work(other_tenant.owner) as session:
            await support_visits.end_support(session, other_tenant.owner, visit_id=found.id)
    async with unit_of_work(tenant.owner) as session:
        await support_visits.end_support(session, tenant.owner, visit_id=found.id)
    assert (await who_is(token)).actor.visit is None
    assert len(await entries(tenant.owner, "support.shut_out")) == 1
    async with unit_of_work(admin) as session:
        assert await support_visits.find_support(session, admin) is None


async def test_every_window_says_so_and_follows(
    token: str, open_tab: OpenTab, tenant: Tenant, make_actor: MakeActor
) -> None:
    theirs = await open_tab(await make_actor(), "/contacts")
    await theirs.send(Notices.begin)
    owner = await open_tab(tenant.owner, "/contacts")
    await owner.send(Notices.begin)
    assert theirs.state(Notices)["support_id"] == ""
    await enter(token, tenant)
    for tab in (theirs, owner):
        await tab.settle()
        assert tab.state(Notices)["support_reason"] == REASON
    support = await open_tab(None, "/contacts", cookie=f"prumo_session={token}")
    shown = support.state(Session)
    assert (shown["visiting"], shown["organization_name"]) == ("support", tenant.organization.name)
    assert [one.after for one in await entries(tenant.owner, "support.look")][:1] == [{"page": "/contacts"}]
    await owner.send(Notices.end_support)
    for tab in (theirs, support):
        await tab.settle()
    assert theirs.state(Notices)["support_id"] == ""
    assert support.state(Session)["leave_to"] == "/"


async def test_screens_open_without_a_complaint_and_the_platform_stays_closed(
    token: str, open_tab: OpenTab, tenant: Tenant
) -> None:
    await enter(token, tenant)
    cookie = f"prumo_session={token}"
    for page in pages():
        if not page.shell or "[" in page.route:
            continue
        tab = await open_tab(None, page.route, cookie=cookie)
        assert tab.toasts() == [], page.route
    tab = await open_tab(None, "/contacts", cookie=cookie)
    await tab.send(Visiting.leave)
    assert tab.state(Session)["leave_to"] == "/"
    assert (await who_is(token)).actor.visit is None


async def test_from_the_sheet_of_the_organization(token: str, open_tab: OpenTab, tenant: Tenant) -> None:
    tab = await open_tab(None, f"/platform/{tenant.organization.id}", cookie=f"prumo_session={token}")
    await tab.send(OrganizationState.ask_support, wish=True)
    await tab.send(OrganizationState.enter_support, form={"reason": " ", "minutes": "30"})
    assert tab.state(OrganizationState)["problem"] == "errors.visits.reason"
    await tab.send(OrganizationState.enter_support, form={"reason": REASON, "minutes": "30"})
    assert tab.state(OrganizationState)["helping"] is False
    assert (await who_is(token)).organization.id == tenant.organization.id
