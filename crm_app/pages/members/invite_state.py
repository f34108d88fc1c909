"""Inviting people, and the invitations that wait."""

from typing import Any
from uuid import UUID

import reflex as rx

from crm_app.core.errors import CrmError
from crm_app.domains.accounts.invitations import service as invitations
from crm_app.domains.accounts.invitations.views import InvitationOutcome, InvitationView
from crm_app.domains.accounts.roles import teams
from crm_app.pages.base import PageState, handler, notify
from crm_app.pages.members.state import MANAGE, member_id_of
from crm_app.ui.client import run

LONGEST_TEXT = 20_000


class InviteState(PageState, rx.State):
    """The line in which addresses are typed, what became of them, and who has not answered yet."""

    pending: list[dict[str, Any]] = []
    teams: list[dict[str, str]] = []
    outcomes: list[dict[str, str]] = []
    problem: str = ""
    limit: int = 0
    round: int = 0
    busy: bool = False

    @handler(MANAGE)
    async def load(self) -> None:
        """Read the invitations that wait."""
        self._watch("invitation.")
        await self._read()

    async def _read(self) -> None:
        async with self._work() as (session, actor):
            waiting = await invitations.list_invitations(session, actor)
            known = await teams.list_teams(session, actor)
        self.teams = [{"id": str(one.id), "name": one.name} for one in known]
        self.pending = [_row(one) for one in waiting]

    async def _on_fact(self, _fact: dict[str, Any]) -> None:
        """An invitation was sent, taken back or accepted."""
        await self._read()

    @handler(MANAGE)
    async def send(self, form: dict[str, Any]) -> None:
        """Invite everybody whose address was typed or pasted."""
        given = form if isinstance(form, dict) else {}
        typed = invitations.split_addresses(str(given.get("emails", ""))[:LONGEST_TEXT])
        self.problem, self.outcomes = "", []
        if not typed:
            self.problem = "members.invite.nobody"
            return
        try:
            team_ids = [UUID(given["team"])] if given.get("team") else []
            days = int(str(given.get("days", "")) or invitations.DEFAULT_DAYS)
            async with self._work() as (session, actor):
                outcomes = await invitations.invite(
                    session,
                    actor,
                    addresses=typed,
                    role=str(given.get("role", "")),
                    team_ids=team_ids,
                    days=days,
                    language=str(given.get("language", "")),
                )
        except (ValueError, AttributeError):
            self.problem = "errors.invalid"
        except CrmError as error:
            self.problem, self.limit = error.key, int(error.data.get("limit", 0))
        else:
            self.outcomes, self.round = [_outcome(one) for one in outcomes], self.round + 1

    @handler(MANAGE)
    async def forget_outcomes(self) -> None:
        """Close the list of what became of the last addresses."""
        self.outcomes = []

    @handler(MANAGE)
    async def resend(self, invitation_id: str) -> Any:
        """Send a fresh link; earlier ones stop working."""
        async with self._work() as (session, actor):
            done = await invitations.resend_invitation(session, actor, invitation_id=member_id_of(invitation_id))
        if not done.mailed:
            return notify("members.invite.no_mail", tone="info")
        return notify("members.invite.resent", email=done.email)

    @handler(MANAGE)
    async def copy(self, invitation_id: str) -> Any:
        """Make another link and put it into the clipboard."""
        async with self._work() as (session, actor):
            link = await invitations.make_link(session, actor, invitation_id=member_id_of(invitation_id))
        return [run("clipboard", "copyText", link.url), notify("members.invite.copied")]

    @handler(MANAGE)
    async def revoke(self, invitation_id: str) -> Any:
        """Take an invitation back."""
        async with self._work() as (session, actor):
            await invitations.revoke_invitation(session, actor, invitation_id=member_id_of(invitation_id))
        return notify("members.invite.revoked")


def _row(view: InvitationView) -> dict[str, Any]:
    return {
        "id": str(view.id),
        "email": view.email,
        "role": view.role,
        "role_name": view.role_name or "",
        "inviter": view.inviter_name,
        "sent_at": view.sent_at.isoformat(),
        "expires_at": view.expires_at.isoformat(),
    }


def _outcome(one: InvitationOutcome) -> dict[str, str]:
    mailed = one.mailed or one.outcome not in {"invited", "waiting"}
    return {"email": one.email, "outcome": one.outcome if mailed else "unsent"}
