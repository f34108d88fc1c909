"""Settings of one process: the only reader of environment variables in the project."""

import os
import re
import secrets
from email.utils import parseaddr
from functools import cached_property
from pathlib import Path
from typing import Annotated, Any, Literal, Self
from urllib.parse import urlsplit

from pydantic import AliasChoices, Field, SecretStr, field_validator, model_validator
from pydantic_settings import BaseSettings, NoDecode, SettingsConfigDict

Role = Literal["web", "worker", "scheduler"]
ALL_ROLES: tuple[Role, ...] = ("web", "worker", "scheduler")
KEY_FILE = "secret_key"
LOOPBACK = frozenset({"localhost", "127.0.0.1", "::1"})
_ADDRESS = re.compile(r"[^@\s]+@[^@\s]+")


class Settings(BaseSettings):
    """Everything that an operator can set. Each field names its environment variable.

    Addresses of databases are in libpq form (`postgresql://user:password@host/name`). Sizes are in bytes,
    times in seconds. An empty variable counts as not set.
    """

    model_config = SettingsConfigDict(
        env_prefix="PRUMO_",
        env_file=".env",
        env_ignore_empty=True,
        extra="ignore",
        frozen=True,
        populate_by_name=True,
        hide_input_in_errors=True,  # addresses hold passwords
    )

    # where it answers
    host: str = "127.0.0.1"
    port: int = Field(3000, ge=1, le=65535, validation_alias=AliasChoices("PORT", "PRUMO_PORT"))
    public_url: str = ""
    """Address that people type (`PRUMO_PUBLIC_URL`); `http://localhost:PORT` when not set."""
    extra_origins: Annotated[tuple[str, ...], NoDecode] = ()
    """Further origins that may open the websocket (`PRUMO_EXTRA_ORIGINS`, comma separated)."""
    trusted_proxies: str = "127.0.0.1"
    """Addresses whose `X-Forwarded-For` is believed (`PRUMO_TRUSTED_PROXIES`, comma separated)."""
    web_workers: int = Field(1, ge=1, le=64)
    """Web processes on the one port (`PRUMO_WEB_WORKERS`); more than one needs Redis."""

    api_rate: str = "6000/minute"
    """Calls of one session to the API (`PRUMO_API_RATE`, say `600/minute`); more are answered with 429.

    A hundred a second are more than a person's scripts need, and few enough that a small server serves others."""

    event_rate: str = "3000/minute"
    """Events of one session over its websockets (`PRUMO_EVENT_RATE`), or of one address that is not signed in.

    Fifty a second are far more than hands do in all of a person's tabs."""

    undo_send_seconds: int = Field(5, ge=0, le=30)
    """How long a message from the composer waits so that it can be taken back (`PRUMO_UNDO_SEND_SECONDS`)."""

    # what it stands on
    data_dir: Path = Path(".data")
    database_url: str | None = Field(None, validation_alias=AliasChoices("DATABASE_URL", "PRUMO_DATABASE_URL"))
    """The owner of the tables, used to migrate; the embedded PostgreSQL is started when not set."""
    database_app_url: str | None = Field(
        None, validation_alias=AliasChoices("DATABASE_APP_URL", "PRUMO_DATABASE_APP_URL")
    )
    """The role that serves requests: owns nothing, cannot bypass row-level security."""
    database_pool_size: int = Field(10, ge=1, le=500)
    redis_url: str | None = Field(None, validation_alias=AliasChoices("REDIS_URL", "PRUMO_REDIS_URL"))
    storage_url: str = ""
    """`file:///folder` or `s3://bucket/prefix` (`PRUMO_STORAGE_URL`); in the data folder when not set."""

    private_hosts: Annotated[tuple[str, ...], NoDecode] = ()
    """Private destinations that channels may call, say a WAHA server on this machine (`PRUMO_PRIVATE_HOSTS`,
    comma separated: `127.0.0.1:3001`, `10.0.5.0/24`, `waha.internal:3000`)."""

    # letters
    smtp_url: SecretStr | None = None
    """Mail server (`PRUMO_SMTP_URL`): `smtp://user:password@host:587` (STARTTLS), `smtps://user:password@host:465`
    (TLS from the start), `smtp://host:25?tls=none` (in the clear, without a password)."""
    mail_from: str = ""
    """Sender of every letter (`PRUMO_MAIL_FROM`): `Prumo <crm@example.com>`."""
    signup: Literal["open", "closed"] | None = None
    """Whether strangers may create organizations (`PRUMO_SIGNUP`); when not set: only in the demo."""

    # whom it belongs to
    support_email: str = ""
    """Where owners of a suspended organization write to (`PRUMO_SUPPORT_EMAIL`); nothing is named when not set."""

    # what it keeps secret
    secret_key_value: SecretStr | None = Field(None, validation_alias="PRUMO_SECRET_KEY")
    old_secret_keys: Annotated[tuple[SecretStr, ...], NoDecode] = ()
    """Keys that may still open what they sealed (`PRUMO_OLD_SECRET_KEYS`, comma separated), newest first."""

    # what it does
    demo: bool = True
    """Fill an empty database with the demo organization on the first start (`PRUMO_DEMO=0` for none)."""
    roles: Annotated[tuple[Role, ...], NoDecode] = ALL_ROLES
    """What this process does (`PRUMO_ROLES`, comma separated: web, worker, scheduler)."""
    worker_concurrency: int = Field(10, ge=1, le=200)
    environment: Literal["development", "production", "test"] = "production"

    # what it tells
    log_format: Literal["auto", "console", "json"] = "auto"
    log_level: Literal["debug", "info", "warning", "error"] = "info"
    sentry_dsn: SecretStr | None = Field(None, validation_alias=AliasChoices("SENTRY_DSN", "PRUMO_SENTRY_DSN"))
    metrics_dir: Path | None = Field(None, validation_alias="PROMETHEUS_MULTIPROC_DIR")
    """Where several web processes add up their numbers; `prumo serve` sets it by itself."""
    metrics_token: SecretStr | None = None
    """When set, `/metrics` answers only to `Authorization: Bearer <token>` (`PRUMO_METRICS_TOKEN`)."""

    @field_validator("extra_origins", "private_hosts", "roles", "old_secret_keys", mode="before")
    @classmethod
    def _split_commas(cls, value: Any) -> Any:
        if isinstance(value, str):
            return tuple(part.strip() for part in value.split(",") if part.strip())
        return value

    @field_validator("data_dir")
    @classmethod
    def _absolute(cls, value: Path) -> Path:
        return value.expanduser().absolute()

    @field_validator("public_url")
    @classmethod
    def _origin_only(cls, value: str) -> str:
        if not value:
            return value
        parts = urlsplit(value)
        if parts.scheme not in {"http", "https"} or not parts.netloc or parts.path.strip("/"):
            raise ValueError("PRUMO_PUBLIC_URL must look like https://crm.example.com, without a path")
        return f"{parts.scheme}://{parts.netloc}"

    @field_validator("database_url", "database_app_url")
    @classmethod
    def _libpq_form(cls, value: str | None) -> str | None:
        if value is None:
            return None
        scheme, separator, rest = value.partition("://")
        if not separator or scheme.split("+")[0] not in {"postgresql", "postgres"}:
            raise ValueError("the address of the database must start with postgresql://")
        return f"postgresql://{rest}"

    @model_validator(mode="after")
    def _workers_need_redis(self) -> Self:
        if self.web_workers > 1 and not self.redis_url:
            raise ValueError("PRUMO_WEB_WORKERS above 1 needs REDIS_URL: sessions are shared there")
        return self

    @field_validator("smtp_url")
    @classmethod
    def _smtp_form(cls, value: SecretStr | None) -> SecretStr | None:
        if value is not None:
            _check_smtp_url(value.get_secret_value())
        return value

    @model_validator(mode="after")
    def _mail_needs_a_sender(self) -> Self:
        if self.smtp_url is not None and not _ADDRESS.fullmatch(parseaddr(self.mail_from)[1]):
            raise ValueError("PRUMO_SMTP_URL needs PRUMO_MAIL_FROM, say Prumo <crm@example.com>")
        return self

    @property
    def signup_open(self) -> bool:
        """Whether a stranger may create an organization."""
        return self.demo if self.signup is None else self.signup == "open"

    @property
    def shows_outbox(self) -> bool:
        """Whether letters are shown on a public screen instead of being sent: they open accounts, so this is
        only for a demo that nobody but this machine can reach."""
        local = urlsplit(self.address).hostname in LOOPBACK and self.host in LOOPBACK
        return self.demo and self.smtp_url is None and local and not self.extra_origins

    @property
    def address(self) -> str:
        """The address that people type, without a slash at the end."""
        return self.public_url or f"http://localhost:{self.port}"

    @property
    def secure_cookies(self) -> bool:
        """Whether people reach us over HTTPS, so that cookies may be marked `Secure`."""
        return self.address.startswith("https://")

    @property
    def allowed_origins(self) -> tuple[str, ...]:
        """Origins that may open the websocket: the public address, and this machine when that is local."""
        local = urlsplit(self.address).hostname in {"localhost", "127.0.0.1"}
        own = (f"http://localhost:{self.port}", f"http://127.0.0.1:{self.port}") if local else ()
        return tuple(dict.fromkeys((self.address, *own, *self.extra_origins)))

    @property
    def media_url(self) -> str:
        """Where attachments are kept, as a storage address."""
        return self.storage_url or (self.data_dir / "media").as_uri()

    @cached_property
    def secret_key(self) -> SecretStr:
        """The key of seals and signatures: `PRUMO_SECRET_KEY`, or one made once and kept in the data."""
        return self.secret_key_value or SecretStr(_kept_secret(self.data_dir / KEY_FILE))


def _check_smtp_url(url: str) -> None:
    """Raise `ValueError`, without the password in it, for an address of a mail server that cannot be meant."""
    parts = urlsplit(url)
    if parts.scheme not in {"smtp", "smtps"} or not parts.hostname or parts.path.strip("/"):
        raise ValueError("PRUMO_SMTP_URL must look like smtp://user:password@mail.example.com:587")
    if parts.query not in {"", "tls=none"} or (parts.query and parts.scheme == "smtps"):
        raise ValueError("PRUMO_SMTP_URL knows one option, and only for smtp://: ?tls=none")
    if parts.query and parts.password and parts.hostname not in LOOPBACK:
        raise ValueError("PRUMO_SMTP_URL would send the password in the clear: leave out ?tls=none")


def private_folder(path: Path) -> Path:
    """Make `path` (and its parents) and return it; only its owner may look inside a folder made here."""
    path.mkdir(mode=0o700, parents=True, exist_ok=True)
    return path


def data_folder(path: Path) -> Path:
    """Make the data folder: others may pass through it (the database's own user must) but not list it."""
    path.mkdir(mode=0o711, parents=True, exist_ok=True)
    return path


def _kept_secret(path: Path) -> str:
    """Return the secret in `path`; the first caller makes it, also when several processes race."""
    data_folder(path.parent)
    draft = path.with_name(f"{path.name}.{os.getpid()}.{secrets.token_hex(4)}")
    descriptor = os.open(draft, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    with os.fdopen(descriptor, "w") as file:
        file.write(secrets.token_urlsafe(48))
    try:
        os.link(draft, path)
    except FileExistsError:
        pass
    finally:
        draft.unlink()
    return path.read_text().strip()


_current: Settings | None = None


def get_settings() -> Settings:
    """Return the settings of this process, read from the environment once."""
    global _current
    if _current is None:
        _current = Settings()
    return _current


def use_settings(**changes: Any) -> Settings:
    """Replace settings by field name for this process (say the embedded database's address)."""
    global _current
    current = get_settings().model_dump(exclude={"secret_key"})
    _current = Settings(**(current | changes))
    return _current


def forget_settings() -> None:
    """Read the environment again at the next `get_settings()`."""
    global _current
    _current = None


def child_environment(**changes: str) -> dict[str, str]:
    """The environment for a program that we start: our own, plus `changes`."""
    return {**os.environ, **changes}


def set_environment(values: dict[str, str]) -> None:
    """Set environment variables that a library of this process reads."""
    os.environ.update(values)
