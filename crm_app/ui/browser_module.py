"""JavaScript modules that lie beside Python ones, linked to where the front-end build finds them.

`rx.asset(…, shared=True)` does the same, but looks for its caller by reading the source of the whole call stack:
with twenty modules that took seconds at every start.
"""

import os
from pathlib import Path

ASSETS = Path(__file__).resolve().parents[2] / "assets"


def browser_module(name: str, *, package: str, beside: str) -> str:
    """Link the file `name` into the build and return the path under which components import it.

    Call it with `package=__name__, beside=__file__`. Raises `FileNotFoundError` when there is no such file.
    """
    source = Path(beside).resolve().with_name(name)
    if not source.exists():
        raise FileNotFoundError(source)
    public = f"external/{package.replace('.', '/')}/{name}"
    _link(ASSETS / public, source)
    return f"$/public/{public}"


def _link(link: Path, source: Path) -> None:
    """Point `link` at `source`; processes that start together do not get in each other's way."""
    if link.is_symlink() and link.readlink() == source:
        return
    link.parent.mkdir(parents=True, exist_ok=True)
    draft = link.with_name(f".{link.name}.{os.getpid()}")
    draft.unlink(missing_ok=True)
    draft.symlink_to(source)
    draft.replace(link)
