"""Invitations: several at once, again, taken back; and every way of accepting one that must not work."""

import asyncio
import re
from collections.abc import Awaitable, Callable, Iterator
from datetime import timedelta
from typing import Any
from uuid import UUID, uuid4

import pytest
from sqlalchemy import func, select, update

from crm_app.config import forget_settings, use_settings
from crm_app.core.clock import utc_now
from crm_app.core.database import system_unit_of_work, unit_of_work
from crm_app.core.errors import CrmError, Forbidden, Invalid, NotFound
from crm_app.core.mail.models import OutboundMail
from crm_app.core.mail.sending import open_content
from crm_app.core.tenancy import Actor
from crm_app.domains.accounts import service
from crm_app.domains.accounts.entry.tokens import ExpiredToken, UnknownToken, UsedToken, issue_token
from crm_app.domains.accounts.errors import (
    AccountExists,
    InvitationAccepted,
    InvitationExpired,
    InvitationGone,
    OwnershipNeedsConsent,
    SeatsTaken,
    TooManyAddresses,
    TooManyInvitations,
    WeakPassword,
    WrongAddress,
)
from crm_app.domains.accounts.invitations import accepting
from crm_app.domains.accounts.invitations import service as invitations
from crm_app.domains.accounts.members import service as members
from crm_app.domains.accounts.models import AuditEntry, Invitation, Membership, Role, User
from crm_app.domains.accounts.roles import service as roles
from crm_app.domains.accounts.roles import teams
from tests.api.clients import begin_session
from tests.conftest import MakeActor, Tenant
from tests.plans.having import have_plan

STRONG = "girafa lilás dança 42"


@pytest.fixture(autouse=True)
def _mail_is_kept() -> Iterator[None]:
    """Letters stay in the outbox of the demo."""
    use_settings(demo=True, smtp_url=None)
    yield
    forget_settings()


async def act(actor: Actor, use_case: Callable[..., Awaitable[Any]], **arguments: Any) -> Any:
    """Run a use case as a request would."""
    async with unit_of_work(actor) as session:
        return await use_case(session, actor, **arguments)


def address() -> str:
    """Return an address that nobody has."""
    return f"nova-{uuid4().hex[:12]}@exemplo.com.br"


async def invited(tenant: Tenant, email: str, **more: Any) -> UUID:
    """Invite one address and return the invitation's id."""
    (one,) = await act(tenant.owner, invitations.invite, addresses=[email], role="sales", **more)
    assert one.outcome in {"invited", "waiting"}
    assert one.invitation_id
    return UUID(str(one.invitation_id))


async def link_in_mail(tenant: Tenant, email: str) -> str:
    """Return the token in the last letter to this address."""
    async with unit_of_work(tenant.owner) as session:
        letter = (
            await session.scalars(
                select(OutboundMail)
                .where(OutboundMail.recipient == email)
                .order_by(OutboundMail.created_at.desc(), OutboundMail.id.desc())
            )
        ).first()
    assert letter is not None
    assert letter.content is not None
    found = re.search(r"/invite#(\S+)", open_content(letter.id, letter.key_id, letter.content)["text"])
    assert found
    return found[1]


async def accept_new(token: str, name: str = "Nova Pessoa", password: str = STRONG) -> Any:
    """Accept with a new account."""
    async with system_unit_of_work() as session:
        return await accepting.accept_with_new_account(
            session, token=token, name=name, password=password, ip="192.0.2.7", user_agent="Firefox"
        )


async def signed_in(actor: Actor) -> Actor:
    """Begin a session and return its actor."""
    async with system_unit_of_work() as session:
        return (await service.resolve_session(session, await begin_session(actor))).actor


async def accept_signed_in(actor: Actor, token: str) -> UUID:
    """Accept with the account of an actor, who is signed in."""
    async with system_unit_of_work() as session:
        return await accepting.accept_as(session, actor, token=token)


async def email_of(actor: Actor) -> str:
    """Return the address of the person behind an actor."""
    async with system_unit_of_work() as session:
        return (await session.get_one(User, actor.user_id)).email


async def places(tenant: Tenant, email: str) -> int:
    """Return how many memberships the address has here."""
    async with unit_of_work(tenant.owner) as session:
        statement = (
            select(func.count())
            .select_from(Membership)
            .join(User, User.id == Membership.user_id)  # type: ignore[arg-type]
            .where(User.email == email, Membership.organization_id == tenant.organization.id)
        )
        return int(await session.scalar(statement) or 0)


async def test_several_at_once_and_what_became_of_each(tenant: Tenant) -> None:
    one, two = address(), address()
    pasted = f"Ana <{one}>; {two.upper()}, {one}\n{tenant.owner_email} isto-não-é"
    outcomes = await act(
        tenant.owner, invitations.invite, addresses=invitations.split_addresses(pasted), role="sales"
    )
    assert {each.email: each.outcome for each in outcomes} == {
        one: "invited",
        two: "invited",
        tenant.owner_email: "member",
        "isto-não-é": "bad",
    }
    assert all(each.mailed for each in outcomes if each.outcome == "invited")
    listed = await act(tenant.owner, invitations.list_invitations)
    assert {each.email for each in listed} == {one, two}
    assert "token" not in repr(listed)


async def test_a_new_person_accepts_and_is_in(tenant: Tenant) -> None:
    email = address()
    await invited(tenant, email)
    token = await link_in_mail(tenant, email)
    async with system_unit_of_work() as session:
        offer = await accepting.read_invitation(session, token=token)
    assert (offer.organization_name, offer.email, offer.has_account) == (tenant.organization.name, email, False)
    begun = await accept_new(token)
    async with system_unit_of_work() as session:
        who = await service.resolve_session(session, begun.token)
    assert (who.organization.id, who.actor.role, who.user.email) == (tenant.organization.id, "sales", email)
    async with system_unit_of_work() as session:
        assert (await session.get_one(User, who.user.id)).email_verified_at is not None
    assert await act(tenant.owner, invitations.list_invitations) == []
    async with unit_of_work(tenant.owner) as session:
        done = set(await session.scalars(select(AuditEntry.action)))
    assert {"invitation.send", "invitation.accept"} <= done


async def test_who_has_an_account_accepts_signed_in(tenant: Tenant, other_tenant: Tenant) -> None:
    await invited(tenant, other_tenant.owner_email)
    token = await link_in_mail(tenant, other_tenant.owner_email)
    with pytest.raises(AccountExists):
        await accept_new(token)
    actor = await signed_in(other_tenant.owner)
    assert await accept_signed_in(actor, token) == tenant.organization.id
    assert await places(tenant, other_tenant.owner_email) == 1
    with pytest.raises(UsedToken):
        await accept_signed_in(actor, token)


async def test_an_invitation_is_for_one_address(
    tenant: Tenant, other_tenant: Tenant, make_actor: MakeActor
) -> None:
    email = address()
    await invited(tenant, email)
    token = await link_in_mail(tenant, email)
    with pytest.raises(WrongAddress) as refused:
        await accept_signed_in(await signed_in(other_tenant.owner), token)
    assert refused.value.data["email"] == email
    assert await places(tenant, other_tenant.owner_email) == 0
    await accept_new(token)  # the refusal has used nothing up


async def test_a_second_and_a_forged_token_open_nothing(tenant: Tenant) -> None:
    email = address()
    await invited(tenant, email)
    token = await link_in_mail(tenant, email)
    await accept_new(token)
    with pytest.raises(UsedToken):
        await accept_new(token)
    for forged in ("", "x", token[:-1], token + "x", "\x00", "ü" * 90, "x" * 5000):
        with pytest.raises(UnknownToken):
            await accept_new(forged)
    async with system_unit_of_work() as session:
        reset = await issue_token(session, "reset", str(uuid4()), timedelta(hours=1))
    with pytest.raises(UnknownToken):
        await accept_new(reset)


async def test_a_token_that_names_another_organization_opens_nothing(tenant: Tenant, other_tenant: Tenant) -> None:
    invitation_id = await invited(tenant, address())
    async with system_unit_of_work() as session:
        foreign = await issue_token(
            session,
            "invitation",
            str(invitation_id),
            timedelta(hours=1),
            {"organization_id": str(other_tenant.organization.id), "mailed": True},
        )
    with pytest.raises(InvitationGone):
        await accept_new(foreign)


async def test_what_was_taken_back_or_is_too_old_opens_nothing(tenant: Tenant) -> None:
    first, second = address(), address()
    one, two = await invited(tenant, first), await invited(tenant, second)
    by_hand = await act(tenant.owner, invitations.make_link, invitation_id=one)
    tokens = [await link_in_mail(tenant, first), by_hand.url.partition("#")[2]]
    await act(tenant.owner, invitations.revoke_invitation, invitation_id=one)
    for token in tokens:
        with pytest.raises(UnknownToken):
            await accept_new(token)
    with pytest.raises(InvitationGone):
        await act(tenant.owner, invitations.resend_invitation, invitation_id=one)
    late = await link_in_mail(tenant, second)
    async with unit_of_work(tenant.owner) as session:
        await session.execute(
            update(Invitation).where(Invitation.id == two).values(expires_at=utc_now() - timedelta(seconds=1))
        )
    with pytest.raises(InvitationExpired):
        await accept_new(late)
    again = await act(tenant.owner, invitations.resend_invitation, invitation_id=two)
    assert again.mailed
    with pytest.raises(UnknownToken):
        await accept_new(late)
    await accept_new(await link_in_mail(tenant, second))
    with pytest.raises(InvitationAccepted):
        await act(tenant.owner, invitations.revoke_invitation, invitation_id=two)


async def test_the_token_itself_is_too_old(tenant: Tenant) -> None:
    invitation_id = await invited(tenant, address())
    async with system_unit_of_work() as session:
        old = await issue_token(
            session,
            "invitation",
            str(invitation_id),
            timedelta(seconds=-1),
            {"organization_id": str(tenant.organization.id)},
        )
    with pytest.raises(ExpiredToken):
        await accept_new(old)


async def test_of_many_who_accept_at_once_one_gets_in(tenant: Tenant) -> None:
    """The same link several times, and another link of the same invitation: exactly one place."""
    email = address()
    invitation_id = await invited(tenant, email)
    by_hand = await act(tenant.owner, invitations.make_link, invitation_id=invitation_id)
    tokens = [await link_in_mail(tenant, email), by_hand.url.partition("#")[2]]
    outcomes = await asyncio.gather(*(accept_new(token) for token in tokens * 3), return_exceptions=True)
    refused = [one for one in outcomes if isinstance(one, BaseException)]
    assert len(outcomes) - len(refused) == 1
    assert all(isinstance(one, CrmError) for one in refused), refused
    assert await places(tenant, email) == 1


async def test_one_person_who_accepts_in_two_windows_has_one_place(tenant: Tenant, other_tenant: Tenant) -> None:
    await invited(tenant, other_tenant.owner_email)
    token = await link_in_mail(tenant, other_tenant.owner_email)
    actors = [await signed_in(other_tenant.owner) for _ in range(3)]
    outcomes = await asyncio.gather(*(accept_signed_in(one, token) for one in actors), return_exceptions=True)
    assert sum(1 for one in outcomes if isinstance(one, UUID)) == 1
    assert await places(tenant, other_tenant.owner_email) == 1


async def test_the_last_seat_may_be_gone_between_invitation_and_acceptance(tenant: Tenant) -> None:
    first, second = address(), address()
    await invited(tenant, first)
    await invited(tenant, second)
    tokens = [await link_in_mail(tenant, first), await link_in_mail(tenant, second)]
    await have_plan(tenant, limits={"members": 2})
    outcomes = await asyncio.gather(*(accept_new(token) for token in tokens), return_exceptions=True)
    assert [type(one) for one in outcomes if isinstance(one, CrmError)] == [SeatsTaken]
    await have_plan(tenant, limits={"members": 3})
    left = next(token for token, one in zip(tokens, outcomes, strict=True) if isinstance(one, SeatsTaken))
    await accept_new(left)  # the link is as good as it was, once there is a seat


async def test_a_member_keeps_their_place_as_it_is(tenant: Tenant, make_actor: MakeActor) -> None:
    """Whoever became a member some other way meanwhile is not lowered or raised by an old link."""
    manager = await make_actor(Role.MANAGER)
    email = await email_of(manager)
    async with unit_of_work(tenant.owner) as session:
        stale = Invitation(
            organization_id=tenant.organization.id,
            email=email,
            role="viewer",
            invited_by=tenant.owner.user_id,
            expires_at=utc_now() + timedelta(days=1),
        )
        session.add(stale)
    link = await act(tenant.owner, invitations.make_link, invitation_id=stale.id)
    await accept_signed_in(await signed_in(manager), link.url.partition("#")[2])
    people = {one.user_id: one.role for one in await act(tenant.owner, members.list_people)}
    assert people[manager.user_id] == "manager"


async def test_somebody_who_left_comes_back_by_invitation(
    tenant: Tenant, other_tenant: Tenant, make_actor: MakeActor
) -> None:
    seller = await make_actor()
    email = await email_of(seller)
    async with unit_of_work(other_tenant.owner) as session:
        session.add(Membership(organization_id=other_tenant.organization.id, user_id=seller.user_id))
    await act(tenant.owner, members.remove_member, user_id=seller.user_id, to_user_id=None)
    (one,) = await act(tenant.owner, invitations.invite, addresses=[email], role="manager")
    assert one.outcome == "invited"
    elsewhere = await signed_in(Actor(other_tenant.organization.id, seller.user_id, "sales", frozenset()))
    await accept_signed_in(elsewhere, await link_in_mail(tenant, email))
    people = {each.user_id: each.role for each in await act(tenant.owner, members.list_people)}
    assert people[seller.user_id] == "manager"
    assert await places(tenant, email) == 1


async def test_an_account_made_by_a_passed_on_link_is_not_confirmed(tenant: Tenant) -> None:
    email = address()
    link = await act(tenant.owner, invitations.make_link, invitation_id=await invited(tenant, email))
    begun = await accept_new(link.url.partition("#")[2])
    async with system_unit_of_work() as session:
        assert (await session.get_one(User, begun.user_id)).email_verified_at is None


async def test_a_role_and_teams_of_the_organizations_own(tenant: Tenant) -> None:
    own = await act(tenant.owner, roles.clone_role, key="sales", name="Pré-vendas")
    team = await act(tenant.owner, teams.create_team, name="Sul")
    first, second = address(), address()
    more = {"role": own.key, "team_ids": [team.id]}
    outcomes = await act(tenant.owner, invitations.invite, addresses=[first, second], **more)
    assert [one.outcome for one in outcomes] == ["invited", "invited"]
    begun = await accept_new(await link_in_mail(tenant, first))
    person = await act(tenant.owner, members.get_person, user_id=begun.user_id)
    assert (person.role, person.role_name) == ("sales", "Pré-vendas")
    (listed,) = await act(tenant.owner, teams.list_teams)
    assert [one.user_id for one in listed.members] == [begun.user_id]
    # What was promised is gone when the second one comes: the least role is left, and no team.
    await act(tenant.owner, roles.delete_role, role_id=own.id, to_key="viewer")
    await act(tenant.owner, teams.delete_team, team_id=team.id)
    late = await accept_new(await link_in_mail(tenant, second))
    assert (await act(tenant.owner, members.get_person, user_id=late.user_id)).role == "viewer"


async def test_bad_input_is_refused_and_costs_nothing(tenant: Tenant) -> None:
    email = address()
    await invited(tenant, email)
    token = await link_in_mail(tenant, email)
    for name, password, error in (
        ("Nova", "12345678", WeakPassword),
        ("Nova", "senha123456", WeakPassword),
        ("", STRONG, Invalid),
        ("a" * 121, STRONG, Invalid),
        ("Nova\x00", STRONG, Invalid),
    ):
        with pytest.raises(error):
            await accept_new(token, name, password)
    await accept_new(token)


async def test_who_may_invite_whom(tenant: Tenant, make_actor: MakeActor) -> None:
    for role in (Role.SALES, Role.MANAGER):
        with pytest.raises(Forbidden):
            await act(await make_actor(role), invitations.invite, addresses=[address()], role="viewer")
    with pytest.raises(OwnershipNeedsConsent):
        await act(tenant.owner, invitations.invite, addresses=[address()], role="owner")
    for days in (0, 31):
        with pytest.raises(Invalid):
            await act(tenant.owner, invitations.invite, addresses=[address()], role="sales", days=days)
    for arguments in ({"role": "emperor"}, {"role": "sales", "team_ids": [uuid4()]}, {"role": str(uuid4())}):
        with pytest.raises(NotFound):
            await act(tenant.owner, invitations.invite, addresses=[address()], **arguments)
    with pytest.raises(TooManyAddresses):
        await act(tenant.owner, invitations.invite, addresses=[address() for _ in range(51)], role="sales")


async def test_nobody_sends_letters_without_end(tenant: Tenant, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(invitations, "MOST_A_DAY", 2)
    with pytest.raises(TooManyInvitations):
        await act(tenant.owner, invitations.invite, addresses=[address() for _ in range(3)], role="sales")
    assert await act(tenant.owner, invitations.list_invitations) == [], "all or none"


async def test_without_mail_a_link_can_be_passed_on(tenant: Tenant) -> None:
    use_settings(demo=False, smtp_url=None)
    email = address()
    (one,) = await act(tenant.owner, invitations.invite, addresses=[email], role="sales")
    assert (one.outcome, one.mailed) == ("invited", False)
    link = await act(tenant.owner, invitations.make_link, invitation_id=one.invitation_id)
    await accept_new(link.url.partition("#")[2])
    assert await places(tenant, email) == 1
