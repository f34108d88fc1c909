"""The few parts of the demo phone that live in the browser, as Reflex components (source: phone.jsx)."""

import reflex as rx
from reflex_components_lucide.icon import LUCIDE_LIBRARY

from crm_app.ui.browser_module import browser_module

_PHONE = browser_module("phone.jsx", package=__name__, beside=__file__)


class Attach(rx.Component):
    """Sends a file of this device as the customer whose phone is given."""

    library = _PHONE
    tag = "Attach"
    lib_dependencies: list[str] = [LUCIDE_LIBRARY]
    phone: rx.Var[str]


class Fleeting(rx.Component):
    """Shows its children for `seconds` after each change of `stamp`."""

    library = _PHONE
    tag = "Fleeting"
    alias = "PhoneFleeting"
    stamp: rx.Var[str]
    seconds: rx.Var[int]
