"""Colours and the Plotly template of a tenant, for light and dark. Plotly reads neither `var()` nor `oklch()`."""

import math
from dataclasses import dataclass
from typing import Any

Colors = dict[str, str]

FONT = "Inter Variable, Inter, sans-serif"


def hex_of(lightness: float, chroma: float, hue: float) -> str:
    """Return an OKLCH colour as sRGB, clipped to what a screen shows (B. Ottosson, OKLab, 2020)."""
    a, b = chroma * math.cos(math.radians(hue)), chroma * math.sin(math.radians(hue))
    long = (lightness + 0.3963377774 * a + 0.2158037573 * b) ** 3
    middle = (lightness - 0.1055613458 * a - 0.0638541728 * b) ** 3
    short = (lightness - 0.0894841775 * a - 1.2914855480 * b) ** 3
    linear = (
        4.0767416621 * long - 3.3077115913 * middle + 0.2309699292 * short,
        -1.2684380046 * long + 2.6097574011 * middle - 0.3413193965 * short,
        -0.0041960863 * long - 0.7034186147 * middle + 1.7076147010 * short,
    )
    return "#" + "".join(f"{round(255 * _encode(min(1.0, max(0.0, value)))):02x}" for value in linear)


def _encode(value: float) -> float:
    return 12.92 * value if value <= 0.0031308 else 1.055 * value ** (1 / 2.4) - 0.055


def translucent(color: str, alpha: float) -> str:
    """Return a `#rrggbb` colour as `rgba(…)`."""
    red, green, blue = (int(color[place : place + 2], 16) for place in (1, 3, 5))
    return f"rgba({red},{green},{blue},{alpha:g})"


@dataclass(frozen=True, slots=True)
class _Theme:
    """What a theme gives beside the tenant's hue. `accent` is lightness and chroma of the first series."""

    accent: tuple[float, float]
    series: tuple[str, ...]
    stages: tuple[str, ...]
    text: str
    muted: str
    axis: str
    raised: str
    overlay: str
    line: str
    grid: str
    track: str


_LIGHT = _Theme(
    accent=(0.535, 0.188),
    series=("#039daa", "#cd7c25", "#c15096", "#389562", "#77879f"),
    stages=("#687c98", "#008db7", "#4c6cd1", "#a348b1", "#148d59", "#917170"),
    text="#1c2024",
    muted="#5a5e67",
    axis="#656973",
    raised="#ffffff",
    overlay="#ffffff",
    line="rgba(20,22,48,.19)",
    grid="rgba(20,22,48,.07)",
    track="rgba(22,24,48,.075)",
)
_DARK = _Theme(
    accent=(0.66, 0.150),
    series=("#48beca", "#eaa857", "#db72b0", "#5cb480", "#8693a7"),
    stages=("#8194af", "#3ca5ce", "#6c88ea", "#bd68ca", "#3baa73", "#9b7e7d"),
    text="#edeef0",
    muted="#b0b4ba",
    axis="#9095a0",
    raised="#1c1d20",
    overlay="#212225",
    line="rgba(226,232,255,.2)",
    grid="rgba(226,232,255,.075)",
    track="rgba(226,232,255,.09)",
)


def colors(hue: float, chroma: float, *, dark: bool) -> Colors:
    """Return the colours that figures name: `accent`, `series1`…, `stage0`… and the greys.

    `chroma` is the share (0 to 1) of full chroma that the hue holds in sRGB. Names that end in `-soft` are
    the same colours at 13% opacity, those in `-faint` at 35%.
    """
    theme = _DARK if dark else _LIGHT
    lightness, full = theme.accent
    solid = {"accent": hex_of(lightness, full * (chroma if not dark else 1), hue)}
    solid |= {f"series{place}": color for place, color in enumerate(theme.series, 1)}
    solid |= {f"stage{place}": color for place, color in enumerate(theme.stages)}
    soft = {f"{name}-soft": translucent(color, 0.13) for name, color in solid.items()}
    faint = {f"{name}-faint": translucent(color, 0.35) for name, color in solid.items()}
    greys = {name: getattr(theme, name) for name in ("text", "muted", "axis", "raised", "line", "grid", "track")}
    return {**solid, **soft, **faint, **greys}


def template(hue: float, chroma: float, *, dark: bool) -> dict[str, Any]:
    """Return the Plotly template of a tenant's theme: everything that all figures share."""
    theme = _DARK if dark else _LIGHT
    accent = colors(hue, chroma, dark=dark)["accent"]
    axis = {"zeroline": False, "ticks": "", "nticks": 5, "fixedrange": True}
    return {
        "layout": {
            "font": {"family": FONT, "size": 11, "color": theme.axis},
            "paper_bgcolor": "rgba(0,0,0,0)",
            "plot_bgcolor": "rgba(0,0,0,0)",
            "colorway": [accent, *theme.series],
            "margin": {"l": 44, "r": 14, "t": 14, "b": 24},
            "separators": ",.",
            "showlegend": False,
            "xaxis": {
                **axis,
                "showgrid": False,
                "showline": False,
                "automargin": True,
                "spikecolor": theme.line,
                "spikethickness": 1,
                "spikedash": "solid",
            },
            "yaxis": {**axis, "gridcolor": theme.grid, "rangemode": "tozero"},
            "hovermode": "x unified",
            "hoverlabel": {
                "bgcolor": theme.overlay,
                "bordercolor": theme.line,
                "font": {"size": 12, "color": theme.text},
            },
            "dragmode": False,
            "bargap": 0.35,
            "barcornerradius": 3,
        }
    }
