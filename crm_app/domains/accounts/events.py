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
class PreferencesChanged(Fact):
    """A person has chosen another language or theme."""

    name: ClassVar[str] = "member.preferences"
    user_id: UUID
