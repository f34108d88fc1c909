"""The JavaScript that each page makes a browser load at once, compressed, beside the budget of 450 KB."""

import gzip
import re
from pathlib import Path

from bench.harness import Report, Row

BUILT = Path(__file__).resolve().parents[1] / ".web" / "build" / "client"
BUDGET_KB = 450
_IN_PAGE = re.compile(r"/assets/([\w.()\[\]$-]+\.js)")
_STATIC_IMPORT = re.compile(r"""\bfrom\s*["']\./([^"']+\.js)["']|\bimport\s*["']\./([^"']+\.js)["']""")


def with_imports(names: set[str]) -> set[str]:
    """Return the scripts with all that they import statically, and so load at once."""
    waiting, found = set(names), set()
    while waiting:
        name = waiting.pop()
        path = BUILT / "assets" / name
        if name in found or not path.is_file():
            continue
        found.add(name)
        imports = _STATIC_IMPORT.findall(path.read_text(encoding="utf-8"))
        waiting |= {first or second for first, second in imports}
    return found


def pages() -> dict[str, set[str]]:
    """Return for each page the scripts that its first visit loads: those of every page, and its own."""
    common = set(_IN_PAGE.findall((BUILT / "__spa-fallback.html").read_text(encoding="utf-8")))
    found = {}
    for chunk in sorted((BUILT / "assets").glob("_*index-*.js")):
        words = re.findall(r"[a-z0-9]+", chunk.name.split("_index-")[0])
        found["/" + "/".join(words)] = with_imports(common | {chunk.name})
    return found


def compressed_kilobytes(names: set[str]) -> float:
    """Return the size of the scripts as the server sends them (gzip), in KB."""
    total = 0
    for name in names:
        path = BUILT / "assets" / name
        packed = path.with_name(f"{name}.gz")
        total += packed.stat().st_size if packed.is_file() else len(gzip.compress(path.read_bytes(), 9))
    return total / 1000


async def run() -> Report:
    """Measure every page of the last build."""
    if not BUILT.is_dir():
        raise SystemExit("There is no build to measure: start the product once ('make run').")
    report = Report("JavaScript per page, compressed")
    for route, names in pages().items():
        plotly = " with Plotly" if any("plotly" in name for name in names) else ""
        value = f"{compressed_kilobytes(names):.0f} KB in {len(names)} files{plotly}"
        report.rows.append(Row(route, value=value, goal=f"< {BUDGET_KB} KB"))
    return report
