"""The gate in front of every event handler: who is it, and may they? Default deny.

Reflex calls `preprocess` for every event that reaches a handler: from the socket, chained by another handler,
in the background, from an upload. It runs in the event's own task, so what it binds holds for the handler too.
"""

import reflex as rx
import structlog
from reflex.middleware import Middleware
from reflex.state import BaseState, State, StateUpdate
from reflex_base.event import Event, EventSpec
from reflex_base.event.context import EventContext
from structlog.contextvars import bind_contextvars

from crm_app.config import get_settings
from crm_app.core.errors import TooManyRequests
from crm_app.core.limits import Throttle
from crm_app.domains.accounts.schemas import SignedIn
from crm_app.pages.current import bind_actor
from crm_app.pages.policy import (
    ANY_SESSION,
    ANY_TAB,
    HELD,
    PLATFORM,
    PUBLIC,
    SIGNED_IN,
    VISITING,
    is_quiet,
    registered_permission,
)
from crm_app.pages.routes import HOME, LOGIN, PLATFORM_HOME, PROFILE, SUSPENDED
from crm_app.pages.session.known import known_sessions, session_token
from crm_app.pages.session.state import Session, binding
from crm_app.pages.session.toasts import notify

log = structlog.get_logger(__name__)

_by_sender = Throttle("events", lambda: get_settings().event_rate)

_ROOT = "reflex___state____state"
HYDRATE = f"{_ROOT}.hydrate_and_load"
FRAMEWORK_EVENTS = frozenset(
    {
        HYDRATE,
        f"{_ROOT}.hydrate",
        f"{_ROOT}.reflex___state____on_load_internal_state.on_load_internal",
        f"{_ROOT}.reflex___state____on_load_internal_state.set_is_hydrated",
        f"{_ROOT}.reflex___state____frontend_event_exception_state.handle_frontend_exception",
    }
)
"""What Reflex itself sends. None of these reads or writes anything but this tab's own state."""


class Guard(Middleware):
    """Recognises the session behind each event and holds the handler's declared permission against it."""

    async def preprocess(self, app: rx.App, state: BaseState, event: Event) -> StateUpdate | None:  # noqa: ARG002
        """Let the event pass (None), or answer it instead of its handler."""
        signed_in = await _recognise()
        try:
            await _count(signed_in)
        except TooManyRequests as hurry:
            return StateUpdate(events=_events(notify(hurry.key, tone="error", **hurry.data)))
        bind_actor(signed_in.actor if signed_in else None)
        root = state._get_root_state()
        wiped = await _bind_tab(root, signed_in, fresh=event.name == HYDRATE)
        permission = PUBLIC if event.name in FRAMEWORK_EVENTS else registered_permission(event.name)
        if wiped and signed_in is not None and event.name != HYDRATE:
            return await _begin_anew(root)  # meant for what the tab showed before, of another organization
        if permission is not None and _may(permission, signed_in):
            return None
        if signed_in is None and (permission is not None or wiped):
            return await _send_to_login(root, wiped)
        kept_to = _kept_to(signed_in) if signed_in is not None and permission != PLATFORM else ""
        if kept_to:
            return _send_to(kept_to)
        if signed_in is not None and signed_in.actor.visit is not None and is_quiet(event.name):
            return StateUpdate()
        log.warning("event refused", event_name=event.name, permission=permission)
        if signed_in is not None and (await root.get_state(Session)).denied:
            return StateUpdate()  # the page says so already
        return StateUpdate(events=_events(_refusal(permission, signed_in)) if signed_in else [])


def _may(permission: str, signed_in: SignedIn | None) -> bool:
    if permission == PUBLIC:
        return True
    if signed_in is None or permission == ANY_TAB:
        return signed_in is not None
    if signed_in.actor.visit is not None:
        return _may_visitor(permission, signed_in)
    if permission == HELD:
        return True
    if permission == PLATFORM:
        return signed_in.runs_platform
    if signed_in.at_rest or permission == VISITING:
        return False
    if permission == ANY_SESSION:
        return True
    if signed_in.must_set_factor or signed_in.nowhere:
        return False
    return permission == SIGNED_IN or signed_in.actor.can(permission)


def _refusal(permission: str | None, signed_in: SignedIn) -> EventSpec:
    if signed_in.actor.visit is not None:
        return notify("errors.read_only", tone="error")
    missing = signed_in.actor.withheld.get(permission or "")
    return notify(f"errors.modules.{missing}" if missing else "errors.forbidden", tone="error")


def _may_visitor(permission: str, signed_in: SignedIn) -> bool:
    """Tell what a visitor may call: what belongs to a person's own account is no part of what they see."""
    if permission in {ANY_SESSION, HELD, PLATFORM}:
        return False
    return permission in {SIGNED_IN, VISITING} or signed_in.actor.can(permission)


def _kept_to(signed_in: SignedIn) -> str:
    """Return the one screen that is open to the person, empty when there is no such limit."""
    if signed_in.nowhere:
        return PLATFORM_HOME
    if signed_in.at_rest:
        return SUSPENDED
    return PROFILE if signed_in.must_set_factor else ""


async def _recognise() -> SignedIn | None:
    """Return who sends the event that is running, by the cookie of its websocket handshake."""
    context = EventContext.get()
    headers = context.router_data.get("headers") or {}
    token = session_token(headers.get("cookie", ""))
    signed_in = await known_sessions.resolve(token) if token else None
    bind_contextvars(
        trace_id=context.txid,
        ip=str(context.router_data.get("ip", "")),
        organization_id=str(signed_in.actor.organization_id) if signed_in else "",
        user_id=str(signed_in.actor.user_id) if signed_in else "",
    )
    return signed_in


async def _count(signed_in: SignedIn | None) -> None:
    """Count what came over the socket; what handlers send on by themselves is not anybody's hurry."""
    context = EventContext.get()
    if context.parent_txid is None:
        address = f"ip:{context.router_data.get('ip', '')}"
        await _by_sender.hit(str(signed_in.own_actor.session_id) if signed_in else address)


async def _bind_tab(root: BaseState, signed_in: SignedIn | None, *, fresh: bool) -> bool:
    """Tie this tab to one session in one organization; state that belongs to another one is wiped first."""
    session = await root.get_state(Session)
    current = binding(signed_in)
    wiped = bool(session._bound_to) and session._bound_to != current
    if wiped:
        await wipe(root, stay_hydrated=not fresh)
        session = await root.get_state(Session)
    if signed_in is not None:
        shown = (session._bound_to, session.must_set_factor, session.organization_state, session.runs_platform)
        known = (current, signed_in.must_set_factor, signed_in.organization.state, signed_in.runs_platform)
        changed = shown != known
        if fresh or changed:
            session._show(signed_in)
    return wiped


async def wipe(root: BaseState, *, stay_hydrated: bool) -> None:
    """Put every var of a tab back to its default, in all states, also those that Redis holds apart."""
    hydrated = getattr(root, "is_hydrated", False)
    pending: list[type[BaseState]] = [State]
    while pending:
        current = pending.pop()
        await root.get_state(current)
        pending.extend(current.get_substates())
    root.reset()
    if stay_hydrated and isinstance(root, State):
        root.is_hydrated = hydrated


async def _begin_anew(root: BaseState) -> StateUpdate:
    (await root.get_state(Session)).leave_to = HOME
    delta = await root._get_resolved_delta()
    root._clean()
    return StateUpdate(delta=delta)


async def _send_to_login(root: BaseState, wiped: bool) -> StateUpdate:
    # The chained events of a page's load stay silent: `Session.enter` already redirects, with the way back.
    if EventContext.get().parent_txid is not None and not wiped:
        return StateUpdate()
    delta = {}
    if wiped:
        delta = await root._get_resolved_delta()
        root._clean()
    return StateUpdate(delta=delta, events=_events(rx.redirect(LOGIN, replace=True)))


def _send_to(route: str) -> StateUpdate:
    # As above: what a page's load chains stays silent, `Session.enter` has sent the tab away already.
    if EventContext.get().parent_txid is not None:
        return StateUpdate()
    return StateUpdate(events=_events(rx.redirect(route, replace=True)))


def _events(spec: EventSpec) -> list[Event]:
    return Event.from_event_type([spec])
