"""Runs migrations on the address given by `crm_app.core.migrations` or, from the command line, DATABASE_URL."""

from alembic import context
from sqlalchemy import create_engine
from sqlalchemy.pool import NullPool

from crm_app.config import get_settings
from crm_app.core.database import driver_url
from crm_app.domains.models import metadata


def include_object(_object: object, name: str | None, kind: str, *_rest: object) -> bool:
    """Leave the queue's own tables to procrastinate."""
    return not (kind == "table" and (name or "").startswith("procrastinate_"))


def run() -> None:
    """Migrate inside one transaction per revision."""
    url = context.config.attributes.get("url") or get_settings().database_url
    engine = create_engine(driver_url(str(url)), poolclass=NullPool)
    with engine.connect() as connection:
        context.configure(
            connection=connection,
            target_metadata=metadata,
            include_object=include_object,
            compare_type=True,
            transaction_per_migration=True,
        )
        with context.begin_transaction():
            context.run_migrations()
    engine.dispose()


run()
