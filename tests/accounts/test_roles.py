"""Roles and teams: changed, copied, given, removed; and what a session makes of them at once."""

from typing import Any

import pytest
from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncSession
from sqlmodel import col

from crm_app.core.database import unit_of_work
from crm_app.core.errors import Forbidden, NotFound
from crm_app.core.sight import Reach
from crm_app.core.tenancy import Actor
from crm_app.domains.accounts.errors import (
    GrantTooHigh,
    OwnerStays,
    OwnPlace,
    OwnRoleLowered,
    RoleChanged,
    RoleInUse,
    RoleNameTaken,
    TeamNameTaken,
)
from crm_app.domains.accounts.members import service as members
from crm_app.domains.accounts.models import AuditEntry, Membership
from crm_app.domains.accounts.roles import access, teams
from crm_app.domains.accounts.roles import queries as role_queries
from crm_app.domains.accounts.roles import service as roles
from crm_app.domains.accounts.sessions.known import known_sessions
from tests.api.clients import begin_session
from tests.conftest import MakeActor, Tenant

NARROW = {"deals.read": "own", "deals.write": "own"}


async def now(session: AsyncSession, actor: Actor) -> Actor:
    """Return the actor as the next session would."""
    membership = (
        await session.scalars(
            select(Membership)
            .where(
                col(Membership.organization_id) == actor.organization_id, col(Membership.user_id) == actor.user_id
            )
            .execution_options(populate_existing=True)
        )
    ).one()
    return await access.actor_of(session, membership)


async def save(session: AsyncSession, actor: Actor, key: str, **words: str) -> Any:
    role = await roles.get_role(session, actor, key=key)
    wanted = {name.replace("_", "."): reach for name, reach in words.items()}
    return await roles.save_role(session, actor, key=key, version=role.version, matrix=wanted)


async def test_a_built_in_role_is_narrowed_and_comes_back(
    session: AsyncSession, actor: Actor, make_actor: MakeActor
) -> None:
    seller = await make_actor()
    assert (await now(session, seller)).narrowed == {}
    saved = await save(session, actor, "sales", deals_read="own", deals_write="own", deals_pickup="none")
    assert saved.differs == ["deals.pickup", "deals.read", "deals.write"]
    narrow = await now(session, seller)
    assert narrow.narrowed == {"deals.read": Reach.OWN, "deals.write": Reach.OWN}
    assert not narrow.can("deals.pickup")
    assert narrow.can("deals.write")
    back = await roles.reset_role(session, actor, key="sales")
    assert back.differs == []
    assert (await now(session, seller)).narrowed == {}


async def test_a_copy_is_given_and_taken(session: AsyncSession, actor: Actor, make_actor: MakeActor) -> None:
    seller = await make_actor()
    await save(session, actor, "sales", deals_read="team", deals_write="own")
    copy = await roles.clone_role(session, actor, key="sales", name="Vendedor júnior")
    assert copy.differs == ["deals.read", "deals.write"]
    await roles.assign_role(session, actor, user_id=seller.user_id, key=copy.key)
    await save(session, actor, copy.key, deals_read="own")
    junior = await now(session, seller)
    assert (junior.role, junior.narrowed["deals.read"]) == ("sales", Reach.OWN)
    assert (await roles.get_role(session, actor, key="sales")).members == 0
    with pytest.raises(RoleInUse):
        await roles.delete_role(session, actor, role_id=copy.id)
    await roles.delete_role(session, actor, role_id=copy.id, to_key="viewer")
    assert (await now(session, seller)).role == "viewer"
    with pytest.raises(NotFound):
        await roles.get_role(session, actor, key=copy.key)


async def test_changing_to_a_built_in_role_leaves_the_own_one(
    session: AsyncSession, actor: Actor, make_actor: MakeActor
) -> None:
    seller = await make_actor()
    copy = await roles.clone_role(session, actor, key="sales", name="Outro")
    await roles.assign_role(session, actor, user_id=seller.user_id, key=copy.key)
    await members.change_role(session, actor, user_id=seller.user_id, role="sales")
    assert await role_queries.list_holders(session, actor.organization_id, "sales", copy.id) == []


async def test_names_are_taken_once_whatever_their_case(session: AsyncSession, actor: Actor) -> None:
    one = await roles.clone_role(session, actor, key="sales", name="Plantão")
    other = await roles.clone_role(session, actor, key="viewer", name="Estágio")
    with pytest.raises(RoleNameTaken):
        await roles.clone_role(session, actor, key="sales", name="PLANTÃO")
    with pytest.raises(RoleNameTaken):
        await roles.rename_role(session, actor, role_id=other.id, name="plantão")
    renamed = await roles.rename_role(session, actor, role_id=one.id, name="plantão")
    assert renamed.name == "plantão"


async def test_the_owner_stays(session: AsyncSession, actor: Actor, make_actor: MakeActor) -> None:
    seller = await make_actor()
    with pytest.raises(OwnerStays):
        await save(session, actor, "owner", deals_read="own")
    with pytest.raises(OwnerStays):
        await roles.clone_role(session, actor, key="owner", name="Sócio")
    with pytest.raises(OwnerStays):
        await roles.assign_role(session, actor, user_id=seller.user_id, key="owner")


async def test_nobody_lowers_themselves_by_accident(session: AsyncSession, make_actor: MakeActor) -> None:
    admin = await make_actor("admin")
    with pytest.raises(OwnRoleLowered):
        await save(session, admin, "admin", roles_manage="none")
    with pytest.raises(OwnPlace):
        await roles.assign_role(session, admin, user_id=admin.user_id, key="sales")


async def test_nobody_gives_more_than_they_hold(
    session: AsyncSession, actor: Actor, make_actor: MakeActor
) -> None:
    admin, seller = await make_actor("admin"), await make_actor()
    await save(session, actor, "admin", analytics_read="team")
    weaker = await now(session, admin)
    await save(session, weaker, "manager", deals_pickup="none")
    await save(session, actor, "sales", analytics_read="own")
    with pytest.raises(GrantTooHigh):
        await save(session, weaker, "sales", analytics_read="all")
    with pytest.raises(GrantTooHigh):
        await roles.assign_role(session, weaker, user_id=seller.user_id, key="manager")
    await roles.assign_role(session, weaker, user_id=seller.user_id, key="sales")


async def test_a_seller_manages_nothing(session: AsyncSession, make_actor: MakeActor) -> None:
    seller = await make_actor()
    for attempt in (
        roles.list_roles(session, seller),
        roles.clone_role(session, seller, key="sales", name="x"),
        teams.list_teams(session, seller),
        teams.create_team(session, seller, name="x"),
    ):
        with pytest.raises(Forbidden):
            await attempt


async def test_a_matrix_made_from_an_old_one_is_refused(session: AsyncSession, actor: Actor) -> None:
    await save(session, actor, "sales", deals_pickup="none")
    with pytest.raises(RoleChanged):
        await roles.save_role(session, actor, key="sales", version=0, matrix=NARROW)


async def test_teams_make_colleagues_and_leaders(
    session: AsyncSession, actor: Actor, make_actor: MakeActor
) -> None:
    ana, bruno, caio = await make_actor(), await make_actor(), await make_actor()
    team = await teams.create_team(session, actor, name="Norte")
    await teams.put_team_member(session, actor, team_id=team.id, user_id=ana.user_id, leads=True)
    shown = await teams.put_team_member(session, actor, team_id=team.id, user_id=bruno.user_id)
    assert {(one.user_id, one.leads) for one in shown.members} == {(ana.user_id, True), (bruno.user_id, False)}
    assert ((await now(session, ana)).colleagues, (await now(session, ana)).led) == ({bruno.user_id},) * 2
    assert ((await now(session, bruno)).colleagues, (await now(session, bruno)).led) == (
        {ana.user_id},
        frozenset(),
    )
    assert (await now(session, caio)).colleagues == frozenset()
    with pytest.raises(TeamNameTaken):
        await teams.create_team(session, actor, name="norte")
    await teams.remove_team_member(session, actor, team_id=team.id, user_id=ana.user_id)
    assert (await now(session, bruno)).colleagues == frozenset()
    with pytest.raises(NotFound):
        await teams.remove_team_member(session, actor, team_id=team.id, user_id=ana.user_id)
    await teams.delete_team(session, actor, team_id=team.id)
    assert await teams.list_teams(session, actor) == []


async def test_every_change_is_audited(tenant: Tenant, make_actor: MakeActor) -> None:
    seller = await make_actor()
    async with unit_of_work(tenant.owner) as session:
        await save(session, tenant.owner, "sales", deals_read="own", deals_write="own")
        copy = await roles.clone_role(session, tenant.owner, key="sales", name="Cópia")
        await roles.assign_role(session, tenant.owner, user_id=seller.user_id, key=copy.key)
        await roles.rename_role(session, tenant.owner, role_id=copy.id, name="Outra")
        await roles.delete_role(session, tenant.owner, role_id=copy.id, to_key="sales")
        team = await teams.create_team(session, tenant.owner, name="Sul")
        await teams.put_team_member(session, tenant.owner, team_id=team.id, user_id=seller.user_id)
        await teams.delete_team(session, tenant.owner, team_id=team.id)
    async with unit_of_work(tenant.owner) as session:
        entries = (
            await session.scalars(
                select(AuditEntry).where(col(AuditEntry.organization_id) == tenant.organization.id)
            )
        ).all()
    actions = {entry.action for entry in entries}
    assert actions >= {
        "role.change",
        "role.create",
        "member.role",
        "role.rename",
        "role.delete",
        "team.create",
        "team.member",
        "team.delete",
    }
    change = next(entry for entry in entries if entry.action == "role.change")
    assert change.before == {"role": "sales", "deals.read": "all", "deals.write": "all"}
    assert change.after == {"role": "sales", "deals.read": "own", "deals.write": "own"}


async def test_an_open_session_follows_at_once(tenant: Tenant, make_actor: MakeActor) -> None:
    seller = await make_actor()
    token = await begin_session(seller)
    before = await known_sessions.resolve(token)
    assert before is not None
    assert before.actor.narrowed == {}
    async with unit_of_work(tenant.owner) as session:
        await save(session, tenant.owner, "sales", deals_read="own", deals_write="own")
    after = await known_sessions.resolve(token)
    assert after is not None
    assert after.actor.narrowed == {"deals.read": Reach.OWN, "deals.write": Reach.OWN}
