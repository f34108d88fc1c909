"""Parts of the screens before one is signed in."""

from typing import Any

import reflex as rx
from reflex_base.utils.imports import ImportVar
from reflex_base.vars import VarData

from crm_app.pages import routes
from crm_app.pages.access.state import Access
from crm_app.ui import primitives as p
from crm_app.ui.client import module, run
from crm_app.ui.entrance import entrance
from crm_app.ui.frame import FramePart
from crm_app.ui.i18n import t

LIBRARY = module("access")
ACCESS = VarData(
    imports={LIBRARY: [ImportVar(tag="useAccess", install=False)]}, hooks={"const access = useAccess();": None}
)


def _var(name: str, kind: type) -> Any:
    return rx.Var(f"access.{name}", _var_type=kind, _var_data=ACCESS).guess_type()


busy, done, held, broken = (_var(name, bool) for name in ("busy", "done", "held", "broken"))
problem, email, reason = (_var(name, str) for name in ("problem", "email", "reason"))
score = _var("score", int)


class AccessForm(FramePart):
    """A form that posts to `/api/access/<action>`."""

    library = LIBRARY
    tag = "AccessForm"
    action: rx.Var[str]
    holds: rx.Var[bool]
    judges: rx.Var[bool]
    then: rx.Var[str]


class LinkCheck(FramePart):
    """Asks whose the link in the address is."""

    library = LIBRARY
    tag = "LinkCheck"
    kind: rx.Var[str]


def screen(*content: Any, kind: str = "") -> rx.Component:
    """Put content into the hall; `kind` is that of the links that lead here."""
    return rx.fragment(LinkCheck.create(kind=kind), entrance(*content))


def heading(title: Any, lead: Any) -> rx.Component:
    """The words above a form."""
    return rx.fragment(rx.el.h1(title), rx.el.p(lead, class_name="mut md lead"))


def alert() -> rx.Component:
    """What went wrong."""
    words = rx.el.div(p.icon("circle-alert", 16), rx.el.span(problem), class_name="co-al da", role="alert")
    return rx.cond(problem != "", words, rx.fragment())


def submit(label: Any, **props: Any) -> rx.Component:
    """The form's button; with nothing to fill in it gets `auto_focus`, so that Enter works."""
    return p.button(label, kind="pri", size="lg", full=True, type="submit", loading=busy, **props)


def way_back() -> rx.Component:
    """The way to the login."""
    back = p.link(t("access.back"), href=routes.LOGIN, class_name="ac-link")
    return rx.el.p(back, class_name="sm ac-center")


def email_field() -> rx.Component:
    """Where one writes one's address."""
    box = p.text_input(
        size="lg", name="email", id="email", type="email", auto_complete="email", auto_focus=True, required=True,
        max_length=254,
    )  # fmt: skip
    return rx.el.div(rx.el.label(t("auth.email"), html_for="email", class_name="lbl"), box)


def email_form(action: str, *, title: str = "") -> rx.Component:
    """Ask for an address to send a link to: `/forgot`, `/magic`, `/signup`; in the words of `access.<action>`."""
    return AccessForm.create(
        heading(t(title or f"access.{action}.title"), t(f"access.{action}.lead")),
        email_field(),
        alert(),
        submit(t(f"access.{action}.submit")),
        way_back(),
        action=action,
        class_name="in",
    )


def text_field(name: str, label: Any, *, hint: Any = None, **props: Any) -> rx.Component:
    """A line of text with its label."""
    below = rx.el.p(hint, class_name="msg fnt", id=f"{name}-hint") if hint is not None else rx.fragment()
    if hint is not None:
        props["aria_describedby"] = f"{name}-hint"
    box = p.text_input(size="lg", name=name, id=name, required=True, **props)
    return rx.el.div(rx.el.label(label, html_for=name, class_name="lbl"), box, below)


def password_field(label: Any, **props: Any) -> rx.Component:
    """A new password, and how soon it would be guessed."""
    eye = p.icon_button("eye", t("auth.show_password"), size="xs", on_click=run("access", "togglePassword"))
    box = p.input_box(
        rx.el.input(
            name="password", type="password", auto_complete="new-password", required=True, id="password",
            max_length=1000, aria_describedby="password-hint", **props,
        ),
        eye,
        size="lg",
    )  # fmt: skip
    bars = [rx.el.i(class_name=rx.cond(score >= level, "on", "")) for level in range(4)]
    level = rx.match(score, (3, "good"), (4, "good"), (2, "fair"), (-1, ""), "poor")
    words = rx.cond(score < 0, t("access.password.hint"), rx.cond(score > 2, t("access.password.good"), reason))
    return rx.el.div(
        rx.el.label(label, html_for="password", class_name="lbl"),
        box,
        rx.el.div(*bars, class_name="ac-bars", custom_attrs={"data-level": level, "aria-hidden": "true"}),
        rx.el.p(words, class_name="msg fnt", id="password-hint", aria_live="polite"),
    )


def hidden_email() -> rx.Component:
    """The address beside a new password, so that password managers keep the two together."""
    return rx.el.input(
        type="email", value=email, auto_complete="username", read_only=True, tab_index=-1, hidden=True,
        aria_hidden="true",
    )  # fmt: skip


def notice(icon_name: str, title: Any, body: Any, *actions: Any) -> rx.Component:
    """A screen that says something instead of asking."""
    return rx.el.div(
        rx.el.span(p.icon(icon_name, 22), class_name="ac-mark"),
        rx.el.h1(title),
        rx.el.p(body, class_name="mut md"),
        *actions,
        class_name="in ac-notice",
        role="status",
    )


def letter_is_on_its_way() -> rx.Component:
    """The same words whether the address is known or not; the demo shows where its letters are."""
    opened = p.link(t("access.sent.open"), href=routes.OUTBOX, class_name="ac-link")
    outbox = rx.el.div(p.icon("inbox", 16), rx.el.span(t("access.sent.demo"), " ", opened), class_name="co-al nf")
    return notice(
        "mail-check",
        t("access.sent.title"),
        t("access.sent.body"),
        rx.cond(Access.mail == "outbox", outbox),
        way_back(),
    )


def mail_is_off() -> rx.Component:
    """What the operator has to do."""
    return notice("mail-x", t("access.off.title"), t("access.off.body"), way_back())


def broken_link(action: Any, href: str) -> rx.Component:
    """A link that does not work, and the way to a new one."""
    return notice(
        "link-2-off",
        t("access.broken.title"),
        rx.cond(problem != "", problem, t("access.broken.body")),
        p.link(action, href=href, class_name="btn pri lg full"),
        way_back(),
    )


def asking(form: rx.Component) -> rx.Component:
    """A form that asks for a link, what follows it, and what stands in its place without a mail server."""
    return rx.cond(Access.mail == "off", mail_is_off(), rx.cond(done, letter_is_on_its_way(), form))
