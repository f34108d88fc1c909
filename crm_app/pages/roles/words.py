"""Names of roles, permissions and reaches in the catalogue."""

from typing import Any

import reflex as rx

from crm_app.pages.session.shell import ROLES
from crm_app.ui.i18n import t


def role_name(role: Any) -> Any:
    """Return a role's own name, or that of a built-in one."""
    built_in = rx.match(role["based_on"], *[(name, t(f"shell.role.{name}")) for name in ROLES], "")
    return rx.cond(role["own"], role["name"].to(str), built_in)


def permission_key(permission: str) -> str:
    """Return the catalogue key under which a permission's name stands."""
    return f"roles.permission.{permission.replace('.', '_')}"


def permission_word(permission: Any, known: tuple[str, ...]) -> Any:
    """Return the words of a permission that a var names."""
    return rx.match(permission, *[(name, t(permission_key(name))) for name in known], permission)


def reach_word(reach: Any) -> Any:
    """Return the words of a reach that a var names."""
    return rx.match(reach, *[(name, t(f"roles.reach.{name}")) for name in ("none", "own", "team", "all")], "")
