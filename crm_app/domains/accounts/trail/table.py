"""The audit trail as a table for a spreadsheet.

UTF-8 with a byte order mark, lines end with CR LF, every cell is quoted. Cells are separated by `;` in Portuguese,
which is what Excel expects where the decimal sign is a comma, and by `,` in English. A cell that a spreadsheet
would take for a formula gets an apostrophe in front (OWASP, CSV Injection).
"""

import csv
import io
import json
from collections.abc import AsyncIterator, Mapping, Sequence
from typing import Any
from zoneinfo import ZoneInfo

from sqlalchemy.ext.asyncio import AsyncSession

from crm_app.core.database import unit_of_work
from crm_app.core.i18n import translate
from crm_app.core.tenancy import Actor
from crm_app.domains.accounts import service
from crm_app.domains.accounts.trail.reading import MAX_PAGE_SIZE, READ, ids_meant, list_entries
from crm_app.domains.accounts.trail.schemas import AuditEntryView, AuditFilter

MARK = "\ufeff"
COLUMNS = (
    "number", "when", "person", "on_behalf_of", "action", "kind", "thing", "before", "after", "address", "trace",
    "entry", "hash",
)  # fmt: skip
_FORMULA = ("=", "+", "-", "@", "\t", "\r")


async def begin_export(session: AsyncSession, actor: Actor, *, criteria: AuditFilter) -> None:
    """Write down that the trail is taken along, with its filters. Raises `Forbidden` or `Invalid`."""
    actor.require(READ)
    ids_meant(criteria.q)
    wanted = criteria.model_dump(mode="json", exclude_defaults=True)
    await service.audit(session, actor, "audit.export", "organization", actor.organization_id, after=wanted)


async def write_table(
    actor: Actor, *, criteria: AuditFilter, language: str, time_zone: str
) -> AsyncIterator[bytes]:
    """Yield the table in pieces; one page is read at a time, so that a slow reader holds no transaction open."""
    actor.require(READ)
    zone = ZoneInfo(time_zone)
    heads = [translate(f"audit.csv.{name}", language) for name in COLUMNS]
    yield (MARK + _lines([heads], language)).encode()
    cursor: str | None = None
    while True:
        async with unit_of_work(actor) as session:
            page = await list_entries(session, actor, criteria=criteria, cursor=cursor, limit=MAX_PAGE_SIZE)
        if page.items:
            yield _lines([_cells(entry, zone, language) for entry in page.items], language).encode()
        cursor = page.next_cursor
        if cursor is None:
            return


def _cells(entry: AuditEntryView, zone: ZoneInfo, language: str) -> list[str]:
    person = entry.user_name or translate("audit.system", language)
    return [
        str(entry.sequence),
        entry.created_at.astimezone(zone).isoformat(sep=" ", timespec="seconds"),
        person,
        entry.on_behalf_name or "",
        entry.action,
        entry.entity_type,
        str(entry.entity_id or ""),
        _plain(entry.before),
        _plain(entry.after),
        entry.ip,
        entry.trace_id,
        str(entry.id),
        entry.hash,
    ]


def _plain(values: Mapping[str, Any] | None) -> str:
    return "" if values is None else json.dumps(values, ensure_ascii=False)


def _lines(rows: Sequence[Sequence[str]], language: str) -> str:
    text = io.StringIO()
    separator = "," if language == "en" else ";"
    writer = csv.writer(text, delimiter=separator, quoting=csv.QUOTE_ALL, lineterminator="\r\n")
    writer.writerows([harmless(cell) for cell in row] for row in rows)
    return text.getvalue()


def harmless(cell: str) -> str:
    """Return a cell that no spreadsheet takes for a formula."""
    return f"'{cell}" if cell.lstrip(" \n").startswith(_FORMULA) else cell
