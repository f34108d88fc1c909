"""The unstyled Radix parts behind menus, dialogs, popovers and tooltips: focus, keyboard, ARIA and layering."""

import reflex as rx
from reflex_base.constants.compiler import MemoizationMode

MENU = "@radix-ui/react-dropdown-menu@2.2.1"
DIALOG = "@radix-ui/react-dialog@1.3.1"
POPOVER = "@radix-ui/react-popover@1.3.1"
TOOLTIP = "@radix-ui/react-tooltip@1.4.1"


class Part(rx.Component):
    """One part of a Radix primitive; `as_child` hands its behaviour to the element inside."""

    as_child: rx.Var[bool]


class OpenPart(Part):
    """A root part, which knows whether the thing is open."""

    open: rx.Var[bool]
    default_open: rx.Var[bool]
    modal: rx.Var[bool]
    on_open_change: rx.EventHandler[rx.event.passthrough_event_spec(bool)]


class PlacedPart(Part):
    """A floating part, placed beside its trigger."""

    side: rx.Var[str]
    align: rx.Var[str]
    side_offset: rx.Var[int]
    align_offset: rx.Var[int]
    collision_padding: rx.Var[int]
    on_escape_key_down: rx.EventHandler[rx.event.no_args_event_spec]
    on_close_auto_focus: rx.EventHandler[rx.event.no_args_event_spec]


class TriggerPart(Part):
    """A trigger stays in the same compiled component as its child, or Radix cannot reach it."""

    _memoization_mode = MemoizationMode(recursive=False)


class MenuRoot(OpenPart):
    """Menu: the root."""

    library = MENU
    tag = "Root"
    alias = "MenuRoot"


class MenuTrigger(TriggerPart):
    """Menu: what opens it."""

    library = MENU
    tag = "Trigger"
    alias = "MenuTrigger"


class MenuPortal(Part):
    """Menu: puts the content at the end of the body."""

    library = MENU
    tag = "Portal"
    alias = "MenuPortal"


class MenuContent(PlacedPart):
    """Menu: the panel."""

    library = MENU
    tag = "Content"
    alias = "MenuContent"


class MenuItem(Part):
    """Menu: one choice."""

    library = MENU
    tag = "Item"
    alias = "MenuItem"
    disabled: rx.Var[bool]
    text_value: rx.Var[str]
    on_select: rx.EventHandler[rx.event.no_args_event_spec]


class MenuSeparator(Part):
    """Menu: a line."""

    library = MENU
    tag = "Separator"
    alias = "MenuSeparator"


class MenuLabel(Part):
    """Menu: a heading."""

    library = MENU
    tag = "Label"
    alias = "MenuLabel"


class DialogRoot(OpenPart):
    """Dialog: the root."""

    library = DIALOG
    tag = "Root"
    alias = "DialogRoot"


class DialogTrigger(TriggerPart):
    """Dialog: what opens it."""

    library = DIALOG
    tag = "Trigger"
    alias = "DialogTrigger"


class DialogPortal(Part):
    """Dialog: puts the content at the end of the body."""

    library = DIALOG
    tag = "Portal"
    alias = "DialogPortal"


class DialogOverlay(Part):
    """Dialog: the scrim."""

    library = DIALOG
    tag = "Overlay"
    alias = "DialogOverlay"


class DialogContent(Part):
    """Dialog: the panel, which traps the focus."""

    library = DIALOG
    tag = "Content"
    alias = "DialogContent"
    on_open_auto_focus: rx.EventHandler[rx.event.no_args_event_spec]
    on_close_auto_focus: rx.EventHandler[rx.event.no_args_event_spec]
    on_escape_key_down: rx.EventHandler[rx.event.no_args_event_spec]


class DialogTitle(Part):
    """Dialog: its name."""

    library = DIALOG
    tag = "Title"
    alias = "DialogTitle"


class DialogDescription(Part):
    """Dialog: what it is about."""

    library = DIALOG
    tag = "Description"
    alias = "DialogDescription"


class DialogClose(TriggerPart):
    """Dialog: what closes it."""

    library = DIALOG
    tag = "Close"
    alias = "DialogClose"


class PopoverRoot(OpenPart):
    """Popover: the root."""

    library = POPOVER
    tag = "Root"
    alias = "PopoverRoot"


class PopoverTrigger(TriggerPart):
    """Popover: what opens it."""

    library = POPOVER
    tag = "Trigger"
    alias = "PopoverTrigger"


class PopoverPortal(Part):
    """Popover: puts the content at the end of the body."""

    library = POPOVER
    tag = "Portal"
    alias = "PopoverPortal"


class PopoverContent(PlacedPart):
    """Popover: the panel."""

    library = POPOVER
    tag = "Content"
    alias = "PopoverContent"


class PopoverClose(TriggerPart):
    """Popover: what closes it."""

    library = POPOVER
    tag = "Close"
    alias = "PopoverClose"
