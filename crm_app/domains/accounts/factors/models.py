"""How a person proves who they are beyond the password, and the short-lived rows of a sign-in under way.

None of these is a tenant table: they belong to a person, who may be a member of several organizations. Those
that hold a factor are walled all the same: a policy shows them in transactions of their own person only
(`app.user_id`).
"""

from datetime import datetime
from uuid import UUID

from sqlalchemy import BigInteger, ForeignKeyConstraint, Index
from sqlalchemy.dialects.postgresql import JSONB
from sqlmodel import Field, SQLModel

from crm_app.core.ids import new_id
from crm_app.core.repository import timestamp


def _of_a_person() -> ForeignKeyConstraint:
    return ForeignKeyConstraint(["user_id"], ["app_user.id"], ondelete="CASCADE")


class PendingEntry(SQLModel, table=True):
    """A sign-in that waits for its second factor. Only the SHA-256 of its token is kept."""

    __tablename__ = "pending_entry"
    __table_args__ = (_of_a_person(), Index("ix_pending_entry_expiry", "expires_at"))

    id: UUID = Field(default_factory=new_id, primary_key=True)
    token_hash: bytes = Field(unique=True)
    user_id: UUID
    wanted_organization: UUID | None = None
    method: str = Field(max_length=20)
    ip: str = Field(default="", max_length=64)
    user_agent: str = Field(default="", max_length=300)
    attempts: int = Field(default=0)
    created_at: datetime = timestamp()
    expires_at: datetime = timestamp()


class TotpFactor(SQLModel, table=True):
    """A shared secret of an authenticator app, sealed; valid once confirmed with a first code."""

    __tablename__ = "totp_factor"
    __table_args__ = (_of_a_person(),)

    user_id: UUID = Field(primary_key=True)
    key_id: str = Field(max_length=20)
    secret: bytes
    confirmed_at: datetime | None = timestamp(nullable=True)
    last_step: int = Field(default=0, sa_type=BigInteger)
    """The time step of the last accepted code: that one and those before it are never accepted again."""
    created_at: datetime = timestamp()


class RecoveryCode(SQLModel, table=True):
    """A code to get in without the device. Only its SHA-256 is kept: 80 random bits need no slow hash."""

    __tablename__ = "recovery_code"
    __table_args__ = (_of_a_person(), Index("uq_recovery_code", "user_id", "code_hash", unique=True))

    id: UUID = Field(default_factory=new_id, primary_key=True)
    user_id: UUID
    code_hash: bytes
    used_at: datetime | None = timestamp(nullable=True)
    created_at: datetime = timestamp()


class Passkey(SQLModel, table=True):
    """A WebAuthn credential: the public half of a key pair whose other half never leaves its device."""

    __tablename__ = "passkey"
    __table_args__ = (_of_a_person(), Index("ix_passkey_user", "user_id"))

    id: UUID = Field(default_factory=new_id, primary_key=True)
    user_id: UUID
    credential_id: bytes = Field(unique=True)
    public_key: bytes
    sign_count: int = Field(default=0, sa_type=BigInteger)
    transports: list[str] = Field(default_factory=list, sa_type=JSONB)
    backup_eligible: bool = Field(default=False)
    backed_up: bool = Field(default=False)
    name: str = Field(max_length=60)
    created_at: datetime = timestamp()
    last_used_at: datetime | None = timestamp(nullable=True)


class PasskeyChallenge(SQLModel, table=True):
    """What an authenticator has to sign: once, soon, for one purpose. `bound_to` names the session or the pending
    entry that asked; nobody is known yet when a passkey opens the door alone."""

    __tablename__ = "passkey_challenge"
    __table_args__ = (_of_a_person(), Index("ix_passkey_challenge_expiry", "expires_at"))

    challenge: bytes = Field(primary_key=True)
    purpose: str = Field(max_length=20)
    user_id: UUID | None = None
    bound_to: UUID | None = None
    created_at: datetime = timestamp()
    expires_at: datetime = timestamp()
