"""What a session that an identity provider opened knows of the person's other ones: those of its organization."""

import pytest
import pytest_asyncio
from sqlalchemy import text, update

from crm_app.core.clock import utc_now
from crm_app.core.database import system_unit_of_work, unit_of_work
from crm_app.core.errors import NotFound, Unauthenticated
from crm_app.core.tenancy import Actor
from crm_app.domains.accounts import service
from crm_app.domains.accounts.models import Membership, Role, UserSession
from crm_app.domains.accounts.sessions import service as own_sessions
from tests.accounts.visiting import who_is
from tests.api.clients import begin_session
from tests.conftest import Tenant

Sessions = dict[str, tuple[str, Actor]]


@pytest_asyncio.fixture
async def sessions(tenant: Tenant, other_tenant: Tenant) -> Sessions:
    """One person's sessions: two at home, one of them by single sign-on and proven, and one elsewhere."""
    assert tenant.owner.user_id
    async with unit_of_work(other_tenant.owner) as session:
        session.add(
            Membership(organization_id=other_tenant.organization.id, user_id=tenant.owner.user_id, role=Role.SALES)
        )
    elsewhere = Actor(other_tenant.organization.id, tenant.owner.user_id, Role.SALES, frozenset())
    found = {}
    for name, actor in (("sso", tenant.owner), ("home", tenant.owner), ("elsewhere", elsewhere)):
        token = await begin_session(actor)
        found[name] = (token, (await who_is(token)).actor)
    async with system_unit_of_work() as session:
        own = update(UserSession).where(UserSession.id == found["sso"][1].session_id)  # type: ignore[arg-type]
        await session.execute(own.values(method="sso", proven_at=utc_now()))
    return found


async def test_sessions_elsewhere_are_not_listed(sessions: Sessions) -> None:
    for name, seen in (("sso", {"sso", "home"}), ("home", {"sso", "home", "elsewhere"})):
        actor = sessions[name][1]
        async with unit_of_work(actor) as session:
            listed = {one.id for one in await own_sessions.list_sessions(session, actor)}
        assert listed == {sessions[one][1].session_id for one in seen}


async def test_a_session_elsewhere_cannot_be_ended(sessions: Sessions) -> None:
    actor, target = sessions["sso"][1], sessions["elsewhere"][1].session_id
    assert target
    with pytest.raises(NotFound):
        async with unit_of_work(actor) as session:
            await own_sessions.end_session(session, actor, user_session_id=target)
    async with unit_of_work(actor) as session:
        assert await own_sessions.end_other_sessions(session, actor) == 1
    with pytest.raises(Unauthenticated):
        await who_is(sessions["home"][0])
    assert (await who_is(sessions["elsewhere"][0])).actor.session_id == target


async def test_signing_out_everywhere_stays_at_home(sessions: Sessions) -> None:
    actor = sessions["sso"][1]
    async with unit_of_work(actor) as session:
        assert await service.sign_out_everywhere(session, actor) == 2
    assert (await who_is(sessions["elsewhere"][0])).actor.organization_id != actor.organization_id


async def test_another_way_in_reaches_all(sessions: Sessions) -> None:
    actor = sessions["home"][1]
    async with unit_of_work(actor) as session:
        assert await service.sign_out_everywhere(session, actor) == 3


async def test_a_new_key_of_the_account_ends_them_all(sessions: Sessions) -> None:
    actor = sessions["sso"][1]
    async with unit_of_work(actor) as session:
        assert await own_sessions.end_all_but_this(session, actor) == 2
        left = await session.scalar(
            text("SELECT count(*) FROM user_session WHERE user_id = :u AND revoked_at IS NULL"),
            {"u": actor.user_id},
        )
    assert left == 1
