"""The small parts of the design system. Each is a pure function from vars to a component.

Classes are those of `assets/css/components.css`. Colours, sizes and states live there, never here.
"""

from typing import Any, Literal

import reflex as rx
from reflex_components_core.react_router.dom import ReactRouterLink

from crm_app.ui.format import hue, initials
from crm_app.ui.i18n import t

Text = str | rx.Var[str]
ButtonKind = Literal["", "out", "pri", "soft", "acc", "dan", "danger-t"]
ButtonSize = Literal["", "xs", "m", "lg"]
Tone = Literal["", "ok", "wa", "da", "nf", "ac", "nt", "ln"]
Presence = Literal["", "aw", "off"]


def classes(*names: Any) -> Any:
    """Join class names; empty ones are left out, vars are kept (`rx.cond(x, "on", "")`)."""
    present = [name for name in names if isinstance(name, rx.Var) or name]
    if all(isinstance(name, str) for name in present):
        return " ".join(present)
    joined: Any = ""
    for name in present:
        joined = name if isinstance(joined, str) and joined == "" else joined + " " + name
    return joined


def row(*children: Any, gap: Literal["", "g1", "g2", "g3", "g4", "g6"] = "g2", **props: Any) -> rx.Component:
    """A horizontal line of things, centred vertically."""
    props["class_name"] = classes("r", gap, props.pop("class_name", ""))
    return rx.el.div(*children, **props)


def column(*children: Any, gap: Literal["", "g1", "g2", "g3", "g4", "g6"] = "", **props: Any) -> rx.Component:
    """A vertical stack of things."""
    props["class_name"] = classes("c", gap, props.pop("class_name", ""))
    return rx.el.div(*children, **props)


def icon(name: str, size: int = 16, **props: Any) -> rx.Component:
    """A lucide icon by its fixed name. For an icon that a var chooses, use `rx.match` over fixed ones."""
    props["class_name"] = classes("i", props.pop("class_name", ""))
    props.setdefault("custom_attrs", {"aria-hidden": "true"})
    return rx.icon(name, size=size, stroke_width=2 if size <= 14 else 1.75, **props)


def button(
    *children: Any,
    kind: ButtonKind = "",
    size: ButtonSize = "",
    icon_name: str | None = None,
    loading: bool | rx.Var[bool] | None = None,
    full: bool = False,
    **props: Any,
) -> rx.Component:
    """A button that carries words. `loading` shows a spinner, keeps the width and blocks a second press."""
    content = list(children)
    if icon_name:
        content.insert(0, icon(icon_name, 16))
    if loading is not None:
        content.insert(0, rx.cond(loading, spinner(14), rx.fragment()))
        props["aria_busy"] = loading
        props["disabled"] = loading | props["disabled"] if "disabled" in props else loading
    props["class_name"] = classes("btn", kind, size, "full" if full else "", props.pop("class_name", ""))
    props.setdefault("type", "button")
    return rx.el.button(*content, **props)


def icon_button(
    name: str, label: Text, *, kind: ButtonKind = "", size: ButtonSize = "", on: Any = None, **props: Any
) -> rx.Component:
    """A button with an icon alone; `label` is read out and shown on hover, `on` marks it as pressed."""
    active = rx.cond(on, "on", "") if on is not None else ""
    if on is not None:
        props["aria_pressed"] = on
    props["class_name"] = classes("btn ico", kind, size, active, props.pop("class_name", ""))
    props.setdefault("type", "button")
    return rx.el.button(icon(name, 14 if size == "xs" else 17), aria_label=label, title=label, **props)


def link(*children: Any, href: Text, **props: Any) -> rx.Component:
    """A link inside the app: the page changes without a reload."""
    return ReactRouterLink.create(*children, to=href, **props)


def spinner(size: int = 16) -> rx.Component:
    """A turning ring, for inside a button. A whole page never spins: use `skeleton`."""
    return rx.el.span(class_name="spin", style={"--s": f"{size}px"}, aria_hidden="true")


def chip(
    *children: Any, tone: Tone | rx.Var[str] = "", icon_name: str | None = None, **props: Any
) -> rx.Component:
    """A small badge with words."""
    content = [icon(icon_name, 12), *children] if icon_name else list(children)
    props["class_name"] = classes("chip", tone, props.pop("class_name", ""))
    return rx.el.span(*content, **props)


def temperature_chip(score: Any, temperature: Any) -> rx.Component:
    """A contact's heat: icon, score and word. `temperature` is quente, morno, frio or muito_frio."""
    looks = {
        "quente": ("flame", "t-quente"), "morno": ("sun", "t-morno"),
        "frio": ("droplet", "t-frio"), "muito_frio": ("snowflake", "t-mfrio"),
    }  # fmt: skip
    cases = [
        (name, chip(rx.el.span(score, " ", t(f"common.temperature.{name}")), icon_name=symbol, class_name=look))
        for name, (symbol, look) in looks.items()
    ]
    return rx.match(temperature, *cases, rx.fragment())


def dot(color: Any = None, *, square: bool = False, small: bool = False) -> rx.Component:
    """A coloured dot; it always stands beside a word. `color` is any CSS colour, say a stage's variable."""
    style = {"--d": color} if color is not None else {}
    return rx.el.i(class_name=classes("dot", "sq" if square else "", "s6" if small else ""), style=style)


def count(value: Any, tone: Literal["", "ac", "da"] | rx.Var[str] = "", **props: Any) -> rx.Component:
    """A number in a pill."""
    props["class_name"] = classes("cnt", tone, props.pop("class_name", ""))
    return rx.el.span(value, **props)


def kbd(*children: Any) -> rx.Component:
    """A key of the keyboard."""
    return rx.el.span(*children, class_name="kbd")


def avatar(
    name: Any,
    *,
    seed: Any = None,
    size: int = 24,
    company: bool = False,
    presence: Presence | rx.Var[str] | None = None,
    channel: rx.Component | None = None,
    **props: Any,
) -> rx.Component:
    """A person's (round) or company's (square) letters in their own colour.

    `seed` (an id) fixes the colour, the name does otherwise. `presence` draws a status dot,
    `channel` a small mark such as `whatsapp_mark()`.
    """
    marks = []
    if presence is not None:
        marks.append(rx.el.i(class_name=classes("st", presence)))
    if channel is not None:
        marks.append(rx.el.i(channel, class_name="chn"))
    style = {"--s": f"{size}px", "--h": hue(name if seed is None else seed)}
    props["class_name"] = classes("av", "co" if company else "", props.pop("class_name", ""))
    props.setdefault("title", name)
    return rx.el.span(initials(name), *marks, style=style, **props)


def whatsapp_mark(size: int = 14, **props: Any) -> rx.Component:
    """The WhatsApp mark; lucide has no brand marks."""
    bubble = "M12 2.5a9.400 9.400 0 0 0-8.200 14L2.600 21.400l5-1.200A9.400 9.400 0 1 0 12 2.5z"
    receiver = (
        "M9 7.800c-.8.300-1.300 1-1.200 2 .4 3 3 5.700 6.200 6.200 1.100.1 1.900-.4 2.200-1.300l-2-1.200-1 .9"
        "a5.800 5.800 0 0 1-3.300-3.400l.9-.9z"
    )
    return rx.el.svg(
        rx.el.path(d=bubble, fill="currentColor"),
        rx.el.path(
            d=receiver, fill="none", stroke="var(--ch-ink,#fff)", stroke_width="1.9",
            stroke_linecap="round", stroke_linejoin="round",
        ),
        width=str(size), height=str(size), view_box="0 0 24 24",
        custom_attrs={"aria-hidden": "true"}, **props,
    )  # fmt: skip


def prumo_mark(size: int = 16) -> rx.Component:
    """The plumb bob."""
    bob = (
        "M9.300 7.300h5.400c.5 0 .9.400.9.900v1.5c0 .300.1.5.3.700l.5.5c.300.300.4.700.3 1.100l-3.700 9.5"
        "a1.100 1.100 0 0 1-2 0L7.300 12c-.1-.4 0-.8.3-1.100l.5-.5c.200-.2.300-.4.300-.7V8.200c0-.5.400-.9.900-.9z"
    )
    return rx.el.svg(
        rx.el.path(
            d="M12 1.800v6", fill="none", stroke="currentColor", stroke_width="1.8", stroke_linecap="round"
        ),
        rx.el.path(d=bob, fill="currentColor"),
        width=str(size), height=str(size), view_box="0 0 24 24", custom_attrs={"aria-hidden": "true"},
    )  # fmt: skip


def input_box(*slots: Any, size: Literal["", "s", "lg"] = "", error: Any = None, **props: Any) -> rx.Component:
    """The frame around an input: `input_box(icon("search"), rx.el.input(...))`."""
    wrong = rx.cond(error, "err", "") if error is not None else ""
    props["class_name"] = classes("inp", size, wrong, props.pop("class_name", ""))
    return rx.el.div(*slots, **props)


def text_input(
    *, size: Literal["", "s", "lg"] = "", icon_name: str | None = None, error: Any = None, **props: Any
) -> rx.Component:
    """A one-line text field in its frame. Other arguments go to the input element."""
    before = [icon(icon_name, 16)] if icon_name else []
    if error is not None:
        props["aria_invalid"] = rx.cond(error, "true", "false")
    return input_box(*before, rx.el.input(**props), size=size, error=error)


def search_input(*, label: Text, on_search: Any, delay_ms: int = 250, **props: Any) -> rx.Component:
    """A search field; `on_search` gets the text when typing pauses."""
    field = rx.el.input(
        type="search", placeholder=label, aria_label=label, on_change=on_search.debounce(delay_ms), **props
    )
    return input_box(icon("search", 15), field, size="s", class_name="f1")


def text_area(*, error: Any = None, **props: Any) -> rx.Component:
    """A field of several lines, as tall as its text where the browser can."""
    wrong = rx.cond(error, "err", "") if error is not None else ""
    props["class_name"] = classes("inp area", wrong, props.pop("class_name", ""))
    return rx.el.textarea(**props)


def select(*options: Any, size: Literal["", "s", "lg"] = "", **props: Any) -> rx.Component:
    """A native choice list in the field's frame; `options` are `rx.el.option` or an `rx.foreach` of them."""
    return input_box(rx.el.select(*options, **props), icon("chevron-down", 14), size=size, class_name="sel")


def field(label: Text, control: Any, *, hint: Any = None, error: Any = None) -> rx.Component:
    """A labelled control. `error` is a var with a catalogue key (empty when fine); it replaces the hint."""
    below = rx.el.p(hint, class_name="msg fnt") if hint is not None else rx.fragment()
    if error is not None:
        below = rx.cond(error, rx.el.p(t(error), class_name="msg da", role="alert"), below)
    return rx.el.label(rx.el.span(label, class_name="lbl"), control, below, class_name="fld")


def checkbox(label: Any, **props: Any) -> rx.Component:
    """A box to tick, with its words."""
    return rx.el.label(rx.el.input(type="checkbox", class_name="cb", **props), label, class_name="r g2 check")


def switch(label: Text, **props: Any) -> rx.Component:
    """An on/off switch; `label` is read out. Pass `checked` and `on_change`."""
    return rx.el.input(type="checkbox", role="switch", class_name="sw", aria_label=label, **props)


def meter(fraction: Any, label: Text, *, color: Any = None) -> rx.Component:
    """A thin bar filled to `fraction` (0 to 1)."""
    style = {"--c": color} if color is not None else {}
    width = (
        f"calc({fraction!s} * 100%)" if not isinstance(fraction, rx.Var) else (fraction * 100).to_string() + "%"
    )
    return rx.el.div(
        rx.el.i(style={"width": width, **style}), class_name="bar", role="progressbar", aria_label=label,
        custom_attrs={"aria-valuemin": "0", "aria-valuemax": "1", "aria-valuenow": fraction},
    )  # fmt: skip


def skeleton(width: str = "100%", height: int = 12, *, radius: int = 6) -> rx.Component:
    """A grey shape where something will be; it appears only after 400 ms."""
    return rx.el.span(
        class_name="skel", aria_hidden="true",
        style={"width": width, "height": f"{height}px", "borderRadius": f"{radius}px"},
    )  # fmt: skip


def divider() -> rx.Component:
    """A hairline across."""
    return rx.el.hr(class_name="hr")


def hidden_text(*children: Any) -> rx.Component:
    """Words for screen readers alone."""
    return rx.el.span(*children, class_name="vh")
