"""What crosses from accounts into pages and the API."""

from datetime import datetime
from uuid import UUID

from pydantic import BaseModel, ConfigDict

from crm_app.core.tenancy import Actor


class View(BaseModel):
    """Read-only data made from a table row."""

    model_config = ConfigDict(from_attributes=True, frozen=True)


class UserView(View):
    """A person, as that person sees it."""

    id: UUID
    name: str
    email: str
    locale: str
    theme: str


class OrganizationView(View):
    """A tenant, as its members see it."""

    id: UUID
    name: str
    slug: str
    locale: str
    time_zone: str
    currency: str
    brand_hue: float
    brand_chroma: float
    is_demo: bool


class MemberView(View):
    """A person in the organization, as colleagues see it."""

    user_id: UUID
    name: str
    email: str
    role: str
    is_active: bool


class SignedIn(View):
    """A valid session: who acts, and what the shell shows about it."""

    model_config = ConfigDict(from_attributes=True, frozen=True, arbitrary_types_allowed=True)

    actor: Actor
    user: UserView
    organization: OrganizationView
    expires_at: datetime


class NewSession(View):
    """A session that has just begun. `token` is shown once and goes into the cookie."""

    token: str
    expires_at: datetime
    user_id: UUID
    organization_id: UUID


class FactorNeeded(View):
    """The first factor was right, a second one is needed. `token` says which sign-in it belongs to: it is shown
    once, goes into a cookie, and opens nothing by itself. `kinds` are `totp`, `passkey` and `recovery`."""

    token: str
    expires_at: datetime
    kinds: frozenset[str]


class OrganizationCreated(View):
    """A new organization and its owner."""

    id: UUID
    slug: str
    owner_id: UUID
