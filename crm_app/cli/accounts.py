"""`prumo forget-factors`: for somebody who has lost the phone and the recovery codes."""

import asyncio
from typing import Annotated, Any

import psycopg
import typer

from crm_app.cli.output import AsJson, show
from crm_app.cli.platform_admin import note
from crm_app.cli.standing import database, owner_url


def add_to(app: typer.Typer) -> None:
    """Register the command."""
    app.command("forget-factors")(forget_factors)


def forget_factors(
    email: Annotated[str, typer.Option(help="E-mail address of the account.")], as_json: AsJson = False
) -> None:
    """Take away an account's second factors and end its sessions. First make sure who asks, by another way.

    The person gets a letter about it, and signs in with the password alone until they set up a new factor.
    """
    with database() as settings, psycopg.connect(owner_url(settings)) as owner:
        note(owner, "account.factors_forgotten", email=email.strip().lower())  # committed only if the rest is done
        forgotten = asyncio.run(_forget(email))
    show(forgotten, as_json=as_json)


async def _forget(email: str) -> dict[str, Any]:
    from crm_app.config import get_settings
    from crm_app.core.database import system_unit_of_work
    from crm_app.domains.accounts.factors.lost import forget_lost_factors
    from jobs.process import foundations

    async with foundations(get_settings()), system_unit_of_work() as session:
        kinds = await forget_lost_factors(session, email=email)
    return {"email": email, "forgotten": sorted(kinds)}
