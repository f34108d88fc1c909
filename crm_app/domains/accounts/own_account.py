"""Use cases of a person's own account: the name that colleagues see, and the password."""

from sqlalchemy.ext.asyncio import AsyncSession

from crm_app.core.errors import Invalid
from crm_app.core.events import announce
from crm_app.core.tenancy import Actor
from crm_app.domains.accounts import service
from crm_app.domains.accounts.entry import links, passwords
from crm_app.domains.accounts.entry.strength import require_strong
from crm_app.domains.accounts.events import PreferencesChanged
from crm_app.domains.accounts.factors import repository as factor_repository
from crm_app.domains.accounts.factors.step_up import own_user, require_proof
from crm_app.domains.accounts.schemas import UserView
from crm_app.domains.accounts.sessions import service as own_sessions


async def change_name(session: AsyncSession, actor: Actor, *, name: str) -> UserView:
    """Give the actor another name. Raises `Invalid` for an empty one."""
    wanted = " ".join("".join(letter for letter in name if letter.isprintable()).split())[:120]
    if not wanted:
        raise Invalid("errors.accounts.empty_name", field="name")
    user = await own_user(session, actor)
    before, user.name = user.name, wanted
    await session.flush()
    announce(session, PreferencesChanged(organization_id=actor.organization_id, user_id=user.id))
    await service.audit(
        session, actor, "user.rename", "user", user.id, before={"name": before}, after={"name": wanted}
    )
    return UserView.model_validate(user)


async def change_password(session: AsyncSession, actor: Actor, *, password: str) -> int:
    """Give the actor another password and end all other sessions; returns how many ended.

    The present password (or a second factor) is asked for by the fresh proof. Raises `ProofNeeded` and
    `WeakPassword`.
    """
    await require_proof(session, actor)
    user = await own_user(session, actor)
    await require_strong(password, (user.name, user.email))
    user.password_hash = await passwords.hash_password(password)
    await session.flush()
    await factor_repository.forget_pending(session, user_id=user.id)
    ended = await own_sessions.end_all_but_this(session, actor)
    await service.audit(session, actor, "password.change", "user", user.id)
    await links.tell_password_changed(session, user)
    return ended
