"""What the guard adds to one Reflex event: the same handler with and without it."""

from datetime import timedelta
from typing import Any

from reflex_base.event import Event
from reflex_base.utils.format import format_event_handler

from bench.api_server import UNTHROTTLED
from bench.harness import Report, Row, measure_beside
from crm_app.config import use_settings
from crm_app.core import hub
from crm_app.core.clock import utc_now
from crm_app.core.database import close_database, open_database, system_unit_of_work
from crm_app.core.migrations import migrate
from crm_app.core.postgres import start_throwaway
from crm_app.domains.accounts import service
from crm_app.domains.accounts.models import UserSession
from crm_app.domains.accounts.rules import hash_token, new_token
from crm_app.pages.session.toasts import Toasts

CLIENT = "bench-client"


async def _session_token() -> str:
    async with system_unit_of_work() as session:
        made = await service.create_organization(
            session, name="Bench", owner_email="bench@exemplo.com.br", password="senha-da-bancada"
        )
    token = new_token()
    async with system_unit_of_work() as session:
        session.add(
            UserSession(
                token_hash=hash_token(token),
                user_id=made.owner_id,
                organization_id=made.id,
                expires_at=utc_now() + timedelta(days=1),
            )
        )
    return token


def _event(cookie: str) -> Event:
    headers = {"cookie": f"prumo_session={cookie}"}
    router = {
        "pathname": "/",
        "asPath": "/",
        "sid": "bench",
        "ip": "203.0.113.7",
        "headers": headers,
        "token": CLIENT,
    }
    return Event(name=format_event_handler(Toasts.dismiss), payload={"toast_id": "none"}, router_data=router)


async def run() -> Report:
    """Send one event after the other through Reflex's own processor."""
    from crm_app.crm_app import app

    use_settings(event_rate=UNTHROTTLED)

    async def silent(*_: Any, **__: Any) -> None:
        """Swallow what would go to a browser."""

    report = Report("The guard, per event")
    with start_throwaway() as cluster:
        migrate(cluster.url)
        open_database(cluster.app_url)
        await hub.open_hub()
        token = await _session_token()
        app.event_namespace.emit_update = silent
        with app.set_contexts():
            async with app._setup_event_processor():
                guards = list(app._middlewares)

                async def send(middlewares: list[Any]) -> None:
                    app._middlewares = middlewares
                    future = await app.event_processor.enqueue(CLIENT, _event(token))
                    await future.wait_all()

                ours, bare = await measure_beside(lambda: send(guards), lambda: send([]), times=2000)
        await hub.close_hub()
        await close_database()
    report.rows.append(Row("event", ours, bare, "the same event without the guard"))
    added = Row("added by the guard", value=f"{ours.median - bare.median:.3f} ms", goal="< 1 ms")
    report.rows.append(added)
    return report
