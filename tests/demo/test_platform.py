"""The demo's administrator of the platform: only where nobody but this machine can reach it."""

import psycopg
import pytest

from crm_app.core.database import system_unit_of_work
from crm_app.core.postgres import EmbeddedPostgres
from crm_app.demo.platform import EMAIL, add_account, settle_administrator
from tests.conftest import PASSWORD


def _runs(db: EmbeddedPostgres) -> bool:
    with psycopg.connect(db.url) as owner:
        found = owner.execute(
            "SELECT count(*) FROM platform_admin a JOIN app_user u ON u.id = a.user_id WHERE u.email = %s",
            (EMAIL,),
        ).fetchone()
    return found == (1,)


@pytest.mark.usefixtures("db")
async def test_it_runs_the_platform_of_a_local_demo_alone(db: EmbeddedPostgres) -> None:
    async with system_unit_of_work() as session:
        await add_account(session, password=PASSWORD)
        await add_account(session, password=PASSWORD)  # twice is once
    settle_administrator(db.url, seeded=True, local=False)
    assert not _runs(db)
    settle_administrator(db.url, seeded=True, local=True)
    assert _runs(db)
    settle_administrator(db.url, seeded=False, local=True)
    assert _runs(db)
    settle_administrator(db.url, seeded=False, local=False)
    assert not _runs(db)  # others can reach it now
    settle_administrator(db.url, seeded=False, local=True)
    assert not _runs(db)  # what was taken away is not given back by a restart
