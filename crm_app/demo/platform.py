"""Who runs the platform of the demo: an account of nobody's organization, with the demo's password."""

import psycopg
from sqlalchemy.ext.asyncio import AsyncSession

from crm_app.core.clock import utc_now
from crm_app.domains.accounts.entry import passwords
from crm_app.domains.accounts.models import User
from crm_app.domains.accounts.repository import find_user_by_email

EMAIL = "plataforma@prumo.demo"
NAME = "Plataforma Prumo"

_GRANT = """
INSERT INTO platform_admin (user_id, granted_at) SELECT id, now() FROM app_user WHERE email = %s
ON CONFLICT DO NOTHING"""
_REVOKE = "DELETE FROM platform_admin a USING app_user u WHERE u.id = a.user_id AND u.email = %s"


async def add_account(session: AsyncSession, *, password: str) -> None:
    """Add the account unless it is there; being an administrator is the owner of the tables' to give."""
    if await find_user_by_email(session, EMAIL) is not None:
        return
    hashed = await passwords.hash_password(password)
    session.add(User(email=EMAIL, name=NAME, password_hash=hashed, email_verified_at=utc_now()))
    await session.flush()


def settle_administrator(owner_url: str, *, seeded: bool, local: bool) -> None:
    """Let the account run the platform of a demo that was just made and that only this machine can reach.

    Everybody knows its password: where others can reach the installation, it runs nothing (any more).
    """
    if seeded or not local:
        with psycopg.connect(owner_url) as owner:
            owner.execute(_GRANT if local else _REVOKE, (EMAIL,))
