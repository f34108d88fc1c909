"""Keeps the front end in few files: a page that loads thirty small ones waits for thirty answers.

Vite puts what several pages share into a file of its own, each icon too. Here all icons become one file.
"""

from typing import Any

import reflex as rx

from crm_app.ui.reflex_source import replace_once

VITE_CONFIG = "vite.config.js"
_GROUPS = "          groups: [\n"
_ICONS = '            { test: /node_modules\\/lucide-react/, name: "icons" },\n'


def keep_icons_together(source: str) -> str:
    """Return Reflex's Vite configuration with one file for all icons. Raises `ValueError` when it has changed."""
    return replace_once(source, _GROUPS, _GROUPS + _ICONS, file=VITE_CONFIG)


class FewChunks(rx.plugins.Plugin):
    """Applies `keep_icons_together` to every build."""

    def pre_compile(self, **context: Any) -> None:
        """Ask Reflex to change its module while it writes the front end."""
        context["add_modify_task"](VITE_CONFIG, keep_icons_together)
