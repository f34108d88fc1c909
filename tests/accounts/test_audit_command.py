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


async def prumo(db: EmbeddedPostgres, *arguments: str, **environment: str) -> tuple[int, str, str]:
    """Run the command in a process of its own; return exit code, standard output and standard error."""
    process = await asyncio.create_subprocess_exec(
        sys.executable, "-m", "crm_app.cli", *arguments,
        env={**os.environ, "DATABASE_URL": db.url, "DATABASE_APP_URL": db.app_url, **environment},
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
    assert told["platform"]["ok"]
    ours = next(one for one in told["organizations"] if one["organization_id"] == str(tenant.organization.id))
    assert (code, told["ok"], ours["ok"], ours["sequence"]) == (1, False, False, 2)
    assert ours["entry_id"]


async def test_verifying_the_record_of_the_platform(db: EmbeddedPostgres) -> None:
    with psycopg.connect(db.url) as owner:
        owner.execute(
            "INSERT INTO platform_entry (id, created_at, action, ip, trace_id)"
            " VALUES (gen_random_uuid(), now(), 'test.act', '', '')"
        )
    code, output, _ = await prumo(db, "audit", "verify", "--platform")
    assert (code, output.split()[:2]) == (0, ["ok", "platform"])
    noted = output.split()[-1]
    code, output, _ = await prumo(db, "audit", "verify", "--platform", "--noted", noted, "--json")
    told = json.loads(output)
    assert (code, told["ok"], told["organizations"]) == (0, True, [])
    assert f"{told['platform']['entries']}:{told['platform']['hash']}" == noted
    wrong = f"{noted.split(':')[0]}:{'0' * 64}"
    code, output, errors = await prumo(db, "audit", "verify", "--platform", "--noted", wrong)
    assert (code, output.split()[:3]) == (1, ["BAD", "platform", "not_as_noted"])
    assert "docs/operator/audit.md" in errors


async def test_without_the_owners_address_half_an_answer_is_none(db: EmbeddedPostgres, tenant: Tenant) -> None:
    code, output, errors = await prumo(db, "audit", "verify", DATABASE_URL="")
    assert (code, output) == (2, "")
    assert "DATABASE_URL" in errors
    one = ("audit", "verify", "--organization", str(tenant.organization.id))
    assert (await prumo(db, *one, DATABASE_URL=""))[0] == 0


@pytest.mark.parametrize(
    ("arguments", "code"),
    [
        (["--platform", "--organization", str(new_id())], 2),
        (["--noted", "1:" + "0" * 64], 2),
        (["--organization", str(new_id()), "--noted", "nonsense"], 2),
        (["--organization", str(new_id())], 3),
    ],
)
async def test_wrong_usage_is_told_apart(db: EmbeddedPostgres, arguments: list[str], code: int) -> None:
    assert (await prumo(db, "audit", "verify", *arguments))[0] == code
