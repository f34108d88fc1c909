"""Becoming a member without a password of one's own making: another house vouches for the address."""

from sqlalchemy.ext.asyncio import AsyncSession

from crm_app.core.clock import utc_now
from crm_app.core.events import announce
from crm_app.core.tenancy import Actor
from crm_app.domains.accounts import repository, rules, service
from crm_app.domains.accounts.errors import EmailTaken
from crm_app.domains.accounts.events import MemberAdded
from crm_app.domains.accounts.members import queries as member_queries
from crm_app.domains.accounts.members import seats
from crm_app.domains.accounts.models import Membership, Role, User


async def join_as_new_person(session: AsyncSession, actor: Actor, *, email: str, name: str, role: Role) -> User:
    """Create a person without a password and make them a member of the actor's organization.

    Permission `members.manage`. Raises `Forbidden`, `BadEmail`, `SeatsTaken`, and `EmailTaken` for whoever has an
    account already: they join by an invitation that they accept themselves.
    """
    actor.require("members.manage")
    address = rules.normalize_email(email)
    await member_queries.lock_members(session, actor.organization_id)
    await seats.take_seat(session, actor.organization_id)
    if await repository.find_user_by_email(session, address):
        raise EmailTaken(email=address)
    user = User(
        email=address, name=name.strip()[:120] or address.partition("@")[0][:120], email_verified_at=utc_now()
    )
    session.add(user)
    await session.flush()
    session.add(Membership(organization_id=actor.organization_id, user_id=user.id, role=role))
    await session.flush()
    announce(session, MemberAdded(organization_id=actor.organization_id, user_id=user.id))
    await service.audit(session, actor, "member.join", "user", user.id, after={"email": address, "role": role})
    return user
