"""The few parts of the inbox that live in the browser, as Reflex components (sources: the .jsx files beside)."""

from typing import Any

import reflex as rx
from reflex_base.event import no_args_event_spec, passthrough_event_spec
from reflex_components_lucide.icon import LUCIDE_LIBRARY

from crm_app.ui.browser_module import browser_module

SOURCES = ("composer.jsx", "thread.jsx", "list.jsx", "media.jsx", "outbox.js", "upload.js", "recorder.js")

_modules = {name: browser_module(name, package=__name__, beside=__file__) for name in SOURCES}
_COMPOSER, _THREAD, _LIST, _MEDIA = (_modules[name] for name in SOURCES[:4])


class _Part(rx.Component):
    """One exported function of our modules."""

    lib_dependencies: list[str] = [LUCIDE_LIBRARY]


class Composer(_Part):
    """Writes messages into the outbox of the browser and carries that to `on_send`.

    `confirmed` holds keys of messages that the server has, `refused` objects with `key` and `error`, `given_back`
    the words of a message that was taken back.
    """

    library = _COMPOSER
    tag = "Composer"
    conversation: rx.Var[str]
    person: rx.Var[str]
    members: rx.Var[list[dict[str, str]]]
    channel: rx.Var[str]
    can_send: rx.Var[bool]
    max_text: rx.Var[int]
    max_bytes: rx.Var[int]
    confirmed: rx.Var[list[str]]
    refused: rx.Var[list[dict[str, str]]]
    given_back: rx.Var[dict[str, str]]
    on_send: rx.EventHandler[passthrough_event_spec(dict[str, Any])]
    on_typing: rx.EventHandler[passthrough_event_spec(str)]
    on_reconnected: rx.EventHandler[no_args_event_spec]


class ReplyButton(_Part):
    """Quotes a message in the composer."""

    library = _COMPOSER
    tag = "ReplyButton"
    message: rx.Var[str]
    name: rx.Var[str]
    preview: rx.Var[str]


class Thread(_Part):
    """The scrolling box around the bubbles; draws those that are still on their way."""

    library = _THREAD
    tag = "Thread"
    conversation: rx.Var[str]
    older: rx.Var[list[dict[str, Any]]]
    messages: rx.Var[list[dict[str, Any]]]
    confirmed: rx.Var[list[str]]
    has_older: rx.Var[bool]
    unread: rx.Var[int]
    label: rx.Var[str]
    on_older: rx.EventHandler[no_args_event_spec]
    on_seen: rx.EventHandler[passthrough_event_spec(str)]
    on_bottom: rx.EventHandler[no_args_event_spec]


class Fleeting(_Part):
    """Shows its children for `seconds` after each change of `stamp`."""

    library = _THREAD
    tag = "Fleeting"
    stamp: rx.Var[str]
    seconds: rx.Var[int]


class Until(_Part):
    """Shows its children until `moment` (ISO 8601)."""

    library = _THREAD
    tag = "Until"
    moment: rx.Var[str]


class RowLink(_Part):
    """A link that opens a conversation in place and is drawn as chosen at once; an empty one goes back."""

    library = _LIST
    tag = "RowLink"
    conversation: rx.Var[str]
    current: rx.Var[str]
    href: rx.Var[str]
    look: rx.Var[str]
    label: rx.Var[str]
    on_open: rx.EventHandler[passthrough_event_spec(str)]


class ListEnd(_Part):
    """Calls `on_reach` when the end of a list comes near; `mark` changes with each window."""

    library = _LIST
    tag = "ListEnd"
    more: rx.Var[bool]
    mark: rx.Var[int]
    on_reach: rx.EventHandler[no_args_event_spec]


class AddressFollower(_Part):
    """Opens the conversation of the address when one goes back or forward; `base` is the inbox's own address."""

    library = _LIST
    tag = "AddressFollower"
    base: rx.Var[str]
    current: rx.Var[str]
    on_open: rx.EventHandler[passthrough_event_spec(str)]


class Walk(_Part):
    """J and K walk through the rows inside `list`."""

    library = _LIST
    tag = "Walk"
    list: rx.Var[str]


class Words(_Part):
    """A message's words with links and WhatsApp's marks."""

    library = _MEDIA
    tag = "Words"
    text: rx.Var[str]
    folded: rx.Var[bool]
    note: rx.Var[bool]
    on_unfold: rx.EventHandler[no_args_event_spec]


class Picture(_Part):
    """A picture that opens in front of the page."""

    library = _MEDIA
    tag = "Picture"
    url: rx.Var[str]
    name: rx.Var[str]
    width: rx.Var[int]
    height: rx.Var[int]


class Voice(_Part):
    """A voice note with its bars, position and speed; `duration` in milliseconds."""

    library = _MEDIA
    tag = "Voice"
    url: rx.Var[str]
    seed: rx.Var[str]
    duration: rx.Var[int]
    inline: rx.Var[bool]
