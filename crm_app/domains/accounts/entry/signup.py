"""A stranger becomes the owner of a new organization.

The address comes first: nothing is stored before its owner has opened the link, so that nobody prepares an account
for somebody else and knows its password, and nobody is told whether an account exists.
"""

from typing import Annotated, Literal
from zoneinfo import available_timezones

from pydantic import AfterValidator, BaseModel, ConfigDict, Field
from sqlalchemy.exc import IntegrityError
from sqlalchemy.ext.asyncio import AsyncSession

from crm_app.config import get_settings
from crm_app.core.clock import utc_now
from crm_app.core.database import set_scope, set_tenant
from crm_app.core.life_cycle import State
from crm_app.core.tenancy import Actor
from crm_app.core.text import LINE
from crm_app.domains.accounts import repository, rules, service
from crm_app.domains.accounts.entry import passwords
from crm_app.domains.accounts.entry.entering import Way, enter
from crm_app.domains.accounts.entry.strength import require_strong
from crm_app.domains.accounts.entry.tokens import redeem_token, revoke_tokens
from crm_app.domains.accounts.errors import EmailTaken, NoOrganization, SignupClosed, SlugTaken
from crm_app.domains.accounts.models import Membership, Organization, Role, User
from crm_app.domains.accounts.schemas import FactorNeeded, NewSession, OrganizationCreated
from crm_app.domains.plans import entitled

CURRENCIES = ("BRL", "USD", "EUR", "GBP", "ARS", "BOB", "COP", "MXN", "PEN", "UYU")
"""Those with hundredths: amounts are kept in cents."""


def _known_zone(name: str) -> str:
    if name not in available_timezones():
        raise ValueError("no such time zone")
    return name


Name = Annotated[str, Field(min_length=1, max_length=120), LINE]


class SignupForm(BaseModel):
    """What somebody tells about themselves and their organization, once the address is confirmed."""

    model_config = ConfigDict(extra="forbid")

    token: Annotated[str, Field(max_length=200)]
    name: Name
    password: Annotated[str, Field(max_length=2000)]
    organization: Name
    slug: Annotated[str, Field(max_length=200)]
    time_zone: Annotated[str, Field(max_length=60), AfterValidator(_known_zone)] = "America/Sao_Paulo"
    currency: Literal["BRL", "USD", "EUR", "GBP", "ARS", "BOB", "COP", "MXN", "PEN", "UYU"] = "BRL"
    language: Literal["pt-BR", "en"] = "pt-BR"


async def suggest_slug(session: AsyncSession, *, name: str) -> str:
    """Return a free short name for an organization of this name. Runs without a tenant."""
    wanted = rules.slugify(name)
    if len(wanted) < rules.SHORTEST_SLUG or wanted in rules.RESERVED_SLUGS:
        wanted = f"{wanted}-crm"[: rules.LONGEST_SLUG]
    return await repository.free_slug(session, wanted)


async def found_organization(session: AsyncSession, form: SignupForm) -> OrganizationCreated:
    """Create the organization and its owner, whose address the link has confirmed; leaves the new tenant set.

    Raises `SignupClosed`, `BadToken`, `EmailTaken`, `WeakPassword`, `BadSlug` or `SlugTaken`; the link goes on
    working then.
    """
    if not get_settings().signup_open:
        raise SignupClosed
    email = (await redeem_token(session, "signup", form.token)).subject
    slug = rules.check_slug(form.slug)
    await require_strong(form.password, (form.name, email, form.organization))
    if await repository.find_user_by_email(session, email):
        raise EmailTaken(email=email)
    await revoke_tokens(session, "signup", email)
    await set_scope(session, "directory", "on")
    if await repository.free_slug(session, slug) != slug:
        raise SlugTaken(field="slug")
    return await _create(session, form, email, slug)


async def _create(session: AsyncSession, form: SignupForm, email: str, slug: str) -> OrganizationCreated:
    organization = Organization(
        name=form.organization,
        slug=slug,
        locale=form.language,
        time_zone=form.time_zone,
        currency=form.currency,
        state=State.ONBOARDING,
    )
    user = User(
        email=email,
        name=form.name,
        locale=form.language,
        password_hash=await passwords.hash_password(form.password),
        email_verified_at=utc_now(),
    )
    session.add(user)
    await set_tenant(session, organization.id)
    session.add(organization)
    try:
        await session.flush()
    except IntegrityError as taken:
        # Somebody else was faster in this very moment: with the address, or with the short name.
        raise (EmailTaken(email=email) if "app_user" in str(taken.orig) else SlugTaken(field="slug")) from taken
    session.add(Membership(organization_id=organization.id, user_id=user.id, role=Role.OWNER))
    await session.flush()
    await entitled.begin(session)
    actor = Actor(organization.id, user.id, Role.OWNER, frozenset())
    after = {"name": organization.name, "slug": slug}
    await service.audit(session, actor, "organization.create", "organization", organization.id, after=after)
    return OrganizationCreated(id=organization.id, slug=slug, owner_id=user.id)


async def enter_founded(
    session: AsyncSession, created: OrganizationCreated, *, ip: str, user_agent: str
) -> NewSession | FactorNeeded:
    """Let the owner of a new organization in; takes the tenant back from the transaction first."""
    await set_tenant(session, None)
    user = await repository.find_user(session, created.owner_id)
    if user is None:
        raise NoOrganization
    return await enter(session, user, method=Way.LINK, ip=ip, user_agent=user_agent, organization_id=created.id)
