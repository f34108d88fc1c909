"""Commands that change data: migrate, seed the demo, create an organization or a channel."""

import asyncio
import json
from typing import Annotated, Any
from uuid import UUID

import typer

from crm_app.cli.output import AsJson, Exit, complain, show
from crm_app.cli.standing import database, owner_url


def add_to(app: typer.Typer) -> None:
    """Register the commands."""
    app.command()(migrate)
    app.command("seed-demo")(seed_demo)
    app.command("create-organization")(create_organization)
    app.command("create-channel")(create_channel)
    app.command(hidden=True)(prepare)


def migrate(as_json: AsJson = False) -> None:
    """Bring the database to the schema of this version. Safe to repeat, also from several processes at once."""
    from crm_app.core.migrations import migrate as upgrade
    from crm_app.core.migrations import wanted_revision

    with database() as settings:
        upgrade(owner_url(settings))
    show({"revision": wanted_revision()}, as_json=as_json)


def prepare() -> None:
    """Migrate, and fill an empty database with the demo when that is wanted (part of 'prumo run').

    Prints the demo's logins as JSON, an empty list when the demo is not there.
    """
    from crm_app.core.migrations import migrate as upgrade
    from crm_app.demo.platform import settle_administrator

    logins: list[dict[str, Any]] = []
    with database() as settings:
        upgrade(owner_url(settings))
        if settings.demo:
            logins, seeded = asyncio.run(_demo_logins())
            settle_administrator(owner_url(settings), seeded=seeded, local=settings.shows_outbox)
    show({"logins": logins}, as_json=True)


def seed_demo(as_json: AsJson = False) -> None:
    """Fill the database with the demo organization, unless it is there."""
    from crm_app.core.migrations import migrate as upgrade
    from crm_app.demo.platform import settle_administrator

    with database() as settings:
        upgrade(owner_url(settings))
        seeded = asyncio.run(_seed(only_empty=False))
        settle_administrator(owner_url(settings), seeded=seeded["created"], local=settings.shows_outbox)
    show(seeded, as_json=as_json)


async def _seed(*, only_empty: bool) -> dict[str, Any]:
    from crm_app.config import get_settings
    from crm_app.demo.seed import seed_demo_organization
    from jobs.process import foundations

    async with foundations(get_settings()):
        return await seed_demo_organization(only_empty=only_empty)


async def _demo_logins() -> tuple[list[dict[str, Any]], bool]:
    """Seed if the database is empty; return who can sign in when the demo is there."""
    from crm_app.config import get_settings
    from crm_app.core.database import system_unit_of_work
    from crm_app.demo.seed import seed_demo_organization
    from crm_app.domains.accounts.repository import find_user_by_email
    from jobs.process import foundations

    async with foundations(get_settings()):
        summary = await seed_demo_organization(only_empty=True)
        async with system_unit_of_work() as session:
            if await find_user_by_email(session, summary["logins"][0]["email"]) is None:
                return [], False
    return [{**login, "password": summary["password"]} for login in summary["logins"]], bool(summary["created"])


def create_organization(
    name: Annotated[str, typer.Option(help="Its name, as people see it.")],
    owner_email: Annotated[str, typer.Option(help="E-mail address with which the owner signs in.")],
    password: Annotated[
        str, typer.Option(help="The owner's password, 10 characters or more; asked for when left out.")
    ] = "",
    as_json: AsJson = False,
) -> None:
    """Create an organization and its owner. Prints id, slug and owner_id."""
    secret = password or typer.prompt("Password", hide_input=True, confirmation_prompt=True)
    with database():
        created = asyncio.run(_create_organization(name, owner_email, secret))
    show(created, as_json=as_json)


async def _create_organization(name: str, owner_email: str, password: str) -> dict[str, Any]:
    from crm_app.config import get_settings
    from crm_app.core.database import system_unit_of_work
    from crm_app.core.i18n import DEFAULT_LANGUAGE
    from crm_app.domains.accounts import service
    from crm_app.domains.accounts.permissions import system_actor
    from crm_app.domains.pipeline.service import create_default_pipeline
    from jobs.process import foundations

    async with foundations(get_settings()), system_unit_of_work() as session:
        created = await service.create_organization(session, name=name, owner_email=owner_email, password=password)
        await create_default_pipeline(session, system_actor(created.id), language=DEFAULT_LANGUAGE)
    return {"id": str(created.id), "slug": created.slug, "owner_id": str(created.owner_id)}


def create_channel(
    organization: Annotated[UUID, typer.Option(help="Id of the organization.")],
    provider: Annotated[str, typer.Option(help="simulator or waha.")],
    name: Annotated[str, typer.Option(help="Its name, as people see it.")],
    config: Annotated[
        str, typer.Option(help='What the provider needs, as JSON; WAHA: {"base_url", "api_key", "session"}.')
    ] = "{}",
    as_json: AsJson = False,
) -> None:
    """Create a channel. Prints id, webhook_path and secret (the key of the webhook's signature)."""
    try:
        wanted = json.loads(config)
    except json.JSONDecodeError as error:
        raise typer.Exit(complain(f"--config is not JSON: {error}", code=Exit.USAGE)) from error
    if not isinstance(wanted, dict):
        raise typer.Exit(complain("--config must be a JSON object.", code=Exit.USAGE))
    with database():
        created = asyncio.run(_create_channel(organization, provider, name, wanted))
    show(created, as_json=as_json)


async def _create_channel(organization: UUID, provider: str, name: str, config: dict[str, Any]) -> dict[str, Any]:
    from crm_app.config import get_settings
    from crm_app.core.database import unit_of_work
    from crm_app.core.tenancy import Actor
    from crm_app.domains.accounts.models import Role
    from crm_app.domains.accounts.permissions import permissions_of
    from crm_app.domains.channels import service
    from jobs.process import foundations

    operator = Actor(organization, None, Role.OWNER, permissions_of(Role.OWNER))
    async with foundations(get_settings()), unit_of_work(operator) as session:
        # Whoever may run this command runs the machine: a server on a private address is opened for this channel.
        created = await service.create_channel(
            session, operator, provider=provider, name=name, config=config, trusted=True
        )
    return {"id": str(created.id), "webhook_path": created.webhook_path, "secret": created.secret}
