"""What happened elsewhere and may concern this person: a customer wrote, a message failed, a number went down."""

from typing import Any
from uuid import UUID

import reflex as rx

from crm_app.core.clock import utc_now
from crm_app.core.errors import CrmError, NotFound
from crm_app.core.ids import new_id
from crm_app.domains.accounts.schemas import SupportView
from crm_app.domains.accounts.visits import support as support_visits
from crm_app.domains.inbox import service as inbox
from crm_app.pages import live
from crm_app.pages.base import PageState, handler
from crm_app.pages.current import current_actor
from crm_app.pages.policy import SIGNED_IN
from crm_app.pages.presence import presence
from crm_app.pages.routes import CHANNELS, INBOX, OWNERSHIP
from crm_app.pages.session.state import STAYING

MOST = 30
WATCHED = (
    "message.received",
    "message.status",
    "channel.status",
    "conversation.updated",
    "presence.online",
    "ownership.offer",
    "organization.state",
    "support.changed",
)
DOWN = frozenset({"disconnected", "failed"})


class Notices(PageState, rx.State):
    """The notices of this tab, the unread count in the navigation, and who else is here."""

    items: list[dict[str, Any]] = []
    unseen: int = 0
    unread: int = 0
    online: list[dict[str, str]] = []
    support_id: str = ""
    support_reason: str = ""
    support_until: str = ""

    @handler(SIGNED_IN)
    async def begin(self) -> None:
        """Start to listen; the frame calls it on every page load."""
        live.watch(self.__class__, WATCHED, {}, later=True)
        await self._be_at(f"page:{self.router.url.path}")
        self._read_online()
        await self._count_unread()

    @handler(SIGNED_IN)
    async def see(self, wish: bool) -> None:
        """The list was opened (or closed): what is in it has been seen."""
        if wish:
            self.unseen = 0

    @handler(SIGNED_IN)
    async def clear(self) -> None:
        """Empty the list."""
        self.items = []
        self.unseen = 0

    async def _on_fact(self, fact: dict[str, Any]) -> None:
        name = fact["name"]
        if name == "presence.online":
            self._read_online()
        elif name == "message.received":
            await self._on_message(fact)
        elif name == "message.status" and fact.get("status") == "failed":
            href = f"{INBOX}/{fact['conversation_id']}"
            await self._add("failed", fact, await self._who(fact), href)
        elif name == "channel.status" and fact.get("status") in DOWN:
            self._push("channel", "shell.notice.channel", {"name": fact.get("channel_name", "")}, CHANNELS)
        elif name in {"conversation.updated", "support.changed"}:
            await self._count_unread()
        elif name == "organization.state":
            await self._show_state(fact["after"])
        elif name == "ownership.offer" and fact["waiting"] and fact["user_id"] == str(current_actor().user_id):
            self._push("ownership", "shell.notice.ownership", {}, OWNERSHIP)

    async def _show_state(self, state: str) -> None:
        """Show or hide what the frame says about the organization; the guard knows better at the next event."""
        from crm_app.pages.session.state import Session

        (await self.get_state(Session)).organization_state = state

    async def _on_message(self, fact: dict[str, Any]) -> None:
        own_id = str(current_actor().user_id)
        concerns_me = fact.get("assignee_id") in (None, "", "None", own_id)
        reading = presence.at(fact["organization_id"], f"conversation:{fact['conversation_id']}")
        if concerns_me and own_id not in {person.user_id for person in reading}:
            await self._add("message", fact, await self._who(fact), f"{INBOX}/{fact['conversation_id']}")

    async def _add(self, kind: str, fact: dict[str, Any], name: str | None, href: str) -> None:
        if name is None:
            return
        same = [item for item in self.items if item["about"] == fact["conversation_id"] and item["kind"] == kind]
        self.items = [item for item in self.items if item not in same]
        self._push(kind, f"shell.notice.{kind}", {"name": name}, href, about=fact["conversation_id"])

    def _push(self, kind: str, key: str, data: dict[str, Any], href: str, about: str = "") -> None:
        moment = utc_now().isoformat()
        notice = {"id": str(new_id()), "kind": kind, "key": key, "data": data, "href": href}
        self.items = [{**notice, "at": moment, "about": about}, *self.items][:MOST]
        self.unseen += 1

    async def _who(self, fact: dict[str, Any]) -> str | None:
        """Return with whom the conversation is; None when it is out of reach: nothing of it is told."""
        try:
            async with self._work() as (session, actor):
                found = await inbox.get_conversation(session, actor, conversation_id=UUID(fact["conversation_id"]))
        except NotFound:
            return None
        except CrmError:
            return ""
        return found.contact_name

    async def _count_unread(self) -> None:
        try:
            async with self._work() as (session, actor):
                self._show_support(await support_visits.find_support(session, actor))
                self.unread = (await inbox.count_conversations(session, actor)).unread
        except CrmError:
            self.unread = 0

    def _show_support(self, found: SupportView | None) -> None:
        self.support_id = str(found.id) if found else ""
        self.support_reason = found.reason if found else ""
        self.support_until = found.expires_at.isoformat() if found else ""

    @handler("organization.manage")
    async def end_support(self) -> None:
        """Show the platform's support out, at once."""
        try:
            visit_id = UUID(self.support_id)
        except ValueError as error:
            raise NotFound(kind="visit") from error
        async with self._work() as (session, actor):
            await support_visits.end_support(session, actor, visit_id=visit_id)

    def _read_online(self) -> None:
        actor = current_actor()
        people = presence.online(str(actor.organization_id))
        self.online = [
            {"id": who.user_id, "name": who.name} for who in people if who.user_id != str(actor.user_id)
        ]


STAYING.append(Notices)
