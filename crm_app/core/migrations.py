"""Brings a database to the schema of this version of the code, with Alembic."""

import functools
from pathlib import Path

from alembic import command
from alembic.config import Config
from alembic.runtime.migration import MigrationContext
from alembic.script import ScriptDirectory
from sqlalchemy import create_engine, text
from sqlalchemy.pool import NullPool

from crm_app.core.database import APP_ROLE, driver_url

_ROOT = Path(__file__).resolve().parents[2]
_LOCK_KEY = 7_071_907


def _config(url: str) -> Config:
    config = Config()
    config.set_main_option("script_location", str(_ROOT / "alembic"))
    config.attributes["url"] = url
    return config


def migrate(url: str, revision: str = "head") -> None:
    """Upgrade the database at `url`; two processes that start together wait for each other."""
    engine = create_engine(driver_url(url), poolclass=NullPool)
    with engine.connect().execution_options(isolation_level="AUTOCOMMIT") as connection:
        connection.execute(text("SELECT pg_advisory_lock(:key)"), {"key": _LOCK_KEY})
        try:
            command.upgrade(_config(url), revision)
            connection.execute(text(f"GRANT SELECT ON alembic_version TO {APP_ROLE}"))  # readiness asks for it
        finally:
            connection.execute(text("SELECT pg_advisory_unlock(:key)"), {"key": _LOCK_KEY})
    engine.dispose()


def downgrade(url: str, revision: str) -> None:
    """Take the database at `url` back to `revision`."""
    command.downgrade(_config(url), revision)


@functools.cache
def wanted_revision() -> str | None:
    """Return the newest revision that this version of the code knows."""
    return ScriptDirectory.from_config(_config("")).get_current_head()


def pending_revision(url: str) -> str | None:
    """Return the revision that the database lacks, or None when it is up to date."""
    wanted = wanted_revision()
    engine = create_engine(driver_url(url), poolclass=NullPool)
    with engine.connect() as connection:
        current = MigrationContext.configure(connection).get_current_revision()
    engine.dispose()
    return wanted if current != wanted else None
