"""What the members' screen, the page of an invited person and the API see of invitations."""

from datetime import datetime
from typing import Literal
from uuid import UUID

from crm_app.domains.accounts.schemas import View


class InvitationView(View):
    """An invitation that waits. Its links are never shown again: see `make_link`."""

    id: UUID
    email: str
    role: str
    role_name: str | None = None
    invited_by: UUID
    inviter_name: str
    sent_at: datetime
    expires_at: datetime


class InvitationOutcome(View):
    """What became of one address. `email` is as it was written when it is no address.

    `waiting` means that an invitation for it was there already and was sent again. `mailed` is false where this
    installation sends no mail: then a link can be copied.
    """

    email: str
    outcome: Literal["invited", "waiting", "member", "bad"]
    invitation_id: UUID | None = None
    mailed: bool = False


class InvitationOffer(View):
    """What the holder of a link is told: who invites, where to, and whether there is an account already."""

    organization_name: str
    inviter_name: str
    email: str
    role: str
    has_account: bool


class InvitationLink(View):
    """A link that accepts an invitation. It is seen only once."""

    url: str
    expires_at: datetime
