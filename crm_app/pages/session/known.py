"""The session behind a websocket: its token in the handshake's cookies, and who is known by it."""

from http.cookies import CookieError, SimpleCookie

from crm_app.core.cookies import SESSION
from crm_app.domains.accounts.sessions.known import known_sessions

__all__ = ["known_sessions", "session_token"]


def session_token(cookie_header: str) -> str:
    """Return the session token inside a Cookie header, or an empty string."""
    name = SESSION.name
    if name not in cookie_header:
        return ""
    try:
        morsel = SimpleCookie(cookie_header).get(name)
    except CookieError:
        return ""
    return morsel.value if morsel is not None and len(morsel.value) <= 200 else ""
