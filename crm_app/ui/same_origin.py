"""Makes the built front end talk to whatever address it was loaded from: one build serves every port and host.

Reflex bakes the address of the back end into its JavaScript and only corrects the host name. Here host, port and
scheme all come from the page's own address.
"""

from typing import Any

import reflex as rx

from crm_app.ui.reflex_source import replace_once

ANY_ADDRESS = "http://localhost:3000"
"""Baked into the build and replaced in the browser; constant, so that the build does not depend on the port."""

STATE_MODULE = "utils/state.js"
_BAKED = "    endpoint.hostname = frontend_hostname;\n"
_OWN = "    endpoint.hostname = frontend_hostname;\n    endpoint.port = window.location.port;\n"


def use_own_origin(source: str) -> str:
    """Return Reflex's `state.js` with the page's own port, too. Raises `ValueError` when it has changed."""
    return replace_once(source, _BAKED, _OWN, file=STATE_MODULE)


class SameOrigin(rx.plugins.Plugin):
    """Applies `use_own_origin` to every build."""

    def pre_compile(self, **context: Any) -> None:
        """Ask Reflex to change its module while it writes the front end."""
        context["add_modify_task"](STATE_MODULE, use_own_origin)
