"""What a command stands on: settings, logs, and a database that answers."""

from collections.abc import Iterator
from contextlib import contextmanager
from urllib.parse import urlsplit

import psycopg

from crm_app.config import Settings, get_settings, use_settings
from crm_app.core.logging import configure_logging
from crm_app.core.operator_errors import OperatorError
from crm_app.core.postgres import start_embedded

OLDEST_POSTGRES = 16
_CONNECT_SECONDS = 5


@contextmanager
def database() -> Iterator[Settings]:
    """Configure logs and yield settings whose database answers; starts or joins the embedded one if need be.

    Raises `OperatorError` when there is none.
    """
    settings = get_settings()
    configure_logging(settings.log_format, settings.log_level)
    outside = settings.database_url or settings.database_app_url
    if outside is not None:
        require_answer(outside)
        yield settings
        return
    with start_embedded(settings.data_dir) as cluster:
        yield use_settings(database_url=cluster.url, database_app_url=cluster.app_url)


def owner_url(settings: Settings) -> str:
    """Return the address that may change the schema. Raises `OperatorError` when it is unknown."""
    if settings.database_url is None:
        raise OperatorError(
            "The schema belongs to another role than the one in DATABASE_APP_URL.",
            "Set DATABASE_URL to the role that owns the tables, for this command only.",
        )
    return settings.database_url


def require_answer(url: str) -> None:
    """Raise `OperatorError` unless a new enough PostgreSQL answers at `url`."""
    try:
        with psycopg.connect(url, connect_timeout=_CONNECT_SECONDS) as connection:
            version = connection.info.server_version // 10_000
    except psycopg.OperationalError as error:
        first_line = str(error).strip().split("\n")[0]
        raise OperatorError(
            f"The database at {_without_password(url)} does not answer: {first_line}",
            "Is it running, and are the host, name, user and password in DATABASE_URL right? "
            "Without DATABASE_URL Prumo brings its own PostgreSQL.",
        ) from error
    if version < OLDEST_POSTGRES:
        raise OperatorError(
            f"The database runs PostgreSQL {version}.", f"Prumo needs PostgreSQL {OLDEST_POSTGRES} or newer."
        )


def _without_password(url: str) -> str:
    parts = urlsplit(url)
    return f"{parts.hostname or 'this machine'}:{parts.port or 5432}{parts.path}"
