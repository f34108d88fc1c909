"""Who is signed in in this tab: what the interface may show of it. Filled by the guard, never by the client."""

from typing import Any
from urllib.parse import quote

import reflex as rx

from crm_app.core.database import unit_of_work
from crm_app.domains.accounts import service
from crm_app.domains.accounts.schemas import SignedIn
from crm_app.pages.current import current_actor
from crm_app.pages.live import bridge
from crm_app.pages.policy import ANY_SESSION, HELD, PLATFORM, PUBLIC, handler
from crm_app.pages.routes import LOGIN, PLATFORM_HOME, PROFILE, SUSPENDED
from crm_app.pages.session.looks import note_look

STAYING: list[type[rx.State]] = []
"""States of the frame, whose watches survive a change of page."""


class Session(rx.State):
    """The signed-in person and their organization, as vars for the interface."""

    signed_in: bool = False
    denied: bool = False
    missing_module: str = ""
    """Key of the module without which the page that was asked for is not shown."""
    must_set_factor: bool = False
    runs_platform: bool = False
    organization_state: str = ""
    at_rest: bool = False
    nowhere: bool = False
    user_id: str = ""
    user_name: str = ""
    user_email: str = ""
    role: str = ""
    permissions: list[str] = []
    withheld: dict[str, str] = {}
    """Permissions that the role gives and a missing module takes back, with that module's key."""
    organization_id: str = ""
    organization_name: str = ""
    time_zone: str = "America/Sao_Paulo"
    currency: str = "BRL"
    brand_hue: float = 284
    brand_chroma: float = 1
    is_demo: bool = False
    first_steps: bool = False
    visiting: str = ""
    """Why this tab looks through other eyes: `view_as`, `support`, or empty when it does not."""
    visit_until: str = ""
    leave_to: str = ""
    """Where the browser goes by a full load, since all that it shows is over: a path, or `.` for the same page."""
    _bound_to: str = ""

    @handler(PUBLIC)
    async def enter(self, permission: str) -> Any:
        """Open a page: send whoever is not signed in to the login, hide the page from whoever may not see it.

        Only what is shown is decided here. Each handler of the page is checked by itself.
        """
        bridge.leave(self.router.session.client_token, keep=STAYING)
        self.missing_module = ""
        if permission == PUBLIC:
            self.denied = False
            return None
        if not self.signed_in:
            return rx.redirect(f"{LOGIN}?next={quote(self.router.url.path)}", replace=True)
        if permission in (PLATFORM, HELD):
            self.denied = permission == PLATFORM and (not self.runs_platform or self.visiting != "")
            return None
        if self.nowhere and permission != ANY_SESSION:
            return rx.redirect(PLATFORM_HOME, replace=True)
        if self.at_rest:
            return rx.redirect(SUSPENDED, replace=True)
        if self.must_set_factor and permission != ANY_SESSION:
            return rx.redirect(PROFILE, replace=True)
        if self.visiting == "support":
            await note_look(self.router.url.path)
        own_account = permission == ANY_SESSION and self.visiting != ""
        self.denied = own_account or ("." in permission and permission not in self.permissions)
        self.missing_module = self.withheld.get(permission, "") if self.denied else ""
        return None

    @handler(HELD)
    async def keep_language(self, code: str) -> None:
        """Remember the language that the person has chosen, for other devices and for e-mails."""
        await _keep(locale=code)

    @handler(HELD)
    async def keep_theme(self, mode: str) -> None:
        """Remember the theme that the person has chosen."""
        await _keep(theme=mode)

    def _show(self, signed_in: SignedIn) -> None:
        """Fill the vars from a recognised session and bind this tab to it."""
        user, organization = signed_in.user, signed_in.organization
        self.signed_in = True
        self.user_id = str(user.id)
        self.user_name = user.name
        self.user_email = user.email
        self.role = signed_in.actor.role
        self.must_set_factor = signed_in.must_set_factor
        self.runs_platform = signed_in.runs_platform
        self.organization_state = organization.state
        self.at_rest = signed_in.at_rest
        self.nowhere = signed_in.nowhere
        # A visitor sees the controls that the person has; the guard and the services know what is barred.
        self.permissions = sorted(signed_in.actor.permissions | signed_in.actor.barred)
        self.withheld = dict(signed_in.actor.withheld)
        visit = signed_in.actor.visit
        self.visiting = visit.kind.value if visit else ""
        self.visit_until = visit.until.isoformat() if visit else ""
        self.organization_id = str(organization.id)
        self.organization_name = organization.name
        self.time_zone = organization.time_zone
        self.currency = organization.currency
        self.brand_hue = organization.brand_hue
        self.brand_chroma = organization.brand_chroma
        self.is_demo = organization.is_demo
        closed = organization.is_demo or organization.checklist_closed_at is not None
        self.first_steps = not closed and signed_in.actor.can("organization.manage")
        self.leave_to = ""
        self._bound_to = binding(signed_in)


def binding(signed_in: SignedIn | None) -> str:
    """Return to what a tab is tied: a session as it acts for one organization, or visits it. Empty for nobody."""
    if signed_in is None:
        return ""
    actor = signed_in.actor
    through = f"#{actor.visit.id}" if actor.visit else ""
    return f"{actor.session_id}@{actor.organization_id}{through}"


async def _keep(**choice: str) -> None:
    actor = current_actor()
    async with unit_of_work(actor, in_any_state=True) as session:
        await service.change_preferences(session, actor, **choice)


def allowed(permission: str) -> rx.Var[bool]:
    """Tell whether the signed-in person holds `permission`: to show or hide a control. The server checks again."""
    permissions: Any = Session.permissions
    return permissions.contains(permission)
