"""Who is signed in in this tab: what the interface may show of it. Filled by the guard, never by the client."""

from typing import Any

import reflex as rx


class Session(rx.State):
    """The signed-in person and their organization, as vars for the interface."""

    signed_in: bool = False
    user_id: str = ""
    user_name: str = ""
    user_email: str = ""
    role: str = ""
    permissions: list[str] = []
    organization_name: str = ""
    time_zone: str = "America/Sao_Paulo"
    currency: str = "BRL"


def allowed(permission: str) -> rx.Var[bool]:
    """Tell whether the signed-in person holds `permission`: to show or hide a control. The server checks again."""
    permissions: Any = Session.permissions
    return permissions.contains(permission)
