"""`prumo audit verify`: proves that nobody has changed the audit trails, nor the record of the platform."""

import asyncio
from typing import TYPE_CHECKING, Annotated
from uuid import UUID

import psycopg
import typer

from crm_app.cli.output import AsJson, Exit, complain, say, show
from crm_app.cli.standing import database

if TYPE_CHECKING:
    from crm_app.domains.accounts.trail.verification import Noted, Verification

_REMEDY = "See 'docs/operator/audit.md' before anything else is done with this database."
_NOT_THE_OWNER = "The platform's record is not shown to the role in DATABASE_APP_URL."
_AS_OWNER = "Set DATABASE_URL to the role that owns the tables, for this command only, or name an --organization."


def add_to(app: typer.Typer) -> None:
    """Register the commands."""
    audit = typer.Typer(help="The audit trail.", no_args_is_help=True, pretty_exceptions_enable=False)
    audit.callback()(_audit)
    audit.command()(verify)
    app.add_typer(audit, name="audit")


def _audit() -> None:
    """The audit trail."""


def verify(
    organization: Annotated[
        UUID | None, typer.Option(help="Id of one organization; without it, all, and the platform's record.")
    ] = None,
    platform: Annotated[bool, typer.Option("--platform", help="The platform's record alone.")] = False,
    noted: Annotated[
        str,
        typer.Option(
            help="NUMBER:HASH of an entry as you have noted it elsewhere (with --organization or --platform)."
        ),
    ] = "",
    as_json: AsJson = False,
) -> None:
    """Recompute every entry's hash and compare. Exit code 1, naming the first bad entry, after tampering."""
    anchor = _anchor(noted)
    if platform and organization is not None:
        raise typer.Exit(complain("--organization and --platform exclude each other.", code=Exit.USAGE))
    if anchor and organization is None and not platform:
        raise typer.Exit(complain("--noted needs --organization or --platform.", code=Exit.USAGE))
    with database() as settings:
        record = None if organization else asyncio.run(_verify_platform(settings.database_url, anchor))
        trails = [] if platform else asyncio.run(_verify(organization, anchor))
    results = [*trails, record] if record else trails
    broken = [one for one in results if not one.ok]
    if as_json:
        _show(trails, record)
    else:
        for one in results:
            say(_line(one))
    if broken:
        raise typer.Exit(
            complain(f"Tampered with: {len(broken)} of {len(results)}.", _REMEDY) if not as_json else Exit.FAILED
        )


def _show(trails: "list[Verification]", record: "Verification | None") -> None:
    told = [one.model_dump(mode="json") for one in trails]
    platform = record.model_dump(mode="json", exclude={"organization_id"}) if record else None
    ok = all(one.ok for one in trails) and (record is None or record.ok)
    show({"ok": ok, "organizations": told, "platform": platform}, as_json=True)


def _anchor(noted: str) -> "Noted | None":
    if not noted:
        return None
    number, colon, digest = noted.partition(":")
    if not (colon and number.isdecimal() and len(digest) == 64):
        raise typer.Exit(complain("--noted must be NUMBER:HASH, as 'verify' prints them.", code=Exit.USAGE))
    return int(number), digest


async def _verify_platform(owner: str | None, noted: "Noted | None") -> "Verification":
    from crm_app.core.database import libpq_url
    from crm_app.domains.accounts.trail.verification import verify_platform_chain

    if owner is None:  # half an answer must not look like a whole one
        raise typer.Exit(complain(_NOT_THE_OWNER, _AS_OWNER, code=Exit.USAGE))
    async with await psycopg.AsyncConnection.connect(libpq_url(owner)) as driver:
        return await verify_platform_chain(driver, noted=noted)


async def _verify(organization: UUID | None, noted: "Noted | None") -> "list[Verification]":
    from crm_app.config import get_settings
    from crm_app.core.database import system_unit_of_work
    from crm_app.core.errors import NotFound
    from crm_app.domains.accounts.permissions import system_actor
    from crm_app.domains.accounts.service import list_organization_ids
    from crm_app.domains.accounts.trail.verification import verify_chain
    from jobs.process import foundations

    async with foundations(get_settings()):
        async with system_unit_of_work() as session:
            known = await list_organization_ids(session)
        wanted = known if organization is None else [one for one in known if one == organization]
        if not wanted and organization is not None:
            raise NotFound(kind="organization")
        return [await verify_chain(system_actor(one), noted=noted) for one in wanted]


def _line(one: "Verification") -> str:
    whose = one.organization_id or "platform"
    if one.ok:
        return f"ok   {whose}  {one.entries}:{one.hash}"
    entry = f" (entry {one.entry_id})" if one.entry_id else ""
    return f"BAD  {whose}  {one.problem} at {one.sequence}{entry}"
