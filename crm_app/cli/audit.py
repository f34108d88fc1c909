"""`prumo audit verify`: proves that nobody has changed the audit trail."""

import asyncio
from typing import TYPE_CHECKING, Annotated
from uuid import UUID

import typer

from crm_app.cli.output import AsJson, Exit, complain, say, show
from crm_app.cli.standing import database

if TYPE_CHECKING:
    from crm_app.domains.accounts.trail.verification import Verification

_REMEDY = "See 'docs/operator/audit.md' before anything else is done with this database."


def add_to(app: typer.Typer) -> None:
    """Register the commands."""
    audit = typer.Typer(help="The audit trail.", no_args_is_help=True, pretty_exceptions_enable=False)
    audit.callback()(_audit)
    audit.command()(verify)
    app.add_typer(audit, name="audit")


def _audit() -> None:
    """The audit trail."""


def verify(
    organization: Annotated[UUID | None, typer.Option(help="Id of one organization; without it, all.")] = None,
    noted: Annotated[
        str, typer.Option(help="NUMBER:HASH of an entry as you have noted it elsewhere (with --organization).")
    ] = "",
    as_json: AsJson = False,
) -> None:
    """Recompute every entry's hash and compare. Exit code 1, naming the first bad entry, after tampering."""
    anchor = _anchor(noted)
    if anchor and organization is None:
        raise typer.Exit(complain("--noted needs --organization.", code=Exit.USAGE))
    with database():
        results = asyncio.run(_verify(organization, anchor))
    broken = [one for one in results if not one.ok]
    if as_json:
        show({"ok": not broken, "organizations": [one.model_dump(mode="json") for one in results]}, as_json=True)
    else:
        for one in results:
            say(_line(one))
    if broken:
        raise typer.Exit(
            complain(f"Tampered with: {len(broken)} of {len(results)}.", _REMEDY) if not as_json else Exit.FAILED
        )


def _anchor(noted: str) -> tuple[int, str] | None:
    if not noted:
        return None
    number, colon, digest = noted.partition(":")
    if not (colon and number.isdecimal() and len(digest) == 64):
        raise typer.Exit(complain("--noted must be NUMBER:HASH, as 'verify' prints them.", code=Exit.USAGE))
    return int(number), digest


async def _verify(organization: UUID | None, noted: tuple[int, str] | None) -> "list[Verification]":
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
    if one.ok:
        return f"ok   {one.organization_id}  {one.entries}:{one.hash}"
    entry = f" (entry {one.entry_id})" if one.entry_id else ""
    return f"BAD  {one.organization_id}  {one.problem} at {one.sequence}{entry}"
