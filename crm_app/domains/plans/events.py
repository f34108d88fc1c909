"""What has happened to what an organization may use."""

from dataclasses import dataclass
from typing import ClassVar

from crm_app.core.events import Fact


@dataclass(frozen=True, slots=True, kw_only=True)
class ModulesChanged(Fact):
    """The organization may use other things, or other amounts, than before."""

    name: ClassVar[str] = "organization.modules"
