"""The plumb line beside the login form."""

from typing import Any

import reflex as rx

CARDS_LEFT = ((70, 155, 190, 0.70), (214, 195, 150, 0.85), (358, 139, 206, 1.0))
"""Top, left, width and opacity of the cards on the customer's side."""
CARDS_RIGHT = ((144, 178, "228", 0.73, 0.70), (288, 196, "322", 0.86, 0.84), (432, 170, "158", 0.99, 1.0))
"""Top, width, hue, opacity and progress of the cards on the deal's side."""


def _white(opacity: float) -> dict[str, Any]:
    return {"fill": "#fff", "fill_opacity": str(opacity)}


def _rect(x: float, y: float, width: float, height: float, rx_: float, **look: Any) -> rx.Component:
    return rx.el.svg.rect(x=str(x), y=str(y), width=str(width), height=str(height), rx=str(rx_), **look)


def _line(path: str, opacity: float) -> rx.Component:
    return rx.el.path(d=path, stroke="#fff", stroke_opacity=str(opacity))


def _left(top: int, left: int, width: int, opacity: float) -> rx.Component:
    return rx.el.g(
        _rect(left, top, width, 56, 14, **_white(0.1)),
        _rect(left + 18, top + 15, round(width * 0.62, 1), 7, 3.5, **_white(0.34)),
        _rect(left + 18, top + 33, round(width * 0.42, 1), 7, 3.5, **_white(0.2)),
        _line(f"M345 {top + 28}H370", 0.3),
        rx.el.svg.circle(
            cx="375", cy=str(top + 28), r="5", fill="oklch(24% .06 var(--brand-h))", stroke="#fff", stroke_width="1.75"
        ),
        opacity=str(opacity),
    )


def _right(top: int, width: int, hue: str, opacity: float, progress: float) -> rx.Component:
    color = {"fill": f"oklch(72% .15 {hue})"}
    return rx.el.g(
        _rect(405, top, width, 66, 11, stroke="#fff", stroke_opacity=".16", **_white(0.13)),
        _rect(421, top + 16, 9, 9, 2.5, **color),
        _rect(437, top + 17, round(width * 0.42, 1), 7, 3.5, **_white(0.5)),
        _rect(421, top + 33, width - 32, 5, 2.5, **_white(0.12)),
        _rect(421, top + 33, round((width - 32) * progress, 1), 5, 2.5, **color),
        _rect(421, top + 47, round(width * 0.3, 1), 6, 3, **_white(0.22)),
        _line(f"M380 {top + 33}H405", 0.3),
        rx.el.svg.circle(cx="375", cy=str(top + 33), r="5", fill="#fff"),
        opacity=str(opacity),
    )


def _bob() -> rx.Component:
    body = "M-13 13h26l7 11c2 3 2 6 1 10L5 122c-2 6-8 6-10 0L-21 34c-1-4-1-7 1-10z"
    shade = "M0 13h13l7 11c2 3 2 6 1 10L5 122c-1 3-3 4.500-5 4.500z"
    return rx.el.g(
        rx.el.svg.circle(cy="62", r="92", **_white(0.04)),
        _rect(-9, 0, 18, 15, 4.5, fill="#fff"),
        rx.el.path(d=body, fill="#fff"),
        rx.el.path(d=shade, fill="oklch(58% calc(.13*var(--brand-c)) var(--brand-h))", fill_opacity=".32"),
        transform="translate(375 548)",
    )


def art(quote: Any, below: Any) -> rx.Component:
    """The dark panel: messages on one side of the line, deals on the other."""
    strings = "".join(f"M{x} 0V880" for x in range(25, 750, 50))
    drawing = rx.el.svg(
        rx.el.svg.defs(
            rx.el.svg.linear_gradient(
                rx.el.svg.stop(offset="0", stop_color="#fff", stop_opacity=".12"),
                rx.el.svg.stop(offset=".5", stop_color="#fff", stop_opacity=".6"),
                rx.el.svg.stop(offset="1", stop_color="#fff", stop_opacity=".95"),
                id="plumb-line", x1="0", y1="0", x2="0", y2="1",
            )
        ),
        _line(strings, 0.05),
        *[_left(*card) for card in CARDS_LEFT],
        *[_right(*card) for card in CARDS_RIGHT],
        _rect(374, 0, 2, 554, 0, fill="url(#plumb-line)"),
        _bob(),
        view_box="0 0 750 880", fill="none", custom_attrs={"preserveAspectRatio": "xMidYMin slice"},
    )  # fmt: skip
    words = rx.el.div(rx.el.p(quote), rx.el.p(below, class_name="below"), class_name="q")
    return rx.el.aside(drawing, words, class_name="art", aria_hidden="true")
