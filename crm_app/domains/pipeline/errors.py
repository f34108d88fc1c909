"""What can go wrong in the funnel, beyond the general errors."""

from typing import Any

from crm_app.core.errors import Conflict


class StaleDeal(Conflict):
    """The deal was changed by somebody else first; `data["current"]` is how it stands now, `data["version"]` and
    `data["stage_id"]` are the parts of it that the API tells."""

    code = "stale_deal"
    key = "errors.pipeline.stale"

    def __init__(self, *, current: dict[str, Any]) -> None:
        super().__init__(current=current, version=current["version"], stage_id=current["stage_id"])
