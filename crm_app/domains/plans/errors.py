"""What is refused because the organization has enough of it."""

from typing import Any

from crm_app.core.errors import Conflict


class LimitReached(Conflict):
    """The plan allows `limit` of `what`, and they are used up."""

    code = "limit_reached"

    def __init__(self, what: str, limit: int, **data: Any) -> None:
        super().__init__(f"errors.limits.{what}", what=what, limit=limit, **data)
