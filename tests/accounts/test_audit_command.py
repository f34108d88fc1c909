"""`prumo audit verify`: what it prints, and the exit code that a script can rely on."""

import asyncio
import json
import os
import sys

import psycopg
import pytest

from crm_app.core.database import unit_of_work
from crm_app.core.ids import new_id
from crm_app.core.postgres import EmbeddedPostgres
from crm_app.domains.accounts import service
from tests.conftest import Tenant


async def prumo(db: EmbeddedPostgres, *arguments: str) -> tuple[int, str, str]:
    """Run the command in a process of its own; return exit code, standard output and standard error."""
    process = await asyncio.create_subprocess_exec(
        sys.executable, "-m", "crm_app.cli", *arguments,
        env={**os.environ, "DATABASE_URL": db.url, "DATABASE_APP_URL": db.app_url},
        stdout=asyncio.subprocess.PIPE, stderr=asyncio.subprocess.PIPE,
    )  # fmt: skip
    output, errors = await process.communicate()
    return process.returncode or 0, output.decode(), errors.decode()


async def test_verifying_one_organization_and_a_noted_hash(db: EmbeddedPostgres, tenant: Tenant) -> None:
    async with unit_of_work(tenant.owner) as session:
        for _ in range(3):
            await service.audit(session, tenant.owner, "test.act", "thing", new_id())
    verify = ("audit", "verify", "--organization", str(tenant.organization.id))
    code, output, _ = await prumo(db, *verify)
    assert code == 0
    noted = output.split()[-1]
    assert noted.startswith("3:")
    code, output, _ = await prumo(db, *verify, "--noted", noted, "--json")
    assert (code, json.loads(output)["ok"]) == (0, True)

    with psycopg.connect(db.admin_url) as connection:
        connection.execute("ALTER TABLE audit_entry DISABLE TRIGGER USER")
        connection.execute(
            "UPDATE audit_entry SET ip = 'x' WHERE organization_id = %s AND sequence = 2",
            (tenant.organization.id,),
        )
        connection.execute("ALTER TABLE audit_entry ENABLE TRIGGER USER")
    code, output, errors = await prumo(db, *verify)
    assert code == 1
    assert "changed at 2" in output
    assert "docs/operator/audit.md" in errors
    code, output, _ = await prumo(db, "audit", "verify", "--json")
    told = json.loads(output)
    ours = next(one for one in told["organizations"] if one["organization_id"] == str(tenant.organization.id))
    assert (code, told["ok"], ours["ok"], ours["sequence"]) == (1, False, False, 2)
    assert ours["entry_id"]


@pytest.mark.parametrize(
    ("arguments", "code"),
    [
        (["--noted", "1:" + "0" * 64], 2),
        (["--organization", str(new_id()), "--noted", "nonsense"], 2),
        (["--organization", str(new_id())], 3),
    ],
)
async def test_wrong_usage_is_told_apart(db: EmbeddedPostgres, arguments: list[str], code: int) -> None:
    assert (await prumo(db, "audit", "verify", *arguments))[0] == code
