"""What these screens ask the server: whether letters can be sent, and whether strangers may sign up."""

import reflex as rx

from crm_app.config import get_settings
from crm_app.core.mail import mail_mode
from crm_app.pages.policy import PUBLIC, handler


class Access(rx.State):
    """What this installation offers to whoever is not signed in."""

    mail: str = "smtp"
    may_sign_up: bool = True

    @handler(PUBLIC)
    async def open(self) -> None:
        """Look at the settings."""
        self.mail = mail_mode()
        self.may_sign_up = get_settings().signup_open
