"""One question to the organization's data: what has happened here already?"""

from uuid import UUID

from sqlalchemy.ext.asyncio import AsyncSession

from crm_app.core.sql import Row, fetch_one, fetch_value, run

_HAPPENED = """
SELECT
    (SELECT email_verified_at IS NOT NULL FROM app_user WHERE id = %(user)s) AS email,
    EXISTS (SELECT FROM channel WHERE organization_id = %(organization)s AND archived_at IS NULL
            AND status = 'connected') AS channel,
    EXISTS (SELECT FROM membership WHERE organization_id = %(organization)s AND user_id <> %(user)s) AS team,
    EXISTS (SELECT FROM deal WHERE organization_id = %(organization)s) AS deal,
    EXISTS (SELECT FROM message WHERE organization_id = %(organization)s AND direction = 'out') AS message,
    (SELECT is_demo OR checklist_closed_at IS NOT NULL FROM organization
     WHERE id = %(organization)s) AS closed"""
_CLOSE = """
UPDATE organization SET checklist_closed_at = now() WHERE id = %(organization)s AND checklist_closed_at IS NULL"""


async def what_happened(session: AsyncSession, organization_id: UUID, user_id: UUID | None) -> Row:
    """Return one truth per step, and whether the list was closed."""
    row = await fetch_one(session, _HAPPENED, {"organization": organization_id, "user": user_id})
    return row or {}


async def settle(session: AsyncSession) -> bool:
    """Let the transaction's organization be active when it was taking its first steps; tells whether it was."""
    return bool(await fetch_value(session, "SELECT settle_organization()", {}))


async def close(session: AsyncSession, organization_id: UUID) -> int:
    """Close the list; returns 1 when it was open."""
    return await run(session, _CLOSE, {"organization": organization_id})
