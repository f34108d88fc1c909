"""The person's own account: name, password, and the browsers that are signed in."""

from typing import Any
from uuid import UUID

import reflex as rx

from crm_app.core.errors import CrmError, Invalid, NotFound
from crm_app.domains.accounts import own_account
from crm_app.domains.accounts.factors import step_up
from crm_app.domains.accounts.factors.errors import ProofNeeded
from crm_app.domains.accounts.schemas import SessionView
from crm_app.domains.accounts.sessions import service as own_sessions
from crm_app.pages.base import ANY_SESSION, PageState, handler, notify
from crm_app.pages.current import current_actor
from crm_app.pages.session.proof import ask_for_proof
from crm_app.pages.session.state import Session


def id_of(value: Any, kind: str) -> UUID:
    """Return the id in a handler's argument. Raises `NotFound` for anything else."""
    try:
        return UUID(str(value))
    except ValueError as error:
        raise NotFound(kind=kind) from error


class ProfileState(PageState, rx.State):
    """Name, password and sessions."""

    name: str = ""
    name_error: str = ""
    sessions: list[dict[str, Any]] = []
    loading: bool = True
    failed: bool = False
    changing: bool = False
    password_error: str = ""
    password_data: dict[str, Any] = {}

    @handler(ANY_SESSION)
    async def load(self) -> None:
        """Read name and sessions; runs on load and on retry."""
        self._watch("session.revoked", user_id=str(current_actor().user_id))
        session: Any = await self.get_state(Session)
        self.name = session.user_name
        async with self._opening():
            await self._read()

    async def _read(self) -> None:
        async with self._work() as (session, actor):
            found = await own_sessions.list_sessions(session, actor)
        self.sessions = [_row(one) for one in found]

    async def _on_fact(self, _fact: dict[str, Any]) -> None:
        """A session of this person has ended elsewhere."""
        await self._read()

    @handler(ANY_SESSION)
    async def rename(self, form: dict[str, Any]) -> Any:
        """Keep another name."""
        wanted = str(form.get("name", "")) if isinstance(form, dict) else ""
        try:
            async with self._work() as (session, actor):
                view = await own_account.change_name(session, actor, name=wanted)
        except Invalid as error:
            self.name_error = error.key
            return None
        session_state: Any = await self.get_state(Session)
        self.name = session_state.user_name = view.name
        self.name_error = ""
        return notify("profile.you.saved")

    @handler(ANY_SESSION)
    async def close_password(self, wish: bool) -> None:
        """Close the dialog for a new password."""
        if not wish:
            self.changing, self.password_error, self.password_data = False, "", {}

    @handler(ANY_SESSION)
    async def begin_password(self) -> None:
        """Open the dialog for a new password, once it is clear who wants it."""
        try:
            async with self._work() as (session, actor):
                await step_up.require_proof(session, actor)
        except ProofNeeded:
            await ask_for_proof(self, ProfileState.begin_password())
            return
        self.changing, self.password_error = True, ""

    @handler(ANY_SESSION)
    async def change_password(self, form: dict[str, Any]) -> Any:
        """Keep a new password; every other session of this person ends."""
        given = form if isinstance(form, dict) else {}
        wanted = str(given.get("password", ""))
        if wanted != str(given.get("again", "")):
            self.password_error, self.password_data = "profile.password.differs", {}
            return None
        try:
            async with self._work() as (session, actor):
                ended = await own_account.change_password(session, actor, password=wanted)
        except ProofNeeded:
            # The form is not sent again by itself: a password must not wait in the server's memory.
            self.changing = False
            await ask_for_proof(self, ProfileState.begin_password())
            return None
        except CrmError as error:
            plain = {name: one for name, one in error.data.items() if isinstance(one, str | int | float)}
            self.password_error, self.password_data = error.key, plain
            return None
        self.changing = False
        await self._read()
        return notify("profile.password.changed", count=ended)

    @handler(ANY_SESSION)
    async def end_session(self, session_id: str) -> Any:
        """End one other session."""
        wanted = id_of(session_id, "session")
        try:
            async with self._work() as (session, actor):
                await own_sessions.end_session(session, actor, user_session_id=wanted)
        except ProofNeeded:
            await ask_for_proof(self, ProfileState.end_session(str(wanted)))
            return None
        await self._read()
        return notify("profile.sessions.ended", count=1)

    @handler(ANY_SESSION)
    async def end_others(self) -> Any:
        """End every session but this one."""
        try:
            async with self._work() as (session, actor):
                ended = await own_sessions.end_other_sessions(session, actor)
        except ProofNeeded:
            await ask_for_proof(self, ProfileState.end_others())
            return None
        await self._read()
        return notify("profile.sessions.ended", count=ended)


def _row(view: SessionView) -> dict[str, Any]:
    return {
        "id": str(view.id),
        "browser": view.device.browser,
        "system": " ".join(part for part in (view.device.model, view.device.system) if part),
        "kind": view.device.kind,
        "network": view.network,
        "local": view.is_local,
        "same": view.same_network,
        "began": view.created_at.isoformat(),
        "seen": view.last_seen_at.isoformat(),
        "current": view.is_current,
    }
