"""What crosses from single sign-on into pages and the API."""

from enum import StrEnum
from urllib.parse import urlsplit
from uuid import UUID

from pydantic import BaseModel, ConfigDict, Field, SecretStr, field_validator

from crm_app.domains.accounts.models import Role
from crm_app.domains.sso.oidc import is_safe

GOOGLE_ISSUER = "https://accounts.google.com"


class Preset(StrEnum):
    """Providers whose address is known, and any other."""

    GOOGLE = "google"
    OTHER = "other"


class ProviderSettings(BaseModel):
    """What an owner decides. An empty `client_secret` keeps the one that is there."""

    model_config = ConfigDict(str_strip_whitespace=True, use_enum_values=True)

    preset: Preset = Preset.OTHER
    issuer: str = Field(default="", max_length=300)
    client_id: str = Field(min_length=1, max_length=300)
    client_secret: SecretStr = SecretStr("")
    domains: tuple[str, ...] = Field(min_length=1, max_length=50)
    joins: bool = False
    joins_as: Role = Role.SALES
    only: bool = False
    is_active: bool = True

    @field_validator("issuer")
    @classmethod
    def _address(cls, value: str) -> str:
        parts = urlsplit(value)
        plain = not (parts.query or parts.fragment or parts.username or parts.password)
        if value and not (is_safe(value) and parts.hostname and plain):
            raise ValueError("must look like https://login.example.com")
        return value

    @field_validator("domains")
    @classmethod
    def _names(cls, value: tuple[str, ...]) -> tuple[str, ...]:
        names = tuple(dict.fromkeys(_domain(one) for one in value if one.strip()))
        if not names:
            raise ValueError("must name a domain, like example.com")
        return names

    @field_validator("joins_as")
    @classmethod
    def _no_owner(cls, value: str) -> str:
        if value == Role.OWNER:
            raise ValueError("nobody becomes an owner by signing in")
        return value


def _domain(text: str) -> str:
    name = text.strip().lstrip("@").rstrip(".").lower()
    try:
        name = name.encode("idna").decode()
    except UnicodeError as error:
        raise ValueError("must be a domain, like example.com") from error
    if "." not in name or any(mark in name for mark in " /:@"):
        raise ValueError("must be a domain, like example.com")
    return name


class ProviderView(BaseModel):
    """An organization's identity provider, without its secret."""

    model_config = ConfigDict(from_attributes=True, frozen=True)

    preset: Preset
    issuer: str
    client_id: str
    domains: tuple[str, ...]
    joins: bool
    joins_as: str
    only: bool
    is_active: bool


class Begun(BaseModel):
    """A sign-in that has begun: where the browser goes, and what it must keep to itself meanwhile."""

    model_config = ConfigDict(frozen=True)

    address: str
    verifier: str
    organization_id: UUID
