"""Use cases of a person's own second factors: what there is, adding, removing. Each change wants a fresh proof."""

from uuid import UUID

from sqlalchemy.ext.asyncio import AsyncSession

from crm_app.core.errors import NotFound
from crm_app.core.events import announce
from crm_app.core.tenancy import Actor
from crm_app.domains.accounts import repository, service
from crm_app.domains.accounts.entry.entering import Way
from crm_app.domains.accounts.entry.guessing import count_guess_inside
from crm_app.domains.accounts.events import FactorsChanged
from crm_app.domains.accounts.factors import authenticator, passkey_repository, recovery
from crm_app.domains.accounts.factors import repository as factor_repository
from crm_app.domains.accounts.factors.errors import FactorStays, NoFactor, WrongCode
from crm_app.domains.accounts.factors.step_up import own_session, own_user, person_of, proof_kinds, require_proof
from crm_app.domains.accounts.schemas import FactorsView, PasskeyView, TotpOffer
from crm_app.domains.accounts.sessions import service as own_sessions


async def read_factors(session: AsyncSession, actor: Actor) -> FactorsView:
    """Return what the actor has beside the password."""
    user = await own_user(session, actor)
    row = await factor_repository.find_totp(session, user.id)
    in_use = row is not None and row.confirmed_at is not None
    passkeys = await passkey_repository.list_passkeys(session, user.id)
    return FactorsView(
        has_password=user.password_hash is not None,
        totp=in_use,
        totp_since=row.confirmed_at if row else None,
        passkeys=[PasskeyView.model_validate(one) for one in passkeys],
        recovery_left=await factor_repository.count_codes(session, user.id) if in_use or passkeys else 0,
        required=await is_asked(session, actor),
        proof_kinds=await proof_kinds(session, actor),
    )


async def is_asked(session: AsyncSession, actor: Actor) -> bool:
    """Tell whether the organization asks the actor's role for two factors."""
    organization = await repository.find_organization(session, actor.organization_id)
    return organization is not None and actor.role in organization.factor_roles


async def lacks_factor(session: AsyncSession, actor: Actor) -> bool:
    """Tell whether the actor may do nothing before a second factor is set up, in the session that is open.

    Whoever came through the organization's identity provider has been asked for as much there as it wants.
    """
    if not await is_asked(session, actor) or (await own_session(session, actor)).method == Way.SSO:
        return False
    return not await factor_repository.list_kinds(session, person_of(actor))


async def begin_totp(session: AsyncSession, actor: Actor) -> TotpOffer:
    """Return a new secret for the actor's app. Raises `ProofNeeded`, `FactorExists`."""
    await require_proof(session, actor)
    user = await own_user(session, actor)
    return await authenticator.offer(session, user.id, user.email)


async def confirm_totp(session: AsyncSession, actor: Actor, *, code: str) -> list[str]:
    """Put the new secret into use with its first code; returns recovery codes when the actor had none.

    Raises `ProofNeeded`, `WrongCode`, `TooManyRequests`.
    """
    await require_proof(session, actor)
    await count_guess_inside(actor.session_id)
    user_id = person_of(actor)
    had_any = bool(await factor_repository.list_kinds(session, user_id))
    if not await authenticator.confirm(session, user_id, code):
        raise WrongCode(field="code")
    await service.audit(session, actor, "factor.totp_add", "user", user_id)
    await after_adding(session, actor, had_any=had_any)
    if await factor_repository.count_codes(session, user_id):
        return []
    return await recovery.replace_codes(session, user_id)


async def after_adding(session: AsyncSession, actor: Actor, *, had_any: bool) -> None:
    """Do what follows a new factor: tell it, and with the first one end the sessions that never proved one."""
    user_id = person_of(actor)
    announce(session, FactorsChanged(organization_id=actor.organization_id, user_id=user_id))
    if not had_any:
        await own_sessions.end_all_but_this(session, actor)
        await factor_repository.forget_pending(session, user_id=user_id)


async def remove_totp(session: AsyncSession, actor: Actor) -> None:
    """Take the app away. Raises `ProofNeeded`, `NotFound`, or `FactorStays` for the last one while asked for."""
    await require_proof(session, actor)
    if not await factor_repository.remove_totp(session, person_of(actor)):
        raise NotFound(kind="totp")
    await service.audit(session, actor, "factor.totp_remove", "user", actor.user_id)
    await _after_removing(session, actor)


async def rename_passkey(session: AsyncSession, actor: Actor, *, passkey_id: UUID, name: str) -> None:
    """Give a passkey another name. Raises `NotFound`, `Invalid`."""
    wanted = clean_name(name)
    row = await passkey_repository.find_passkey(session, person_of(actor), passkey_id)
    if row is None:
        raise NotFound(kind="passkey")
    before, row.name = row.name, wanted
    await session.flush()
    await service.audit(
        session, actor, "factor.passkey_rename", "user", actor.user_id,
        before={"name": before}, after={"name": wanted},
    )  # fmt: skip


def clean_name(name: str) -> str:
    """Return a passkey's name in the form in which it is kept: one line of at most 60 characters."""
    return " ".join("".join(letter for letter in name if letter.isprintable()).split())[:60] or "Passkey"


async def remove_passkey(session: AsyncSession, actor: Actor, *, passkey_id: UUID) -> None:
    """Take a passkey away. Raises `ProofNeeded`, `NotFound`, or `FactorStays` for the last one while asked for."""
    await require_proof(session, actor)
    name = await passkey_repository.remove_passkey(session, person_of(actor), passkey_id)
    if name is None:
        raise NotFound(kind="passkey")
    await service.audit(session, actor, "factor.passkey_remove", "user", actor.user_id, before={"name": name})
    await _after_removing(session, actor)


async def _after_removing(session: AsyncSession, actor: Actor) -> None:
    user_id = person_of(actor)
    if not await factor_repository.list_kinds(session, user_id):
        if await is_asked(session, actor):
            raise FactorStays
        await factor_repository.replace_codes(session, user_id, [])
    announce(session, FactorsChanged(organization_id=actor.organization_id, user_id=user_id))


async def renew_recovery_codes(session: AsyncSession, actor: Actor) -> list[str]:
    """Replace the actor's recovery codes and return the new ones, for the only time.

    Raises `ProofNeeded`, `NoFactor`.
    """
    await require_proof(session, actor)
    user_id = person_of(actor)
    if not await factor_repository.list_kinds(session, user_id):
        raise NoFactor
    codes = await recovery.replace_codes(session, user_id)
    await service.audit(session, actor, "factor.codes_renew", "user", user_id)
    announce(session, FactorsChanged(organization_id=actor.organization_id, user_id=user_id))
    return codes
