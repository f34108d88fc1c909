"""Parts made of primitives: menus, dialogs, popovers, tabs, and the states every pane needs."""

from collections.abc import Sequence
from typing import Any, Literal

import reflex as rx

from crm_app.ui import radix
from crm_app.ui.i18n import t
from crm_app.ui.primitives import button, classes, column, icon, icon_button, row, skeleton

Side = Literal["top", "right", "bottom", "left"]
Align = Literal["start", "center", "end"]


def menu(
    trigger: Any, *items: Any, side: Side = "bottom", align: Align = "end", width: int = 208,
    on_open_change: Any = None,
) -> rx.Component:  # fmt: skip
    """A menu that opens from `trigger` (a button). `items` come from `menu_item`, `menu_label`, `menu_line`."""
    follow = {} if on_open_change is None else {"on_open_change": on_open_change}
    content = radix.MenuContent.create(
        *items, class_name="menu pop-in", side=side, align=align, side_offset=6, collision_padding=8,
        style={"minWidth": f"{width}px"},
    )  # fmt: skip
    return radix.MenuRoot.create(
        radix.MenuTrigger.create(trigger, as_child=True), radix.MenuPortal.create(content), modal=False, **follow
    )


def menu_item(
    words: Any, *, icon_name: str | None = None, on_select: Any = None, danger: bool = False, after: Any = None,
    disabled: Any = False,
) -> rx.Component:  # fmt: skip
    """One choice of a menu; `after` stands at the right edge (a key, a tick)."""
    inside = [icon(icon_name, 16)] if icon_name else []
    inside.append(rx.el.span(words, class_name="f1"))
    if after is not None:
        inside.append(after)
    extra = {"on_select": on_select} if on_select is not None else {}
    return radix.MenuItem.create(
        *inside, class_name=classes("mitem", "da" if danger else ""), disabled=disabled, **extra
    )


def menu_label(words: Any) -> rx.Component:
    """A heading inside a menu."""
    return radix.MenuLabel.create(words, class_name="mlabel")


def menu_line() -> rx.Component:
    """A line between groups of a menu."""
    return radix.MenuSeparator.create(class_name="hr mline")


def popover(
    trigger: Any, *content: Any, side: Side = "bottom", align: Align = "end", width: int = 320,
    open: Any = None, on_open_change: Any = None,
) -> rx.Component:  # fmt: skip
    """A panel that opens from `trigger` and holds anything."""
    control = {} if open is None else {"open": open}
    if on_open_change is not None:
        control["on_open_change"] = on_open_change
    panel = radix.PopoverContent.create(
        *content, class_name="menu pane pop-in", side=side, align=align, side_offset=6, collision_padding=8,
        style={"width": f"min({width}px, calc(100vw - 16px))"},
    )  # fmt: skip
    return radix.PopoverRoot.create(
        radix.PopoverTrigger.create(trigger, as_child=True), radix.PopoverPortal.create(panel), **control
    )


def dialog(
    *content: Any, title: Any, open: Any, on_open_change: Any, description: Any = None, footer: Any = None,
    width: int = 440, look: Literal["dlg", "drawer"] = "dlg",
) -> rx.Component:  # fmt: skip
    """A window over the page that traps the focus; below 640 px it is a sheet from the bottom.

    The server decides: `open` is a var, `on_open_change` a handler that gets the wished state.
    """
    head = row(
        radix.DialogTitle.create(title, class_name="dlg-t f1"),
        radix.DialogClose.create(icon_button("x", t("common.action.close")), as_child=True),
        class_name="dlg-h",
    )
    about = (
        [radix.DialogDescription.create(description, class_name="mut dlg-d")] if description is not None else []
    )
    foot = [row(footer, class_name="dlg-f")] if footer is not None else []
    # Radix warns about a dialog without a description unless the attribute is explicitly undefined.
    silent = {} if about else {"custom_attrs": {"aria-describedby": rx.Var("undefined")}}
    panel = radix.DialogContent.create(
        head, *about, rx.el.div(*content, class_name="dlg-b"), *foot, class_name=look,
        style={"--w": f"{width}px"}, **silent,
    )  # fmt: skip
    return radix.DialogRoot.create(
        radix.DialogPortal.create(radix.DialogOverlay.create(class_name="scrim"), panel),
        open=open, on_open_change=on_open_change,
    )  # fmt: skip


def drawer(
    *content: Any, title: Any, open: Any, on_open_change: Any, width: int = 440, **props: Any
) -> rx.Component:
    """A panel that slides in from the right and covers the page's side."""
    return dialog(
        *content, title=title, open=open, on_open_change=on_open_change, width=width, look="drawer", **props
    )


def tabs(
    options: Sequence[tuple[str, Any]], value: Any, on_choose: Any, *,
    look: Literal["seg", "tabs", "utabs", "flt"] = "seg", label: Any = None,
) -> rx.Component:  # fmt: skip
    """Choices side by side. `options` are (value, words); `on_choose` gets the chosen value."""
    choices = [
        rx.el.button(
            words, type="button", role="tab", aria_selected=value == key,
            class_name=rx.cond(value == key, "on", ""), on_click=on_choose(key),
        )
        for key, words in options
    ]  # fmt: skip
    named = {} if label is None else {"aria_label": label}
    return rx.el.div(*choices, class_name=look, role="tablist", **named)


def notice(*words: Any, tone: Literal["wa", "da", "nf", "ok"] = "nf", icon_name: str = "info") -> rx.Component:
    """A coloured line inside a page."""
    return rx.el.div(
        icon(icon_name, 16), rx.el.span(*words, class_name="f1"), class_name=f"co-al {tone}", role="status"
    )


def empty_state(title: Any, body: Any, *actions: Any, icon_name: str = "inbox") -> rx.Component:
    """What a pane shows when there is nothing yet: what it is for and one thing to do."""
    return column(
        rx.el.span(icon(icon_name, 22), class_name="empty-i"),
        rx.el.h3(title), rx.el.p(body, class_name="mut"),
        row(*actions, class_name="empty-a") if actions else rx.fragment(),
        class_name="empty",
    )  # fmt: skip


def error_state(retry: Any, *, title: Any = None, body: Any = None) -> rx.Component:
    """What a pane shows when loading failed, with the way to try again (an event)."""
    return empty_state(
        t("common.state.error_title") if title is None else title,
        t("common.state.error_body") if body is None else body,
        button(t("common.action.retry"), kind="out", icon_name="refresh-cw", on_click=retry),
        icon_name="cloud-off",
    )


def skeleton_rows(rows: int = 6) -> rx.Component:
    """The shape of a list while it loads: a round mark and two lines each."""
    line = row(
        skeleton("36px", 36, radius=18),
        column(skeleton("52%"), skeleton("78%", 10), gap="g2", class_name="f1"),
        gap="g3", class_name="skel-row",
    )  # fmt: skip
    return rx.el.div(*[line for _ in range(rows)], role="status", aria_label=t("common.state.loading"))


def pane(
    loading: Any, failed: Any, empty: Any, *, skeleton: Any, error: Any, nothing: Any, content: Any
) -> rx.Component:
    """Choose between the four states of a pane: loading, failed, empty and full, in this order."""
    return rx.cond(loading, skeleton, rx.cond(failed, error, rx.cond(empty, nothing, content)))


def panel(title: Any, *content: Any, actions: Any = None, **props: Any) -> rx.Component:
    """A titled card."""
    head = row(rx.el.h3(title, class_name="f1"), *([actions] if actions is not None else []), class_name="pn-h")
    props["class_name"] = classes("pn", props.pop("class_name", ""))
    return rx.el.section(head, *content, **props)


def page_header(title: Any, *actions: Any, crumbs: Sequence[Any] = ()) -> rx.Component:
    """The 48 px bar at the top of a page: where one is, and what can be done."""
    trail = [item for crumb in crumbs for item in (rx.el.span(crumb, class_name="mut"), icon("chevron-right", 14))]
    return rx.el.header(*trail, rx.el.h1(title, class_name="tr"), row(*actions, class_name="ml"), class_name="hd")
