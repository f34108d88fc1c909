"""What the page of single sign-on knows: the organization's address name, and why the last try failed."""

import reflex as rx

from crm_app.core.i18n import has_sentence
from crm_app.pages.policy import PUBLIC, handler

TOLD = ("errors.sso.", "errors.accounts.", "errors.too_many", "errors.members.seats_taken", "errors.modules.sso")


class Sso(rx.State):
    """One try to come in through an organization's identity provider."""

    slug: str = ""
    problem: str = ""
    host: str = ""
    domain: str = ""
    limit: str = ""

    @handler(PUBLIC)
    async def open(self) -> None:
        """Read from the address what a failed try has left there."""
        asked = self.router.url.query_parameters
        key = str(asked.get("problem", ""))
        self.problem = key if key.startswith(TOLD) and has_sentence(key) else ""
        self.slug, self.host, self.domain, self.limit = (
            str(asked.get(name, ""))[:100] for name in ("slug", "host", "domain", "limit")
        )
