"""The Reflex app: styles, pages, guard. A page long, no logic."""

from pathlib import Path
from typing import Any

import reflex as rx

from crm_app.api.app import build_api
from crm_app.api.observe import Observed
from crm_app.api.surface import Surface
from crm_app.pages.base import Page, pages
from crm_app.pages.failures import explain, note_browser_failure
from crm_app.pages.guard import Guard
from crm_app.pages.lifespan import connect_tabs
from crm_app.pages.routes import discover_pages
from crm_app.pages.session.notices import Notices
from crm_app.pages.session.shell import effects, with_frame
from crm_app.pages.session.state import Session
from crm_app.pages.simulator.dock import beside
from crm_app.ui.frame import OfflineBanner, error_boundary
from crm_app.ui.i18n import t
from jobs.process import web_process

ASSETS = Path(__file__).resolve().parent.parent / "assets"
FIRST_STYLES = ("tokens.css", "components.css", "parts.css")


WRAPS: Any = {
    (55, "ErrorBoundary"): lambda _stateful: error_boundary(),
    (5, "Overlay"): lambda stateful: rx.fragment(OfflineBanner.create()) if stateful else None,
}
"""What stands around every page instead of Reflex's own error page, connection modal and toasts."""


def _stylesheets() -> list[str]:
    others = sorted({path.name for path in (ASSETS / "css").glob("*.css")} - set(FIRST_STYLES))
    return [f"/css/{name}" for name in (*FIRST_STYLES, *others)]


def _add(app: rx.App, page: Page) -> None:
    def compose() -> rx.Component:
        shown = page.content()
        if page.shell:
            shown = with_frame(beside(shown, route=page.route), active=page.route, rail=page.rail)
        return rx.fragment(effects(), shown)

    # Reflex bundles the parts of a page by the module of its function: each screen in a chunk of its own.
    compose.__module__ = page.content.__module__
    first = [Session.enter(page.permission), *([Notices.begin] if page.shell else [])]
    title = t(page.title_key) + " · Prumo"
    app.add_page(compose, route=page.route, title=title, on_load=[*first, *page.on_load])


def build_app() -> rx.App:
    """Return the app with every page that `pages/*/page.py` declares."""
    app = rx.App(
        stylesheets=_stylesheets(),
        html_lang="pt-BR",
        html_custom_attrs={"class": "pr-app"},
        reset_style=False,
        toaster=None,
        app_wraps=WRAPS,
        head_components=[
            rx.el.script(src="/boot.js"),
            rx.el.link(rel="icon", href="/favicon.svg", type="image/svg+xml"),
        ],
        backend_exception_handler=explain,
        frontend_exception_handler=note_browser_failure,
        api_transformer=[build_api(), Surface, Observed],
    )
    app.register_lifespan_task(web_process)
    app.add_middleware(Guard())
    connect_tabs(app)
    discover_pages()
    for page in pages():
        _add(app, page)
    return app


app = build_app()
