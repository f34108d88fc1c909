"""What the login page asks the server: only whether this is the demo. Signing in itself goes through the API."""

from typing import Any

import reflex as rx

from crm_app.config import get_settings
from crm_app.core.database import system_unit_of_work
from crm_app.demo import seed
from crm_app.pages.policy import PUBLIC, handler
from crm_app.pages.routes import HOME
from crm_app.pages.session.state import Session


class Login(rx.State):
    """The logins of the demo, in case there is one."""

    demo: list[dict[str, str]] = []
    demo_password: str = ""
    may_sign_up: bool = False

    @handler(PUBLIC)
    async def open(self) -> Any:
        """Send on whoever is signed in already; else offer the demo's people when the demo is there."""
        session = await self.get_state(Session)
        if session.signed_in:
            return rx.redirect(HOME, replace=True)
        self.may_sign_up = get_settings().signup_open
        if get_settings().demo:
            await self._offer_demo()
        return None

    async def _offer_demo(self) -> None:
        async with system_unit_of_work() as session:
            logins = await seed.demo_logins(session)
        self.demo = [{"name": one.name, "email": one.email, "role": one.role} for one in logins]
        self.demo_password = seed.PASSWORD if logins else ""
