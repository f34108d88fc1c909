"""The ways through the settings. A screen under `/settings/` adds its entry here, and gets the list beside it."""

import reflex as rx

from crm_app.pages import routes
from crm_app.pages.session.state import Session, allowed
from crm_app.ui import primitives as p
from crm_app.ui.i18n import t
from crm_app.ui.layout import NavEntry

Group = tuple[str, list[NavEntry]]


def settings_groups() -> list[Group]:
    """Return the entries, by group."""
    return [
        (
            "shell.settings.agency",
            [
                NavEntry("shell.settings.members", routes.MEMBERS, "users", allowed("members.manage")),
                NavEntry("shell.settings.roles", routes.ROLES, "shield-check", allowed("roles.manage")),
                NavEntry("shell.settings.teams", routes.TEAMS, "users-round", allowed("teams.manage")),
                NavEntry("shell.nav.channels", routes.CHANNELS, "signal", allowed("channels.read")),
                NavEntry("modules.title", routes.MODULES, "package", allowed("organization.manage")),
                NavEntry("shell.settings.audit", routes.AUDIT, "scroll-text", allowed("audit.read")),
                NavEntry("shell.settings.outbox", routes.OWN_OUTBOX, "mail", allowed("organization.manage")),
                NavEntry("sso.nav", routes.SSO_SETTINGS, "key-round", allowed("sso.manage")),
            ],
        ),
        (
            "shell.settings.account",
            [
                NavEntry(
                    "profile.title", routes.PROFILE, "shield-check", Session.signed_in & (Session.visiting == "")
                )
            ],
        ),
    ]


def settings_entries() -> list[NavEntry]:
    """Return all entries in their order."""
    return [entry for _, entries in settings_groups() for entry in entries]


def settings_aside(active: str) -> rx.Component:
    """The list at the left of a settings screen."""
    groups = [
        rx.fragment(
            rx.el.div(t(title), class_name="nl"),
            *[rx.cond(one.visible, _way(one, active), rx.fragment()) for one in entries],
        )
        for title, entries in settings_groups()
    ]
    return rx.el.aside(*groups, class_name="sub", aria_label=t("shell.nav.settings"))


def _way(entry: NavEntry, active: str) -> rx.Component:
    current = entry.route == active
    return p.link(
        p.icon(entry.icon, 16),
        rx.el.span(t(entry.key)),
        href=entry.route,
        class_name="ni on" if current else "ni",
        custom_attrs={"aria-current": "page"} if current else {},
    )
