"""Identifiers: UUIDv7, so that new rows land at the end of every index."""

from uuid import UUID

import uuid_utils


def new_id() -> UUID:
    """Return a fresh, time-ordered UUID (version 7, RFC 9562 section 5.7)."""
    return UUID(bytes=uuid_utils.uuid7().bytes)
