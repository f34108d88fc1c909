"""Who did what."""

from typing import Annotated
from uuid import UUID

from fastapi import APIRouter, Depends, Query
from fastapi.responses import StreamingResponse
from pydantic import AwareDatetime, BeforeValidator
from pydantic_core import PydanticCustomError

from crm_app.api.deps import CurrentActor, CurrentSession
from crm_app.api.pagination import Cursor, Limit, PageView, page_view
from crm_app.core.clock import utc_now
from crm_app.core.database import unit_of_work
from crm_app.core.text import LINE
from crm_app.domains.accounts.trail import reading, table
from crm_app.domains.accounts.trail.schemas import AuditEntryView, AuditFilter

router = APIRouter(prefix="/api/v1/audit", tags=["audit"])

Action = Annotated[str, Query(max_length=60, description="Say `deal.moved`."), LINE]
Kind = Annotated[str, Query(max_length=40, description="Kind of thing, say `deal`."), LINE]
Search = Annotated[str, Query(max_length=60, description="An id, or its first characters (four or more)."), LINE]


def _written_out(value: object) -> object:
    """Refuse a bare number, which Pydantic would take for seconds since 1970: RFC 3339 alone is described."""
    try:
        float(str(value))
    except ValueError:
        return value
    raise PydanticCustomError("datetime_parsing", "a moment is written as in RFC 3339")


Moment = Annotated[AwareDatetime, BeforeValidator(_written_out)]
Since = Annotated[Moment | None, Query(description="The first moment.")]
Until = Annotated[Moment | None, Query(description="The moment before which it ended.")]


def _criteria(
    user_id: UUID | None = None,
    action: Action = "",
    entity_type: Kind = "",
    since: Since = None,
    until: Until = None,
    q: Search = "",
) -> AuditFilter:
    return AuditFilter(user_id=user_id, action=action, entity_type=entity_type, since=since, until=until, q=q)


Criteria = Annotated[AuditFilter, Depends(_criteria)]


@router.get("")
async def list_entries(
    actor: CurrentActor,
    criteria: Criteria,
    cursor: Cursor = None,
    limit: Limit = reading.PAGE_SIZE,
) -> PageView[AuditEntryView]:
    """List the audit trail, newest first."""
    async with unit_of_work(actor) as session:
        page = await reading.list_entries(session, actor, criteria=criteria, cursor=cursor, limit=limit)
    return page_view(page)


@router.get("/export.csv", response_class=StreamingResponse, responses={200: {"content": {"text/csv": {}}}})
async def export_entries(signed_in: CurrentSession, criteria: Criteria) -> StreamingResponse:
    """Return the same entries as a table for a spreadsheet. Taking them along is itself written down."""
    actor = signed_in.actor
    async with unit_of_work(actor) as session:
        await table.begin_export(session, actor, criteria=criteria)
    lines = table.write_table(
        actor,
        criteria=criteria,
        language=signed_in.user.locale,
        time_zone=signed_in.organization.time_zone,
    )
    name = f"auditoria-{utc_now():%Y-%m-%d}.csv"
    headers = {"Content-Disposition": f'attachment; filename="{name}"', "Cache-Control": "no-store"}
    return StreamingResponse(lines, headers=headers, media_type="text/csv; charset=utf-8")
