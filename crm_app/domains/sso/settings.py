"""Use cases of an owner: which identity provider the organization uses, and whether there is another way in."""

from typing import Any

from sqlalchemy.ext.asyncio import AsyncSession

from crm_app.core.clock import utc_now
from crm_app.core.crypto import Sealed, get_sealer
from crm_app.core.database import unit_of_work
from crm_app.core.errors import Invalid, NotFound
from crm_app.core.tenancy import Actor
from crm_app.domains.accounts import service as accounts
from crm_app.domains.accounts.entry import sso_only
from crm_app.domains.accounts.models import Role
from crm_app.domains.sso import oidc, repository
from crm_app.domains.sso.errors import OwnersChoose
from crm_app.domains.sso.models import IdentityProvider
from crm_app.domains.sso.schemas import GOOGLE_ISSUER, Preset, ProviderSettings, ProviderView

PERMISSION = "sso.manage"


async def read_provider(session: AsyncSession, actor: Actor) -> ProviderView | None:
    """Return the organization's identity provider, None when there is none. Permission `sso.manage`."""
    actor.require(PERMISSION)
    row = await repository.find_provider(session, actor.organization_id)
    return None if row is None else await _view(session, actor, row)


async def save_provider(actor: Actor, *, settings: ProviderSettings) -> ProviderView:
    """Set up or change the identity provider, after asking it whether it is one.

    With `only`, sessions of members who came in another way end at once; owners keep theirs, so that nobody is
    locked out by a provider that fails. Opens a transaction of its own, none while the provider is asked. Raises
    `Forbidden`, `OwnersChoose`, `Invalid`, `ProviderAway`.
    """
    _require_owner(actor)
    issuer = GOOGLE_ISSUER if settings.preset == Preset.GOOGLE else settings.issuer
    if not issuer:
        raise Invalid(field="issuer")
    await oidc.discover(issuer)
    async with unit_of_work(actor) as session:
        row, before = await _row(session, actor)
        _apply(row, settings, issuer)
        await session.flush()
        await sso_only.require_sso(session, actor, only=settings.only and settings.is_active)
        after = _facts(row) | {"only": settings.only}
        await accounts.audit(
            session, actor, "sso.configure", "identity_provider", row.id, before=before, after=after
        )
        return await _view(session, actor, row)


def _require_owner(actor: Actor) -> None:
    """An administrator who chose the provider could come in as the owner, and make themselves one."""
    actor.require(PERMISSION)
    if actor.role != Role.OWNER:
        raise OwnersChoose


async def _row(session: AsyncSession, actor: Actor) -> tuple[IdentityProvider, dict[str, Any] | None]:
    """Return the organization's row, or a new one, and what it said before."""
    row = await repository.find_provider(session, actor.organization_id)
    if row is not None:
        return row, _facts(row)
    row = IdentityProvider(
        organization_id=actor.organization_id, preset="", issuer="", client_id="", key_id="", client_secret=b""
    )
    session.add(row)
    return row, None


def _apply(row: IdentityProvider, settings: ProviderSettings, issuer: str) -> None:
    row.preset, row.issuer, row.client_id = str(settings.preset), issuer, settings.client_id
    row.domains, row.joins, row.joins_as = list(settings.domains), settings.joins, str(settings.joins_as)
    row.is_active, row.updated_at = settings.is_active, utc_now()
    secret = settings.client_secret.get_secret_value()
    if secret:
        sealed = get_sealer().seal(secret.encode(), context=_context(row))
        row.key_id, row.client_secret = sealed.key_id, sealed.data
    elif not row.client_secret:
        raise Invalid(field="client_secret")


async def remove_provider(session: AsyncSession, actor: Actor) -> None:
    """Go back to the other ways in. Raises `Forbidden`, `OwnersChoose`, `NotFound`."""
    _require_owner(actor)
    row = await repository.find_provider(session, actor.organization_id)
    if row is None:
        raise NotFound(kind="identity_provider")
    await sso_only.require_sso(session, actor, only=False)
    await session.delete(row)
    await session.flush()
    await accounts.audit(session, actor, "sso.remove", "identity_provider", row.id, before=_facts(row))


def open_secret(row: IdentityProvider) -> str:
    """Return the provider's client secret in the clear. Raises `SealBroken` when the key is gone."""
    return get_sealer().open(Sealed(row.key_id, row.client_secret), context=_context(row)).decode()


def _context(row: IdentityProvider) -> str:
    return f"identity-provider:{row.organization_id}"


def _facts(row: IdentityProvider) -> dict[str, Any]:
    return {
        "issuer": row.issuer,
        "client_id": row.client_id,
        "domains": list(row.domains),
        "joins": row.joins,
        "joins_as": row.joins_as,
        "is_active": row.is_active,
    }


async def _view(session: AsyncSession, actor: Actor, row: IdentityProvider) -> ProviderView:
    only = await sso_only.requires_sso(session, actor.organization_id)
    return ProviderView(
        preset=Preset(row.preset),
        issuer=row.issuer,
        client_id=row.client_id,
        domains=tuple(row.domains),
        joins=row.joins,
        joins_as=row.joins_as,
        only=only,
        is_active=row.is_active,
    )
