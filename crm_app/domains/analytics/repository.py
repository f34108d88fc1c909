"""The dashboard's queries. Each starts from the organization and reads an index by time; none decides anything.

Days are counted in PostgreSQL against their beginnings (`width_bucket`), so that a day has the same limits here
and in Python, also when clocks change.
"""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import BindParameter, bindparam, text
from sqlalchemy.dialects.postgresql import ARRAY, TIMESTAMP
from sqlalchemy.ext.asyncio import AsyncSession

from crm_app.core.sight import Sight

Rows = Sequence[Any]

_TYPES: dict[str, BindParameter[Any]] = {
    "starts": bindparam("starts", type_=ARRAY(TIMESTAMP(timezone=True))),
    "ends": bindparam("ends", type_=ARRAY(TIMESTAMP(timezone=True))),
}

CLOSED = """
SELECT width_bucket(d.closed_at, :starts) - 1 AS day, d.owner_id, s.kind, count(*) AS deals,
    sum(d.value_cents)::bigint AS cents
FROM deal d JOIN stage s ON s.organization_id = d.organization_id AND s.id = d.stage_id
WHERE d.organization_id = :organization AND d.closed_at >= :begin AND d.closed_at < :finish {owner}
GROUP BY 1, 2, 3
"""
CREATED = """
SELECT width_bucket(d.created_at, :starts) - 1 AS day, count(*) AS deals
FROM deal d
WHERE d.organization_id = :organization AND d.created_at >= :begin AND d.created_at < :finish
    AND (d.archived_at IS NULL OR d.closed_at IS NOT NULL) {owner}
GROUP BY 1
"""
COHORT = """
SELECT day, furthest, count(*) AS deals
FROM (
    SELECT width_bucket(d.created_at, :starts) - 1 AS day, max(s.position) AS furthest
    FROM deal d
    JOIN stage_history h ON h.organization_id = d.organization_id AND h.deal_id = d.id
    JOIN stage s ON s.organization_id = h.organization_id AND s.id = h.to_stage_id
    WHERE d.organization_id = :organization AND d.created_at >= :begin AND d.created_at < :finish
        AND (d.archived_at IS NULL OR d.closed_at IS NOT NULL)
        AND d.pipeline_id = :pipeline AND s.pipeline_id = :pipeline AND s.kind <> 'lost' {owner}
    GROUP BY d.id, d.created_at
) AS deals
GROUP BY day, furthest
"""
OPEN = """
SELECT d.stage_id, s.probability, count(*) AS deals, sum(d.value_cents)::bigint AS cents
FROM deal d JOIN stage s ON s.organization_id = d.organization_id AND s.id = d.stage_id
WHERE d.organization_id = :organization AND d.archived_at IS NULL AND s.kind = 'open' {owner}
GROUP BY d.stage_id, s.probability
"""
MESSAGES = """
SELECT d.day - 1 AS day, counted.received, counted.sent
FROM unnest(CAST(:starts AS timestamptz[]), CAST(:ends AS timestamptz[]))
    WITH ORDINALITY AS d (begins, ends, day)
CROSS JOIN LATERAL (
    SELECT count(*) FILTER (WHERE m.direction = 'in') AS received,
        count(*) FILTER (WHERE m.direction = 'out') AS sent
    FROM message m
    WHERE m.organization_id = :organization AND m.occurred_at >= d.begins AND m.occurred_at < d.ends
) AS counted
"""
MESSAGES_OF_OWNER = """
SELECT width_bucket(m.occurred_at, :starts) - 1 AS day, count(*) FILTER (WHERE m.direction = 'in') AS received,
    count(*) FILTER (WHERE m.direction = 'out') AS sent
FROM message m
JOIN conversation c ON c.organization_id = m.organization_id AND c.id = m.conversation_id
WHERE m.organization_id = :organization AND m.occurred_at >= :begin AND m.occurred_at < :finish
    AND ((m.direction = 'out' AND m.author_id = :owner) OR (m.direction = 'in' AND c.assignee_id = :owner)) {talk}
GROUP BY 1
"""
MESSAGES_WITHIN_REACH = """
SELECT width_bucket(m.occurred_at, :starts) - 1 AS day, count(*) FILTER (WHERE m.direction = 'in') AS received,
    count(*) FILTER (WHERE m.direction = 'out') AS sent
FROM message m
JOIN conversation c ON c.organization_id = m.organization_id AND c.id = m.conversation_id
WHERE m.organization_id = :organization AND m.occurred_at >= :begin AND m.occurred_at < :finish {talk}
GROUP BY 1
"""
WAITS = """
SELECT GROUPING(day) = 0 AS by_day, GROUPING(author_id) = 0 AS by_author, day, author_id, weekday, hour,
    count(*) AS answers, percentile_disc(0.5) WITHIN GROUP (ORDER BY seconds) AS median
FROM (
    SELECT author_id, seconds, asked::date AS day, extract(isodow FROM asked)::int AS weekday,
        extract(hour FROM asked)::int AS hour
    FROM (
        SELECT m.author_id, m.response_seconds AS seconds,
            (m.occurred_at - m.response_seconds * interval '1 second') AT TIME ZONE :zone AS asked
        FROM message m
        WHERE m.organization_id = :organization AND m.response_seconds IS NOT NULL
            AND m.occurred_at >= :begin AND m.occurred_at < :finish {author}
        OFFSET 0
    ) AS answer
) AS told
GROUP BY GROUPING SETS ((day), (author_id), (weekday, hour))
"""
WAIT_CLASSES = """
SELECT percentile_disc(0.5) WITHIN GROUP (ORDER BY m.response_seconds) AS median,
    ARRAY[{classes}] AS within, count(*) AS answers
FROM message m
WHERE m.organization_id = :organization AND m.response_seconds IS NOT NULL
    AND m.occurred_at >= :begin AND m.occurred_at < :finish {author}
"""
STAGES = """
SELECT s.id, s.name, s.kind, s.color, s.position, s.probability
FROM stage s
WHERE s.organization_id = :organization AND s.pipeline_id = :pipeline
ORDER BY s.position, s.id
"""
PIPELINES = """
SELECT p.id, p.name, p.is_default
FROM pipeline p
WHERE p.organization_id = :organization AND p.archived_at IS NULL
ORDER BY p.is_default DESC, p.position, p.id
"""
UNASSIGNED = """
SELECT count(*) FROM conversation c
WHERE c.organization_id = :organization AND c.assignee_id IS NULL AND c.status = 'open' {talk}
"""
_OF_SEEN_CONVERSATION = """AND EXISTS (SELECT FROM conversation c
    WHERE c.organization_id = m.organization_id AND c.id = m.conversation_id {talk})"""


@dataclass(frozen=True, slots=True)
class Window:
    """Whose rows are counted, and the beginnings of the days into which they fall; the last one is the end."""

    organization_id: UUID
    owner_id: UUID | None
    starts: Sequence[datetime]
    deals: Sight
    conversations: Sight


def _seen(sight: Sight, column: str, name: str) -> tuple[str, dict[str, Any]]:
    sql, values = sight.where(column, name)
    return sql.replace(f"%({name})s", f":{name}"), values


async def _rows(session: AsyncSession, sql: str, window: Window, **values: Any) -> Rows:
    owner = window.owner_id
    deals, of_deals = _seen(window.deals, "d.owner_id", "deals_seen")
    talk, of_talk = _seen(window.conversations, "c.assignee_id", "talk_seen")
    written = _OF_SEEN_CONVERSATION.format(talk=talk) if talk else ""
    clause = sql.format(
        owner=f"{'AND d.owner_id = :owner' if owner else ''} {deals}",
        author=f"{'AND m.author_id = :owner' if owner else ''} {written}",
        talk=talk,
    )
    known = {
        "organization": window.organization_id,
        "owner": owner,
        "starts": list(window.starts),
        "begin": window.starts[0],
        "finish": window.starts[-1],
        **values,
        **of_deals,
        **of_talk,
    }
    used = {name: value for name, value in known.items() if f":{name}" in clause}
    types = [_TYPES[name] for name in used if name in _TYPES]
    return (await session.execute(text(clause).bindparams(*types), used)).all()


async def count_closed(session: AsyncSession, window: Window) -> Rows:
    """Return (day, owner_id, kind, deals, cents) of the deals that were won or lost."""
    return await _rows(session, CLOSED, window)


async def count_created(session: AsyncSession, window: Window) -> Rows:
    """Return (day, deals) of the new deals."""
    return await _rows(session, CREATED, window)


async def count_cohort(session: AsyncSession, window: Window, pipeline_id: UUID) -> Rows:
    """Return (day, furthest, deals): new deals of a funnel by the furthest stage that they have entered."""
    return await _rows(session, COHORT, window, pipeline=pipeline_id)


async def sum_open(session: AsyncSession, window: Window) -> Rows:
    """Return (stage_id, probability, deals, cents) of what is open now."""
    return await _rows(session, OPEN, window)


async def count_messages(session: AsyncSession, window: Window) -> Rows:
    """Return (day, received, sent) without notes; of an owner: what own conversations received, what one wrote."""
    if window.owner_id:
        return await _rows(session, MESSAGES_OF_OWNER, window)
    if not window.conversations.everything:
        return await _rows(session, MESSAGES_WITHIN_REACH, window)
    # One walk through the index per day: half the cost of sorting a million rows into days.
    starts = list(window.starts)
    return await _rows(session, MESSAGES, replace(window, starts=starts[:-1]), ends=starts[1:])


async def median_waits(session: AsyncSession, window: Window, zone: str) -> Rows:
    """Return median waits in seconds by local day, by author, and by weekday and hour, all of the question."""
    return await _rows(session, WAITS, window, zone=zone)


async def classify_waits(session: AsyncSession, window: Window, limits: Sequence[int]) -> Any:
    """Return (median, within, answers): the median wait in seconds, and how many were within each of `limits`."""
    # Filters on constants cost a tenth of `width_bucket` over an array.
    classes = ", ".join(f"count(*) FILTER (WHERE m.response_seconds <= {int(limit)})" for limit in limits)
    return (await _rows(session, WAIT_CLASSES.replace("{classes}", classes), window))[0]


async def list_stages(session: AsyncSession, window: Window, pipeline_id: UUID) -> Rows:
    """Return the stages of a funnel in their order."""
    return await _rows(session, STAGES, window, pipeline=pipeline_id)


async def list_pipelines(session: AsyncSession, window: Window) -> Rows:
    """Return (id, name, is_default) of the funnels in use, the default one first."""
    return await _rows(session, PIPELINES, window)


async def count_unassigned(session: AsyncSession, window: Window) -> int:
    """Return how many open conversations belong to nobody."""
    found: int = (await _rows(session, UNASSIGNED, window))[0][0]
    return found
