"""Puts our own JavaScript modules and the catalogue into the front-end build."""

from collections.abc import Sequence
from pathlib import Path
from typing import Any

import reflex as rx

from crm_app.ui.catalogue import catalogue_module

SOURCES = Path(__file__).resolve().parent / "js"
TARGET = Path("utils/prumo")


class ProductAssets(rx.plugins.Plugin):
    """Copies `ui/js` to `$/utils/prumo`, beside the catalogue module made from the locale files."""

    def get_static_assets(self, **_context: Any) -> Sequence[tuple[Path, str | bytes]]:
        """Return the modules with the path that each gets inside the front-end folder."""
        modules = [(TARGET / path.name, path.read_text(encoding="utf-8")) for path in sorted(SOURCES.glob("*.js"))]
        return [(TARGET / "catalogue.js", catalogue_module()), *modules]

    def get_frontend_dependencies(self, **_context: Any) -> list[str]:
        """Return the npm packages that our modules import."""
        return ["i18next@27.1.2"]
