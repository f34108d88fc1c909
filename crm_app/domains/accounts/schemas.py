"""What crosses from accounts into pages and the API."""

from datetime import UTC, datetime
from uuid import UUID

from pydantic import BaseModel, ConfigDict

from crm_app.core.life_cycle import standing_of
from crm_app.core.tenancy import NOWHERE, Actor


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
    state: str = "active"
    state_reason: str = ""
    state_since: datetime | None = None
    checklist_closed_at: datetime | None = None


PLATFORM_VIEW = OrganizationView(
    id=NOWHERE,
    name="Prumo",
    slug="",
    locale="pt-BR",
    time_zone="America/Sao_Paulo",
    currency="BRL",
    brand_hue=284,
    brand_chroma=1,
    is_demo=False,
    checklist_closed_at=datetime(2026, 1, 1, tzinfo=UTC),
)
"""What stands in the place of an organization for whoever runs the platform and belongs to none."""


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
    must_set_factor: bool = False
    """The organization asks this person for a second factor, and there is none: nothing else until there is."""
    runs_platform: bool = False
    """The person is an administrator of the platform, which gives them nothing in any organization."""
    visit_place: tuple[UUID, UUID] | None = None
    """The visit in which the session is said to be, as (organization, visit); `visits.recognise` follows it."""

    @property
    def nowhere(self) -> bool:
        """Whether the person belongs to no organization: they run the platform, and have only that before them."""
        return self.actor.organization_id == NOWHERE

    @property
    def at_rest(self) -> bool:
        """Whether the organization does no work: its people are told why, and may do nothing else."""
        return not standing_of(self.organization.state).works

    @property
    def own_actor(self) -> Actor:
        """Return the person behind the session as who they are, also during a visit."""
        return self.actor if self.actor.visit is None else self.actor.visit.visitor


class VisitView(View):
    """A visit that has begun, and until when it lasts at most."""

    id: UUID
    user_id: UUID | None
    until: datetime


class SupportView(View):
    """The platform's support is looking, as the organization's members are told."""

    id: UUID
    reason: str
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


class WaitingEntry(View):
    """A sign-in that waits for its second factor."""

    id: UUID
    user_id: UUID
    kinds: frozenset[str]


class OrganizationCreated(View):
    """A new organization and its owner."""

    id: UUID
    slug: str
    owner_id: UUID


class Device(View):
    """What a browser says it is. `kind` is `phone`, `computer` or `unknown`."""

    browser: str
    system: str
    model: str
    kind: str


class SessionView(View):
    """A signed-in browser, as its person sees it. `network` is a block of addresses (`189.40.x.x`)."""

    id: UUID
    device: Device
    network: str
    is_local: bool
    same_network: bool
    method: str
    created_at: datetime
    last_seen_at: datetime
    is_current: bool


class TotpOffer(View):
    """A new secret for an authenticator app; it counts once a first code has confirmed it."""

    secret: str
    uri: str
    qr: str


class PasskeyView(View):
    """A passkey, as its person sees it."""

    id: UUID
    name: str
    backed_up: bool
    created_at: datetime
    last_used_at: datetime | None


class FactorsView(View):
    """What a person has beside the password. `required` says that their organization asks for it."""

    has_password: bool
    totp: bool
    totp_since: datetime | None
    passkeys: list[PasskeyView]
    recovery_left: int
    required: bool
    proof_kinds: frozenset[str]
    """What a fresh proof can be given with: `totp`, `passkey`, `recovery`, or `password` without any of these."""
