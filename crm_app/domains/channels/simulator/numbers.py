"""Telephone numbers of the simulator."""

from crm_app.domains.channels.providers.base import Rejected


def normal_number(text: str) -> str:
    """Return a number in E.164 (`+` and 8 to 15 digits). Raises `Rejected`."""
    digits = "".join(one for one in text if one.isascii() and one.isdigit())
    if not 8 <= len(digits) <= 15:
        raise Rejected("errors.channels.bad_number", field="number")
    return f"+{digits}"
