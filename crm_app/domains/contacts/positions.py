"""Reads the parts of a list's cursor back; whatever somebody made up is `Invalid`."""

from datetime import datetime
from typing import Any
from uuid import UUID

from crm_app.core.errors import Invalid


def moment(value: Any) -> datetime:
    """Return the aware moment that a cursor holds. Raises `Invalid`."""
    try:
        found = datetime.fromisoformat(value)
    except (TypeError, ValueError) as error:
        raise Invalid("errors.cursor") from error
    if found.tzinfo is None:
        raise Invalid("errors.cursor")
    return found


def uuid(value: Any) -> UUID:
    """Return the id that a cursor holds. Raises `Invalid`."""
    try:
        return UUID(value)
    except (TypeError, ValueError, AttributeError) as error:
        raise Invalid("errors.cursor") from error
