"""Signing in and out, and what a session gives."""

from datetime import timedelta
from itertools import pairwise
from uuid import uuid4

import pytest
from sqlalchemy import text, update
from sqlalchemy.exc import ProgrammingError

from crm_app.core.clock import utc_now
from crm_app.core.database import system_unit_of_work, unit_of_work
from crm_app.core.errors import Forbidden, Invalid, NotFound, Unauthenticated
from crm_app.core.tenancy import Actor
from crm_app.domains.accounts import service
from crm_app.domains.accounts.entry.entering import enter_with_password
from crm_app.domains.accounts.errors import BadEmail, EmailTaken, NoOrganization, WeakPassword, WrongCredentials
from crm_app.domains.accounts.models import Membership, Role, UserSession
from crm_app.domains.accounts.permissions import ALL_PERMISSIONS, permissions_of
from crm_app.domains.accounts.schemas import NewSession
from tests.conftest import PASSWORD, MakeActor, MakeOrganization, Tenant


async def _sign_in(email: str, password: str = PASSWORD) -> str:
    async with system_unit_of_work() as session:
        begun = await enter_with_password(
            session, email=email, password=password, ip="192.0.2.7", user_agent="Firefox"
        )
    assert isinstance(begun, NewSession)
    return begun.token


async def test_the_right_password_opens_a_session_of_the_organization(tenant: Tenant) -> None:
    token = await _sign_in(tenant.owner_email.upper() + " ")
    async with system_unit_of_work() as session:
        signed_in = await service.resolve_session(session, token)
    assert signed_in.organization.id == tenant.organization.id
    assert signed_in.actor.user_id == tenant.owner.user_id
    assert signed_in.actor.permissions == ALL_PERMISSIONS


@pytest.mark.parametrize("password", ["", "errada", "x" * 5000, "\x00", "senha-dos-testes "])
async def test_a_wrong_password_opens_nothing(tenant: Tenant, password: str) -> None:
    with pytest.raises(WrongCredentials):
        await _sign_in(tenant.owner_email, password)


@pytest.mark.parametrize("email", ["ninguem@exemplo.com.br", "não é endereço", "", "a@b\x00.com"])
async def test_an_unknown_address_fails_like_a_wrong_password(tenant: Tenant, email: str) -> None:
    with pytest.raises(WrongCredentials):
        await _sign_in(email)


async def test_a_member_who_was_deactivated_has_no_way_in(tenant: Tenant) -> None:
    token = await _sign_in(tenant.owner_email)
    async with unit_of_work(tenant.owner) as session:
        await session.execute(update(Membership).values(is_active=False))
    async with system_unit_of_work() as session:
        with pytest.raises(Unauthenticated):
            await service.resolve_session(session, token)
    with pytest.raises(NoOrganization):
        await _sign_in(tenant.owner_email)


async def test_signing_out_ends_one_session_and_everywhere_ends_all(tenant: Tenant) -> None:
    first, second, third = [await _sign_in(tenant.owner_email) for _ in range(3)]

    async def valid(token: str) -> Actor | None:
        async with system_unit_of_work() as session:
            try:
                return (await service.resolve_session(session, token)).actor
            except Unauthenticated:
                return None

    one = await valid(first)
    assert one is not None
    async with unit_of_work(one) as session:
        await service.sign_out(session, one)
    assert await valid(first) is None
    two = await valid(second)
    assert two is not None
    async with unit_of_work(two) as session:
        assert await service.sign_out_everywhere(session, two) == 2
    assert await valid(second) is None
    assert await valid(third) is None


async def test_a_session_expires(tenant: Tenant) -> None:
    token = await _sign_in(tenant.owner_email)
    async with system_unit_of_work() as session:
        await session.execute(
            update(UserSession)
            .where(UserSession.user_id == tenant.owner.user_id)
            .values(expires_at=utc_now() - timedelta(seconds=1))
        )
    async with system_unit_of_work() as session:
        with pytest.raises(Unauthenticated):
            await service.resolve_session(session, token)


@pytest.mark.parametrize("token", ["", "x", "ü" * 99, "\x00", "\ud800"])
async def test_a_forged_token_opens_nothing(tenant: Tenant, token: str) -> None:
    async with system_unit_of_work() as session:
        with pytest.raises(Unauthenticated):
            await service.resolve_session(session, token)


async def test_an_organization_is_born_with_its_owner(db: object) -> None:
    email = f"dona-{uuid4()}@exemplo.com.br"
    async with system_unit_of_work() as session:
        one = await service.create_organization(session, name="Estúdio Zé", owner_email=email, password=PASSWORD)
    async with system_unit_of_work() as session:
        two = await service.create_organization(
            session, name="Estudio Ze", owner_email=f"x{email}", password=PASSWORD
        )
    assert one.slug.startswith("estudio-ze")
    assert two.slug != one.slug
    token = await _sign_in(email)
    async with system_unit_of_work() as session:
        assert (await service.resolve_session(session, token)).organization.id == one.id


async def test_bad_input_to_an_organization_is_refused(tenant: Tenant) -> None:
    async def create(name: str, email: str, password: str) -> None:
        async with system_unit_of_work() as session:
            await service.create_organization(session, name=name, owner_email=email, password=password)

    with pytest.raises(Invalid):
        await create("  ", "a@exemplo.com.br", PASSWORD)
    with pytest.raises(BadEmail):
        await create("Agência", "a@b", PASSWORD)
    with pytest.raises(WeakPassword):
        await create("Agência", "a@exemplo.com.br", "aaaaaaaaaaaaaa")
    with pytest.raises(EmailTaken):
        await create("Agência", tenant.owner_email.title(), PASSWORD)


async def test_members_are_seen_by_their_own_organization_only(
    tenant: Tenant, other_tenant: Tenant, make_actor: MakeActor
) -> None:
    colleague = await make_actor(Role.VIEWER)
    assert colleague.user_id is not None
    assert other_tenant.owner.user_id is not None
    async with unit_of_work(tenant.owner) as session:
        listed = {member.user_id for member in await service.list_members(session, tenant.owner)}
        assert listed == {tenant.owner.user_id, colleague.user_id}
        with pytest.raises(NotFound):
            await service.access_member(session, tenant.owner, other_tenant.owner.user_id)


async def test_only_those_who_manage_members_add_one(tenant: Tenant, make_actor: MakeActor) -> None:
    seller = await make_actor(Role.SALES)
    for who, error in ((seller, Forbidden), (tenant.owner, Invalid)):
        async with unit_of_work(who) as session:
            with pytest.raises(error):
                await service.add_member(
                    session, who, email="n@exemplo.com.br", name="N", password=PASSWORD, role="emperor"
                )


async def test_the_audit_trail_cannot_be_changed_by_the_application(tenant: Tenant) -> None:
    async with unit_of_work(tenant.owner) as session:
        await service.audit(session, tenant.owner, "test.act", "user", tenant.owner.user_id, after={"a": 1})
    for statement in ("UPDATE audit_entry SET action = 'x'", "DELETE FROM audit_entry"):
        with pytest.raises(ProgrammingError, match="permission denied"):
            async with unit_of_work(tenant.owner) as session:
                await session.execute(text(statement))


async def test_preferences_are_kept_and_checked(tenant: Tenant) -> None:
    async with unit_of_work(tenant.owner) as session:
        changed = await service.change_preferences(session, tenant.owner, locale="en", theme="dark")
        assert (changed.locale, changed.theme) == ("en", "dark")
        with pytest.raises(Invalid):
            await service.change_preferences(session, tenant.owner, locale="klingon")


async def test_the_directory_lists_every_organization(make_organization: MakeOrganization) -> None:
    made = {(await make_organization()).organization.id for _ in range(3)}
    async with system_unit_of_work() as session:
        assert made <= set(await service.list_organization_ids(session))


def test_each_role_holds_all_that_the_lower_one_holds() -> None:
    held = [permissions_of(role) for role in (Role.VIEWER, Role.SALES, Role.MANAGER, Role.ADMIN, Role.OWNER)]
    assert all(lower <= higher for lower, higher in pairwise(held))
    assert permissions_of("emperor") == frozenset()
