"""What cannot run here without a container engine is read closely instead: commands, settings, files, roles."""

import os
import re
import shlex
import stat
import subprocess
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import psycopg
import pytest
import typer
import yaml

from crm_app.cli.main import app
from crm_app.config import Settings
from crm_app.core.migrations import migrate
from crm_app.core.postgres import EmbeddedPostgres, start_throwaway
from crm_app.core.postgres_programs import find_programs

ROOT = Path(__file__).resolve().parents[2]
DEPLOY = ROOT / "deploy"
COMPOSE: dict[str, Any] = yaml.safe_load((DEPLOY / "compose.yaml").read_text())
OURS = {name: service for name, service in COMPOSE["services"].items() if service.get("image") == "prumo"}


def setting_names() -> set[str]:
    """Return the name of every environment variable that Prumo reads."""
    names = set()
    for field, info in Settings.model_fields.items():
        alias = info.validation_alias
        if alias is None:
            names.add(f"PRUMO_{field.upper()}")
        else:
            names.add(str(alias.choices[0]) if hasattr(alias, "choices") else str(alias))
    return names


def parse(arguments: list[str]) -> None:
    """Check a command line of `prumo` without running it; raises typer's usage error."""
    group = typer.main.get_command(app)
    with group.make_context("prumo", list(arguments), resilient_parsing=False) as context:
        name, command, rest = group.resolve_command(context, list(arguments))
        assert command is not None
        command.make_context(name, rest, parent=context).close()


def test_our_services_are_the_roles() -> None:
    assert set(OURS) == {"migrate", "web", "worker", "scheduler"}
    assert set(COMPOSE["services"]) - set(OURS) == {"postgres", "redis", "caddy"}


@pytest.mark.parametrize("name", OURS)
def test_the_commands_are_commands_of_prumo(name: str) -> None:
    parse(OURS[name]["command"])


def test_a_wrong_command_would_be_noticed() -> None:
    for wrong in (["serve", "--no-such-option"], ["server"], ["worker", "--concurrency", "many"]):
        with pytest.raises(Exception, match=r"No such|not a valid|a valid integer"):
            parse(wrong)


@pytest.mark.parametrize("name", OURS)
def test_the_settings_are_settings_of_prumo(name: str) -> None:
    assert set(OURS[name]["environment"]) <= setting_names()


def test_only_the_migration_knows_the_owner() -> None:
    knowing = {name for name, service in OURS.items() if "DATABASE_URL" in service["environment"]}
    assert knowing == {"migrate"}


def test_nothing_but_caddy_is_open_to_the_network() -> None:
    assert {name for name, service in COMPOSE["services"].items() if "ports" in service} == {"caddy"}


def test_volumes_and_dependencies_exist() -> None:
    for service in COMPOSE["services"].values():
        for volume in service.get("volumes", []):
            source = volume.split(":")[0]
            assert (DEPLOY / source).exists() if source.startswith(".") else source in COMPOSE["volumes"], volume
        assert set(service.get("depends_on", [])) <= set(COMPOSE["services"])


def test_the_example_has_every_variable() -> None:
    wanted = set(re.findall(r"\$\{(\w+)", (DEPLOY / "compose.yaml").read_text()))
    lines = (DEPLOY / "example.env").read_text().splitlines()
    given = dict(line.split("=", 1) for line in lines if "=" in line and not line.startswith("#"))
    assert set(given) == wanted
    assert not {value for name, value in given.items() if "PASSWORD" in name or "SECRET" in name} - {""}


def test_caddy_forwards_to_the_web_service() -> None:
    text = (DEPLOY / "Caddyfile").read_text()
    targets = re.findall(r"reverse_proxy (\w+):(\d+)", text)
    assert targets == [("web", str(Settings.model_fields["port"].default))]
    assert text.count("{") == text.count("}")
    assert "{$PRUMO_DOMAIN}" in text


def _dockerfile() -> Iterator[tuple[str, str]]:
    text = (DEPLOY / "Dockerfile").read_text().replace("\\\n", " ")
    for line in text.splitlines():
        if line.strip() and not line.startswith("#"):
            instruction, _, rest = line.partition(" ")
            yield instruction, rest.strip()


def test_the_image_copies_what_exists_and_starts_what_exists() -> None:
    instructions = list(_dockerfile())
    for instruction, rest in instructions:
        if instruction == "COPY" and "--from" not in rest:
            for source in shlex.split(rest)[:-1]:
                assert (ROOT / source).exists(), source
    assert ("ENTRYPOINT", '["prumo"]') in instructions
    parse(yaml.safe_load(dict(instructions)["CMD"]))
    assert dict(instructions)["USER"] == "prumo"


def test_the_image_sets_only_settings_of_ours() -> None:
    text = dict(_dockerfile())["ENV"]
    assert {name for name in re.findall(r"(\w+)=", text) if name.startswith("PRUMO_")} <= setting_names()


def test_every_setting_is_explained() -> None:
    text = (ROOT / "docs" / "operator" / "settings.md").read_text()
    assert set(re.findall(r"^\| `(\w+)`", text, flags=re.M)) == setting_names()


def test_the_operators_commands_exist() -> None:
    text = (ROOT / "docs" / "operator" / "README.md").read_text()
    group = typer.main.get_command(app)
    known = {name for name, command in group.commands.items() if not command.hidden}  # type: ignore[attr-defined]
    told = set(re.findall(r"^\| `prumo ([\w-]+)", text, flags=re.M))
    assert told <= known
    assert known - told <= {"dev", "build", "serve"}


@pytest.mark.parametrize("path", [".ci/run", "scripts/setup.sh", "scripts/test-tools.sh", "scripts/lock.sh"])
def test_scripts_are_executable_and_parse(path: str) -> None:
    assert (ROOT / path).stat().st_mode & stat.S_IXUSR
    subprocess.run(["sh", "-n", str(ROOT / path)], check=True)


def test_ci_calls_make_test_and_nothing_else() -> None:
    lines = (ROOT / ".ci" / "run").read_text().splitlines()
    assert lines[0] == "#!/bin/sh"
    assert len(lines) == 2
    assert re.fullmatch(r'exec make -C "\$\(dirname "\$0"\)/\.\." test', lines[1])


def test_the_makefile_has_the_promised_targets() -> None:
    text = (ROOT / "Makefile").read_text()
    assert {"run", "test", "dev", "bench", "lint", "help"} <= set(re.findall(r"^([a-z-]+):", text, flags=re.M))
    for target in re.findall(r"^([a-z-]+):.*##", text, flags=re.M):
        subprocess.run(["make", "--dry-run", target], cwd=ROOT, check=True, capture_output=True)


def test_locks_name_no_address_and_hash_everything() -> None:
    for path in ROOT.glob("requirements*.lock"):
        text = path.read_text()
        assert not re.search(r"://|--index|--find-links|--extra|@ file", text), path.name
        names = re.findall(r"^[a-z0-9][\w.\[\]-]*==", text, flags=re.M)
        assert names
        assert len(re.findall(r"\\\n    --hash=sha256:", text)) >= len(names)
    packages = (ROOT / "reflex.lock" / "package-lock.json").read_text()
    assert '"resolved"' not in packages
    assert '"integrity"' in packages


@pytest.fixture(scope="module")
def bare_cluster() -> Iterator[EmbeddedPostgres]:
    """A cluster on which nobody has made our roles yet."""
    with start_throwaway() as cluster:
        with psycopg.connect(cluster.admin_url, dbname="postgres", autocommit=True) as admin:
            admin.execute("DROP DATABASE prumo")
            admin.execute("DROP OWNED BY prumo, prumo_app")
            admin.execute("DROP ROLE prumo_app")
            admin.execute("DROP ROLE prumo")
        yield cluster


def test_the_databases_first_start_makes_roles_that_are_walled_in(bare_cluster: EmbeddedPostgres) -> None:
    known = psycopg.conninfo.conninfo_to_dict(bare_cluster.admin_url)
    environment = {
        "PATH": f"{find_programs().folder / 'bin'}:{os.defpath}",
        "PGHOST": str(known["host"]),
        "PGPASSWORD": str(known["password"]),
        "PRUMO_OWNER_PASSWORD": "it's the owner's",
        "PRUMO_APP_PASSWORD": "app-password",
    }
    subprocess.run(["sh", str(DEPLOY / "postgres" / "init.sh")], env=environment, check=True)

    owner = f"postgresql://prumo:it's%20the%20owner's@/prumo?host={known['host']}"
    migrate(owner)
    with psycopg.connect(bare_cluster.admin_url, user="prumo_app", password="app-password") as connection:
        assert connection.execute("SELECT count(*) FROM contact").fetchone() == (0,)
        rights = "SELECT rolsuper OR rolbypassrls OR rolcreaterole FROM pg_roles WHERE rolname = current_user"
        assert connection.execute(rights).fetchone() == (False,)
        with pytest.raises(psycopg.errors.InsufficientPrivilege):
            connection.execute("ALTER TABLE contact DISABLE ROW LEVEL SECURITY")
