"""What screens and API see and send of roles and teams."""

from typing import Annotated
from uuid import UUID

from pydantic import BaseModel, ConfigDict, Field

from crm_app.core.text import LINE
from crm_app.domains.accounts.schemas import View

Name = Annotated[str, Field(min_length=1, max_length=60), LINE]
MatrixInput = Annotated[
    dict[Annotated[str, Field(max_length=60)], Annotated[str, Field(max_length=4)]], Field(max_length=80)
]


class RoleView(View):
    """A role. `key` is a built-in one's name or the id of one of the organization's own; `name` only those have.

    `matrix` maps each permission to `none`, `own`, `team` or `all`; `differs` are those unlike in `based_on`.
    """

    key: str
    id: UUID | None
    name: str | None
    based_on: str
    matrix: dict[str, str]
    differs: list[str]
    members: int
    version: int
    editable: bool


class _Input(BaseModel):
    model_config = ConfigDict(extra="forbid")


class RoleSave(_Input):
    """The whole matrix as it shall be, made from `version` (0 for a built-in role that was never changed)."""

    version: Annotated[int, Field(ge=0, le=2_147_483_647)]
    matrix: MatrixInput


class RoleClone(_Input):
    """A new role with the matrix of the role `key`."""

    key: Annotated[str, Field(max_length=40)]
    name: Name


class RoleRename(_Input):
    """A role's new name."""

    name: Name


class TeamMemberView(View):
    """Somebody in a team; whoever `leads` sees the others' things."""

    user_id: UUID
    name: str
    leads: bool


class TeamView(View):
    """A team and who is in it, by name."""

    id: UUID
    name: str
    members: list[TeamMemberView]


class TeamName(_Input):
    """A team's name."""

    name: Name
