"""What crosses from the audit trail into the screen, the API and the table."""

from datetime import datetime
from typing import Annotated, Any
from uuid import UUID

from pydantic import AwareDatetime, BaseModel, ConfigDict, Field

from crm_app.core.text import LINE
from crm_app.domains.accounts.schemas import View


class AuditFilter(BaseModel):
    """Which entries are wanted. `since` is included, `until` is not; `q` is an id or the beginning of one."""

    model_config = ConfigDict(frozen=True)

    user_id: UUID | None = None
    action: Annotated[str, Field(max_length=60), LINE] = ""
    entity_type: Annotated[str, Field(max_length=40), LINE] = ""
    since: AwareDatetime | None = None
    until: AwareDatetime | None = None
    q: Annotated[str, Field(max_length=60), LINE] = ""


class AuditEntryView(View):
    """One entry: who did what to which thing, when, from where and on whose behalf."""

    id: UUID
    sequence: int
    created_at: datetime
    user_id: UUID | None
    user_name: str | None
    on_behalf_of: UUID | None
    on_behalf_name: str | None
    action: str
    entity_type: str
    entity_id: UUID | None
    before: dict[str, Any] | None
    after: dict[str, Any] | None
    ip: str
    trace_id: str
    hash: str


class PersonChoice(View):
    """Somebody who stands in the trail."""

    id: UUID
    name: str


class AuditChoices(View):
    """What can be filtered by: only what the trail really holds."""

    people: tuple[PersonChoice, ...]
    actions: tuple[str, ...]
    kinds: tuple[str, ...]
