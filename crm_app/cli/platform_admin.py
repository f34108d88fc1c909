"""`prumo platform-admin`: who runs the platform. Only whoever runs the machine decides that, never a screen."""

from typing import Annotated, Any
from uuid import UUID

import psycopg
import typer
from psycopg.rows import dict_row
from psycopg.types.json import Jsonb

from crm_app.cli.output import AsJson, Exit, complain, say, show
from crm_app.cli.standing import database, owner_url
from crm_app.core.ids import new_id

Email = Annotated[str, typer.Option(help="E-mail address of an account that exists.")]

_FIND = "SELECT id, email FROM app_user WHERE email = %s"
_GRANT = "INSERT INTO platform_admin (user_id, granted_at) VALUES (%s, now()) ON CONFLICT DO NOTHING"
_REVOKE = "DELETE FROM platform_admin WHERE user_id = %s"
_NOTE = """
INSERT INTO platform_entry (id, created_at, user_id, action, after, ip, trace_id)
VALUES (%s, clock_timestamp(), NULL, %s, %s, '', '')"""
_LIST = """
SELECT u.id, u.email, u.name, a.granted_at FROM platform_admin a
JOIN app_user u ON u.id = a.user_id ORDER BY u.email"""
# A person's factors are shown to that person alone, and the owner of the tables is bound by that, too.
_AS = "SELECT set_config('app.user_id', %s, true)"
_HAS_FACTOR = """
SELECT EXISTS (SELECT FROM totp_factor WHERE user_id = %(id)s AND confirmed_at IS NOT NULL)
    OR EXISTS (SELECT FROM passkey WHERE user_id = %(id)s) AS second_factor"""


def add_to(app: typer.Typer) -> None:
    """Register the commands."""
    group = typer.Typer(help="Who runs the platform.", no_args_is_help=True, pretty_exceptions_enable=False)
    group.callback()(_platform_admin)
    group.command()(grant)
    group.command()(revoke)
    group.command("list")(list_admins)
    app.add_typer(group, name="platform-admin")


def _platform_admin() -> None:
    """Who runs the platform."""


def grant(email: Email, as_json: AsJson = False) -> None:
    """Make an account an administrator of the platform. Safe to repeat."""
    show({"email": email, "changed": _change(email, _GRANT, "admin.grant")}, as_json=as_json)


def revoke(email: Email, as_json: AsJson = False) -> None:
    """Take it back; the doors of the platform are shut at once, also for a session that is open."""
    show({"email": email, "changed": _change(email, _REVOKE, "admin.revoke")}, as_json=as_json)


def _change(email: str, statement: str, action: str) -> bool:
    with database() as settings, psycopg.connect(owner_url(settings)) as owner:
        found = owner.execute(_FIND, (email.strip().lower(),)).fetchone()
        if found is None:
            raise typer.Exit(complain(f"Nobody has an account with {email}.", code=Exit.REFUSED))
        changed = owner.execute(statement, (found[0],)).rowcount == 1
        if changed:
            note(owner, action, email=found[1])
        return changed


def note(owner: psycopg.Connection[Any], action: str, *, email: str) -> None:
    """Write into the platform's record what whoever runs the machine did about an account."""
    owner.execute(_NOTE, (new_id(), action, Jsonb({"email": email})))


def list_admins(as_json: AsJson = False) -> None:
    """List the administrators of the platform, and whether each has a second factor."""
    with database() as settings, psycopg.connect(owner_url(settings), row_factory=dict_row) as owner:
        admins = [{**one, **_factor(owner, one["id"])} for one in owner.execute(_LIST).fetchall()]
    if as_json:
        show({"admins": admins}, as_json=True)
        return
    for one in admins:
        factor = "second factor" if one["second_factor"] else "NO second factor"
        say(f"{one['email']}  {one['name']}  since {one['granted_at']:%Y-%m-%d}  {factor}")


def _factor(owner: psycopg.Connection[dict[str, Any]], user_id: UUID) -> dict[str, Any]:
    owner.execute(_AS, (str(user_id),))
    return owner.execute(_HAS_FACTOR, {"id": user_id}).fetchone() or {}
