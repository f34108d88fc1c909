"""Letters as rows: those of the organization, or of everybody in the demo on one's own machine."""

from typing import Any
from uuid import UUID

import reflex as rx

from crm_app.core.database import system_unit_of_work
from crm_app.core.errors import NotFound
from crm_app.core.mail import mail_mode
from crm_app.core.mail.outbox import MailView, list_demo_mail, list_own_mail, retry_mail
from crm_app.pages.base import PUBLIC, PageState, handler, notify


def _row(mail: MailView) -> dict[str, Any]:
    return mail.model_dump(mode="json", exclude={"html", "attempts", "done_at"})


class OwnOutbox(PageState, rx.State):
    """The letters of the organization."""

    rows: list[dict[str, Any]] = []
    loading: bool = True
    failed: bool = False
    mode: str = "smtp"

    @handler("organization.manage")
    async def load(self) -> None:
        """Read the newest letters; runs on load and on retry."""
        self.mode = mail_mode()
        async with self._opening(), self._work() as (session, actor):
            self.rows = [_row(mail) for mail in await list_own_mail(session, actor)]

    @handler("organization.manage")
    async def send_again(self, mail_id: str) -> Any:
        """Have a failed letter sent again."""
        async with self._work() as (session, actor):
            await retry_mail(session, actor, mail_id=UUID(mail_id))
            self.rows = [_row(mail) for mail in await list_own_mail(session, actor)]
        return notify("outbox.queued")


class DemoOutbox(rx.State):
    """Every letter of a demo that nobody but this machine can reach."""

    rows: list[dict[str, Any]] = []
    loading: bool = True
    offered: bool = False

    @handler(PUBLIC)
    async def load(self) -> None:
        """Read the newest letters, if this is such a demo; the service decides, on every call."""
        try:
            async with system_unit_of_work() as session:
                self.rows = [_row(mail) for mail in await list_demo_mail(session)]
            self.offered = True
        except NotFound:
            self.rows, self.offered = [], False
        self.loading = False
