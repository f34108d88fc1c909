"""The command line: results for scripts, exit codes, and failures that say what to do."""

import errno
import json
import os
import shutil
import socket
import subprocess
import sys
import tempfile
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import psycopg
import pytest
from typer.testing import CliRunner

from crm_app.cli import main as cli
from crm_app.cli import run as run_command
from crm_app.config import Settings
from crm_app.core.errors import Conflict
from crm_app.core.operator_errors import OperatorError
from crm_app.core.postgres import EmbeddedPostgres, start_throwaway

ROOT = Path(__file__).resolve().parents[2]
COMMANDS = ["run", "dev", "build", "migrate", "seed-demo", "create-organization", "create-channel", "worker"]
COMMANDS += ["scheduler", "doctor", "serve", "audit", "platform-admin", "forget-factors"]
Prumo = Callable[..., "subprocess.CompletedProcess[str]"]


@pytest.fixture(scope="module")
def cluster() -> Iterator[EmbeddedPostgres]:
    """An empty database of this file alone."""
    with start_throwaway() as running:
        yield running


@pytest.fixture(scope="module")
def prumo(cluster: EmbeddedPostgres) -> Iterator[Prumo]:
    """Return a function that runs the command in a process of its own, on that database."""
    folder = Path(tempfile.mkdtemp(prefix="prumo-cli-"))
    environment = {
        **os.environ,
        "DATABASE_URL": cluster.url,
        "DATABASE_APP_URL": cluster.app_url,
        "PRUMO_DATA_DIR": str(folder),
        "PRUMO_LOG_FORMAT": "json",
    }

    def call(*arguments: str, **changes: str) -> "subprocess.CompletedProcess[str]":
        return subprocess.run(
            [sys.executable, "-m", "crm_app.cli", *arguments],
            cwd=ROOT,
            env=environment | changes,
            capture_output=True,
            text=True,
            check=False,
            timeout=120,
        )

    yield call
    shutil.rmtree(folder)


@pytest.mark.parametrize("command", COMMANDS)
def test_every_command_explains_itself(command: str) -> None:
    result = CliRunner().invoke(cli.app, [command, "--help"])
    assert result.exit_code == 0
    assert command in result.output


def test_an_operators_first_hour(prumo: Prumo) -> None:
    before = prumo("doctor", "--json")
    assert before.returncode == 1
    told = json.loads(before.stdout)
    assert "migrations" in told["broken"]
    (migrations,) = [one for one in told["checks"] if one["name"] == "migrations"]
    assert migrations["remedy"] == "Run 'prumo migrate'."

    migrated = prumo("migrate", "--json")
    assert migrated.returncode == 0, migrated.stderr
    assert json.loads(migrated.stdout)["revision"]

    arguments = ["--name", "Agência Ünica", "--owner-email", "ana@exemplo.com.br", "--password", "senha-muito-boa"]
    made = prumo("create-organization", *arguments, "--json")
    assert made.returncode == 0, made.stderr
    organization = json.loads(made.stdout)
    assert set(organization) == {"id", "slug", "owner_id"}

    again = prumo("create-organization", *arguments, "--json")
    assert again.returncode == 3
    assert again.stdout == ""
    assert "Refused" in again.stderr

    waha = {"base_url": "http://127.0.0.1:9", "api_key": "chave", "session": "principal"}
    channel = prumo(
        "create-channel", "--organization", organization["id"], "--provider", "waha",
        "--name", "WhatsApp", "--config", json.dumps(waha), "--json",
    )  # fmt: skip
    assert channel.returncode == 0, channel.stderr
    created = json.loads(channel.stdout)
    assert created["webhook_path"] == f"/hooks/waha/{created['id']}"
    assert created["secret"]

    after = prumo("doctor", "--json")
    assert after.returncode == 0, after.stdout
    assert json.loads(after.stdout)["ok"] is True
    assert "ok " in prumo("doctor").stdout


@pytest.mark.parametrize(
    ("arguments", "code"),
    [
        (["create-channel", "--organization", "no-id", "--provider", "waha", "--name", "x"], 2),
        (["create-organization", "--name", "x"], 2),
        (["no-such-command"], 2),
    ],
)
def test_wrong_usage_has_its_own_code(arguments: list[str], code: int) -> None:
    assert CliRunner().invoke(cli.app, arguments).exit_code == code


@pytest.mark.parametrize("config", ["{", "[1]", '"x"'])
def test_a_channels_configuration_must_be_an_object(config: str) -> None:
    organization = "00000000-0000-0000-0000-000000000000"
    arguments = ["create-channel", "--organization", organization, "--provider", "waha", "--name", "x"]
    result = CliRunner().invoke(cli.app, [*arguments, "--config", config])
    assert result.exit_code == 2
    assert "JSON" in result.output


def test_an_unreachable_database_says_so_without_the_password(prumo: Prumo) -> None:
    dead = "postgresql://me:geheim@127.0.0.1:9/crm"
    result = prumo("migrate", DATABASE_URL=dead)
    assert result.returncode == 1
    assert "127.0.0.1:9/crm does not answer" in result.stderr
    assert "DATABASE_URL" in result.stderr
    assert "geheim" not in result.stderr
    assert "Traceback" not in result.stderr
    doctor = json.loads(prumo("doctor", "--json", DATABASE_URL=dead).stdout)
    assert doctor["broken"] == ["database"]


def test_a_setting_that_cannot_work_is_named(prumo: Prumo) -> None:
    result = prumo("doctor", PORT="eighty")
    assert result.returncode == 2
    assert "PORT" in result.stderr
    assert "Traceback" not in result.stderr


def _fails_with(error: BaseException) -> Callable[[], None]:
    def fail() -> None:
        raise error

    return fail


@pytest.mark.parametrize(
    ("error", "code", "words"),
    [
        (OperatorError("It is broken.", "Mend it."), 1, ["It is broken.", "Mend it."]),
        (Conflict("errors.accounts.email_taken", email="a@b"), 3, ["Refused", "a@b"]),
        (OSError(errno.ENOSPC, "No space left on device"), 1, ["disk is full"]),
        (PermissionError(errno.EACCES, "Permission denied", "/srv/data"), 1, ["/srv/data"]),
        (psycopg.errors.DiskFull("could not extend file"), 1, ["disk of the database is full"]),
        (psycopg.OperationalError("connection refused"), 1, ["does not answer", "DATABASE_URL"]),
        (KeyboardInterrupt(), 130, []),
    ],
)
def test_expected_failures_have_a_sentence_and_a_code(
    error: BaseException, code: int, words: list[str], capsys: pytest.CaptureFixture[str]
) -> None:
    assert cli.guarded(_fails_with(error)) == code
    said = capsys.readouterr().err
    assert all(word in said for word in words)


def test_an_unexpected_failure_is_not_hidden() -> None:
    with pytest.raises(ZeroDivisionError):
        cli.guarded(_fails_with(ZeroDivisionError()))


def test_a_taken_port_is_noticed_before_anything_starts() -> None:
    with socket.socket() as other:
        other.bind(("127.0.0.1", 0))
        other.listen()
        port = other.getsockname()[1]
        with pytest.raises(OperatorError, match=str(port)) as caught:
            run_command.require_free_port(Settings(port=port))
    assert f"PORT={port + 1}" in caught.value.remedy


@pytest.mark.parametrize(
    ("changes", "expected"),
    [
        ({}, [["serve", "--roles", "web,worker,scheduler"]]),
        ({"roles": ("web",)}, [["serve", "--roles", "web"]]),
        (
            {"redis_url": "redis://127.0.0.1/0", "web_workers": 2},
            [["serve", "--roles", "web"], ["worker"], ["scheduler"]],
        ),
        ({"redis_url": "redis://127.0.0.1/0", "roles": ("worker",)}, [["worker"]]),
    ],
)
def test_without_redis_all_roles_live_in_one_process(changes: dict[str, Any], expected: list[list[str]]) -> None:
    children = run_command._children(Settings(**changes))
    assert [list(child.arguments) for child in children] == expected


def test_who_runs_the_platform_is_decided_here(prumo: Prumo) -> None:
    prumo("migrate")
    prumo(
        "create-organization", "--name", "Plat", "--owner-email", "ana@plat.example", "--password", "longa-e-boa-1"
    )
    granted = prumo("platform-admin", "grant", "--email", " Ana@plat.example", "--json")
    assert json.loads(granted.stdout)["changed"] is True, granted.stderr
    again = prumo("platform-admin", "grant", "--email", "ana@plat.example", "--json")
    assert json.loads(again.stdout)["changed"] is False
    listed = json.loads(prumo("platform-admin", "list", "--json").stdout)["admins"]
    assert [(one["email"], one["second_factor"]) for one in listed] == [("ana@plat.example", False)]
    assert "NO second factor" in prumo("platform-admin", "list").stdout
    assert json.loads(prumo("platform-admin", "revoke", "--email", "ana@plat.example", "--json").stdout)["changed"]
    assert json.loads(prumo("platform-admin", "list", "--json").stdout)["admins"] == []
    forgotten = prumo("forget-factors", "--email", "Ana@plat.example", "--json")
    assert json.loads(forgotten.stdout) == {"email": "Ana@plat.example", "forgotten": []}, forgotten.stderr
    assert prumo("forget-factors", "--email", "nobody@plat.example").returncode == 3
    nobody = prumo("platform-admin", "grant", "--email", "nobody@plat.example")
    assert nobody.returncode == 3
    assert "Nobody has an account" in nobody.stderr
