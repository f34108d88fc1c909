"""What crosses from the first steps into pages."""

from pydantic import BaseModel, ConfigDict

STEPS = ("email", "channel", "team", "deal", "message")


class Checklist(BaseModel):
    """Which steps are done. `wanted` tells whether anybody still has to be reminded of them."""

    model_config = ConfigDict(frozen=True)

    done: tuple[str, ...]
    closed: bool

    @property
    def complete(self) -> bool:
        """Whether nothing is left to do."""
        return len(self.done) == len(STEPS)

    @property
    def wanted(self) -> bool:
        """Whether the organization's people should be led there."""
        return not self.closed and not self.complete
