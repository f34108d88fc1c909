"""What a WAHA channel needs to know."""

from urllib.parse import urlsplit

from pydantic import BaseModel, ConfigDict, Field, SecretStr, field_validator


class WahaConfig(BaseModel):
    """Address and key of the WAHA server, and the name of the session that holds the number."""

    model_config = ConfigDict(frozen=True, extra="forbid", str_strip_whitespace=True)

    base_url: str = Field(max_length=300)
    api_key: SecretStr = SecretStr("")
    session: str = Field(default="default", pattern=r"^[A-Za-z0-9_.-]{1,64}$")

    @field_validator("base_url")
    @classmethod
    def _server_address(cls, value: str) -> str:
        parts = urlsplit(value)
        if parts.scheme not in {"http", "https"} or not parts.hostname or parts.query or parts.fragment:
            raise ValueError("the address must look like https://waha.example.com")
        if parts.username or parts.password:
            raise ValueError("the address must not hold a password")
        return value.rstrip("/")
