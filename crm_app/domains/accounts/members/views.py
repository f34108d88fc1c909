"""What the members' screen and the API see of people, hand-overs, offers and organizations."""

from datetime import datetime
from uuid import UUID

from crm_app.domains.accounts.schemas import View


class PersonView(View):
    """Somebody with a place in the organization, as those who manage members see them.

    `role` is a built-in role; with `role_id` it is what the organization's own role `role_name` is based on.
    """

    user_id: UUID
    name: str
    email: str
    role: str
    role_id: UUID | None = None
    role_name: str | None = None
    is_active: bool
    joined_at: datetime
    last_seen_at: datetime | None = None


class HoldingsView(View):
    """How much of each kind somebody owns: `{"deals": 12, "conversations": 4}`."""

    user_id: UUID
    counts: dict[str, int]


class HandOverView(View):
    """What has changed hands in one step. `receiver_id` is None when it belongs to nobody now."""

    id: UUID
    giver_id: UUID
    receiver_id: UUID | None
    removed: bool
    counts: dict[str, int]


class OfferView(View):
    """An offer of ownership that waits for its answer. With `step_down`, the giver becomes an administrator."""

    id: UUID
    giver_id: UUID
    giver_name: str
    receiver_id: UUID
    receiver_name: str
    step_down: bool
    expires_at: datetime


class OrganizationChoice(View):
    """An organization for which a person may act."""

    id: UUID
    name: str
    role: str
    brand_hue: float
    brand_chroma: float
    is_current: bool
