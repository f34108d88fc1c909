"""Seeing the app as a member sees it: what is seen, who may, how it ends, and what is written down."""

from collections.abc import Awaitable, Callable
from dataclasses import replace
from uuid import UUID, uuid4

import pytest
from sqlalchemy import text, update

from crm_app.core.database import system_unit_of_work, unit_of_work
from crm_app.core.errors import Forbidden, NotFound, Unauthenticated
from crm_app.core.sight import Reach
from crm_app.core.tenancy import Actor
from crm_app.core.visiting import ReadOnly, VisitOver, is_read_only, reading_only
from crm_app.domains.accounts import organizations, service
from crm_app.domains.accounts.members import service as members
from crm_app.domains.accounts.models import Membership, Role
from crm_app.domains.accounts.permissions import ALL_PERMISSIONS, permissions_of
from crm_app.domains.accounts.roles.models import OwnRole
from crm_app.domains.accounts.sessions import service as own_sessions
from crm_app.domains.accounts.sessions.known import known_sessions
from crm_app.domains.accounts.visits import rules as visit_rules
from crm_app.domains.accounts.visits import service as visits
from crm_app.domains.accounts.visits.errors import ViewsMore, ViewsOwner, ViewsSelf
from crm_app.domains.contacts import service as contacts
from crm_app.domains.contacts.schemas import ContactCreate
from tests.accounts.visiting import entries, look_as, run_out, visiting, who_is
from tests.api.clients import begin_session
from tests.conftest import MakeActor, Tenant


async def test_one_sees_as_the_member_and_the_trail_says_so(tenant: Tenant, make_actor: MakeActor) -> None:
    seller = await make_actor()
    token, actor = await visiting(tenant.owner, seller)
    assert (actor.user_id, actor.role, actor.organization_id) == (
        seller.user_id, Role.SALES, tenant.organization.id,
    )  # fmt: skip
    assert actor.permissions | actor.barred == permissions_of(Role.SALES)
    assert actor.barred >= {"contacts.write", "deals.write", "messages.send", "conversations.reassign"}
    assert actor.visit
    assert actor.visit.visitor.user_id == tenant.owner.user_id
    known = await who_is(token)
    assert known.user.name == "Sales de Teste"
    assert known.own_actor.user_id == tenant.owner.user_id
    (start,) = await entries(tenant.owner, "view_as.start")
    assert (start.user_id, start.on_behalf_of, start.entity_id) == (
        tenant.owner.user_id, seller.user_id, seller.user_id,
    )  # fmt: skip
    assert "until" in (start.after or {})


async def test_one_sees_no_further_than_the_member(tenant: Tenant, make_actor: MakeActor) -> None:
    seller = await make_actor()
    async with unit_of_work(tenant.owner) as session:
        session.add(
            OwnRole(
                organization_id=tenant.organization.id,
                based_on=Role.SALES,
                changes={"contacts.read": "own", "contacts.pickup": "none"},
            )
        )
        await contacts.create_contact(session, tenant.owner, data=ContactCreate(name="Do titular"))
    _, actor = await visiting(tenant.owner, seller)
    assert actor.reach("contacts.read") is Reach.OWN
    async with unit_of_work(actor) as session:
        assert (await contacts.list_contacts(session, actor)).items == []


async def test_leaving_gives_oneself_back(tenant: Tenant, make_actor: MakeActor) -> None:
    token, actor = await visiting(tenant.owner, await make_actor())
    assert actor.visit
    async with unit_of_work(actor.visit.visitor) as session:
        await visits.leave_visit(session, actor.visit.visitor)
        await visits.leave_visit(session, actor.visit.visitor)  # twice is harmless
    own = (await who_is(token)).actor
    assert (own.visit, own.user_id) == (None, tenant.owner.user_id)
    (end,) = await entries(tenant.owner, "view_as.end")
    assert (end.user_id, end.on_behalf_of, end.after) == (tenant.owner.user_id, actor.user_id, {"how": "left"})


async def test_it_ends_by_itself(
    tenant: Tenant, make_actor: MakeActor, run_jobs: Callable[[], Awaitable[None]]
) -> None:
    token, actor = await visiting(tenant.owner, await make_actor())
    await run_jobs()
    assert (await who_is(token)).actor.visit, "the job that ends it waits for its time"
    await run_out(tenant.owner)
    assert (await who_is(token)).actor.visit is None
    assert [one.after for one in await entries(tenant.owner, "view_as.end")] == [{"how": "expired"}]
    assert actor.visit
    stale = replace(actor, visit=replace(actor.visit, until=actor.visit.until.replace(year=2020)))
    with pytest.raises(VisitOver):
        async with unit_of_work(stale):
            pass


async def test_the_job_ends_what_nobody_asks_about(tenant: Tenant, make_actor: MakeActor) -> None:
    _, actor = await visiting(tenant.owner, await make_actor())
    assert actor.visit
    for _ in range(2):
        async with system_unit_of_work() as session:
            await visits.end_visit(session, tenant.organization.id, actor.visit.id)
    assert len(await entries(tenant.owner, "view_as.end")) == 1


async def test_it_ends_with_the_members_place(tenant: Tenant, make_actor: MakeActor) -> None:
    seller = await make_actor()
    token, _ = await visiting(tenant.owner, seller)
    assert seller.user_id
    async with unit_of_work(tenant.owner) as session:
        await members.deactivate_member(session, tenant.owner, user_id=seller.user_id)
    assert (await who_is(token)).actor.user_id == tenant.owner.user_id
    assert [one.after for one in await entries(tenant.owner, "view_as.end")] == [{"how": "rights"}]


async def test_it_ends_with_the_visitors_role(tenant: Tenant, make_actor: MakeActor) -> None:
    admin, seller = await make_actor(Role.ADMIN), await make_actor()
    token, _ = await visiting(admin, seller)
    assert (await known_sessions.resolve(token)) is not None
    assert admin.user_id
    async with unit_of_work(tenant.owner) as session:
        await members.change_role(session, tenant.owner, user_id=admin.user_id, role=Role.SALES)
    found = await known_sessions.resolve(token)
    assert found
    assert (found.actor.visit, found.actor.role) == (None, Role.SALES)


async def test_it_ends_when_the_member_gets_more_than_the_visitor_has(
    tenant: Tenant, make_actor: MakeActor
) -> None:
    admin, seller = await make_actor(Role.ADMIN), await make_actor()
    token, _ = await visiting(admin, seller)
    async with unit_of_work(tenant.owner) as session:
        place = update(Membership).where(Membership.user_id == seller.user_id)  # type: ignore[arg-type]
        await session.execute(place.values(role=Role.OWNER))
    assert (await who_is(token)).actor.visit is None


async def test_it_ends_with_the_session(tenant: Tenant, make_actor: MakeActor) -> None:
    token, actor = await visiting(tenant.owner, await make_actor())
    assert actor.visit
    visitor = actor.visit.visitor
    async with unit_of_work(visitor) as session:
        await service.sign_out(session, visitor)
    with pytest.raises(Unauthenticated):
        await who_is(token)
    assert [one.after for one in await entries(tenant.owner, "view_as.end")] == [{"how": "session"}]


async def test_only_this_session_looks(tenant: Tenant, make_actor: MakeActor) -> None:
    other = await begin_session(tenant.owner)
    await visiting(tenant.owner, await make_actor())
    assert (await who_is(other)).actor.visit is None


async def test_who_may_look_through_whose_eyes(
    tenant: Tenant, other_tenant: Tenant, make_actor: MakeActor
) -> None:
    admin, manager, seller = await make_actor(Role.ADMIN), await make_actor(Role.MANAGER), await make_actor()
    for visitor, member, refusal in (
        (manager, seller, Forbidden),
        (seller, manager, Forbidden),
        (admin, tenant.owner, ViewsOwner),
        (admin, admin, ViewsSelf),
        (admin, other_tenant.owner, NotFound),
    ):
        token = await begin_session(visitor)
        with pytest.raises(refusal):
            await look_as(token, member)
        assert (await who_is(token)).actor.visit is None
    second = await make_actor(Role.OWNER)
    assert (await visiting(tenant.owner, second))[1].user_id == second.user_id


def _actor(permissions: frozenset[str], role: str = Role.ADMIN, **narrowed: Reach) -> Actor:
    reaches = {name.replace("__", "."): reach for name, reach in narrowed.items()}
    return Actor(uuid4(), uuid4(), role, permissions, None, reaches)


def test_nobody_sees_more_than_they_do() -> None:
    everything = _actor(ALL_PERMISSIONS)
    with pytest.raises(ViewsMore):
        visit_rules.check_view_as(_actor(ALL_PERMISSIONS - {"audit.read"}), everything)
    narrow = _actor(ALL_PERMISSIONS, deals__read=Reach.OWN)
    with pytest.raises(ViewsMore):
        visit_rules.check_view_as(narrow, everything)
    with pytest.raises(ViewsMore):
        visit_rules.check_view_as(narrow, _actor(ALL_PERMISSIONS, deals__read=Reach.OWN))
    visit_rules.check_view_as(everything, narrow)
    leading = replace(narrow, led=frozenset({(inside := _actor(ALL_PERMISSIONS, deals__read=Reach.OWN)).user_id}))
    visit_rules.check_view_as(leading, inside)


def test_what_a_new_permission_is_for_is_barred() -> None:
    assert visit_rules.barred(frozenset({"campaigns.send", "campaigns.read"})) == {"campaigns.send"}
    kept = ALL_PERMISSIONS - visit_rules.barred(ALL_PERMISSIONS)
    assert {name.rpartition(".")[2] for name in kept} == {"read", "pickup", "manage", "use"}


async def test_a_barred_permission_says_why(tenant: Tenant, make_actor: MakeActor) -> None:
    _, actor = await visiting(tenant.owner, await make_actor())
    with pytest.raises(ReadOnly):
        actor.require("messages.send")
    with pytest.raises(Forbidden) as refusal:
        actor.require("members.manage")
    assert not isinstance(refusal.value, ReadOnly)


async def test_a_persons_own_account_is_not_shown(tenant: Tenant, make_actor: MakeActor) -> None:
    _, actor = await visiting(tenant.owner, await make_actor())
    async with unit_of_work(actor) as session:
        for use_case in (own_sessions.list_sessions, organizations.list_own_organizations, service.sign_out):
            with pytest.raises(ReadOnly):
                await use_case(session, actor)


async def test_the_database_itself_refuses(tenant: Tenant, make_actor: MakeActor) -> None:
    """Whatever a use case forgets to ask: with every permission, straight in SQL, and in whatever transaction."""
    _, seen = await visiting(tenant.owner, await make_actor())
    actor = replace(seen, permissions=ALL_PERMISSIONS, barred=frozenset())
    with pytest.raises(ReadOnly):
        async with unit_of_work(actor) as session:
            await session.execute(text("UPDATE organization SET name = 'outro'"))
    with pytest.raises(ReadOnly):
        async with unit_of_work(actor) as session:
            await contacts.create_contact(session, actor, data=ContactCreate(name="Novo"))
    with reading_only(), pytest.raises(ReadOnly):
        async with system_unit_of_work() as session:
            await session.execute(text("DELETE FROM user_session"))
    assert not is_read_only()
    async with unit_of_work(tenant.owner) as session:
        assert (await service.get_organization(session, tenant.owner)).name == tenant.organization.name


async def test_only_visits_of_ones_own_session_count(tenant: Tenant, make_actor: MakeActor) -> None:
    """A session that was pointed at somebody else's visit looks through no eyes but its own."""
    seller = await make_actor()
    _, actor = await visiting(tenant.owner, seller)
    token = await begin_session(seller)
    own = (await who_is(token)).actor
    assert actor.visit
    async with system_unit_of_work() as session:
        await session.execute(
            text("UPDATE user_session SET visit_id = :v, visited_id = :o WHERE id = :s"),
            {"v": actor.visit.id, "o": tenant.organization.id, "s": own.session_id},
        )
    found = (await who_is(token)).actor
    assert (found.visit, found.user_id) == (None, seller.user_id)


async def test_outside_of_a_session_there_is_no_visit(tenant: Tenant, make_actor: MakeActor) -> None:
    seller = await make_actor()
    assert isinstance(seller.user_id, UUID)
    with pytest.raises(Unauthenticated):
        async with unit_of_work(tenant.owner) as session:
            await visits.begin_view_as(session, tenant.owner, user_id=seller.user_id)
