"""The parts of the frame that live in the browser (`ui/js/frame.js`), as components."""

import reflex as rx

from crm_app.ui.client import module

FRAME = module("frame")


class FramePart(rx.Component):
    """A component of our own module; it is bundled, not installed."""

    library = FRAME

    @property
    def import_var(self) -> rx.ImportVar:
        """Import without asking npm for a package."""
        return rx.ImportVar(tag=self.tag, install=False)


class FrameEffects(FramePart):
    """Follows the session: the organization's time zone and colours, the login page when it has ended."""

    tag = "FrameEffects"
    signed_in: rx.Var[bool]
    time_zone: rx.Var[str]
    brand_hue: rx.Var[float]
    brand_chroma: rx.Var[float]
    leave_to: rx.Var[str]


class OfflineBanner(FramePart):
    """Tells that the connection is lost, while it is."""

    tag = "OfflineBanner"


class ToastStack(FramePart):
    """The short messages of this tab."""

    tag = "Toasts"
    items: rx.Var[list[dict[str, object]]]
    on_dismiss: rx.EventHandler[rx.event.passthrough_event_spec(str)]
    on_undo: rx.EventHandler[rx.event.passthrough_event_spec(str)]


class Hotkeys(FramePart):
    """Keys of one letter press what bears them (`data-hotkey`); `?` lists them."""

    library = module("hotkeys")
    tag = "Hotkeys"


class CrashScreen(FramePart):
    """What is left of a screen that broke."""

    tag = "CrashScreen"


def error_boundary(*children: rx.Component) -> rx.Component:
    """Catch what breaks inside, and say so in the user's language."""
    from reflex_components_core.base.error_boundary import ErrorBoundary

    return ErrorBoundary.create(*children, fallback_render=rx.Var.create(CrashScreen.create()))
