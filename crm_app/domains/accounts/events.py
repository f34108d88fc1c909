"""What has happened to people and their sessions."""

from dataclasses import dataclass
from typing import ClassVar
from uuid import UUID

from crm_app.core.events import Fact


@dataclass(frozen=True, slots=True, kw_only=True)
class SessionRevoked(Fact):
    """Sessions of a user are over: this one, or all of them when `session_id` is None."""

    name: ClassVar[str] = "session.revoked"
    user_id: UUID
    session_id: UUID | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class MemberAdded(Fact):
    """A person has joined the organization."""

    name: ClassVar[str] = "member.added"
    user_id: UUID


@dataclass(frozen=True, slots=True, kw_only=True)
class EmailVerified(Fact):
    """A person has shown that their address is their own."""

    name: ClassVar[str] = "member.verified"
    user_id: UUID


@dataclass(frozen=True, slots=True, kw_only=True)
class PreferencesChanged(Fact):
    """A person has chosen another language or theme."""

    name: ClassVar[str] = "member.preferences"
    user_id: UUID


@dataclass(frozen=True, slots=True, kw_only=True)
class SessionMoved(Fact):
    """A session that acted for this organization acts for another one of the same person now."""

    name: ClassVar[str] = "session.moved"
    user_id: UUID
    session_id: UUID


@dataclass(frozen=True, slots=True, kw_only=True)
class SupportChanged(Fact):
    """The platform's support has come to look, or has left."""

    name: ClassVar[str] = "support.changed"


@dataclass(frozen=True, slots=True, kw_only=True)
class MemberChanged(Fact):
    """Somebody's place is another: active or not, removed, back again."""

    name: ClassVar[str] = "member.changed"
    user_id: UUID


@dataclass(frozen=True, slots=True, kw_only=True)
class MemberRoleChanged(Fact):
    """Somebody may do other things than before; what they have open begins anew."""

    name: ClassVar[str] = "member.role"
    user_id: UUID


@dataclass(frozen=True, slots=True, kw_only=True)
class OwnershipOffered(Fact):
    """Somebody is asked to become an owner, or is asked no more."""

    name: ClassVar[str] = "ownership.offer"
    user_id: UUID
    waiting: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class FactorsChanged(Fact):
    """A person has added or removed a second factor."""

    name: ClassVar[str] = "member.factors"
    user_id: UUID


@dataclass(frozen=True, slots=True, kw_only=True)
class FactorPolicyChanged(Fact):
    """The organization asks other roles than before for two factors."""

    name: ClassVar[str] = "organization.factors"


@dataclass(frozen=True, slots=True, kw_only=True)
class OrganizationStateChanged(Fact):
    """The organization stands elsewhere in its life (`core.life_cycle`); what is open learns of it at once."""

    name: ClassVar[str] = "organization.state"
    before: str
    after: str


@dataclass(frozen=True, slots=True, kw_only=True)
class InvitationChanged(Fact):
    """An invitation was sent, sent again, taken back or accepted."""

    name: ClassVar[str] = "invitation.changed"
    invitation_id: UUID
