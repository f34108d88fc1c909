"""What crosses between the contacts' business and the screens, the API and the other domains."""

from datetime import datetime
from enum import StrEnum
from typing import Annotated, Any
from uuid import UUID

from pydantic import BaseModel, ConfigDict, Field

from crm_app.core.text import LINE, PROSE
from crm_app.domains.contacts.models import IdentityKind

Name = Annotated[str, Field(max_length=200), LINE]
Tags = Annotated[list[Annotated[str, Field(min_length=1, max_length=40), LINE]], Field(max_length=20)]
Version = Annotated[int, Field(ge=1, le=2_147_483_647)]


class ContactOrder(StrEnum):
    """How a list of contacts is ordered."""

    NAME = "name"
    ACTIVITY = "activity"


class ContactCreate(BaseModel):
    """A new contact. `phone` is accepted as people write it (Brazil when no country is given)."""

    model_config = ConfigDict(extra="forbid")

    name: Annotated[str, Field(min_length=1, max_length=200), LINE]
    company: Name = ""
    job_title: Annotated[str, Field(max_length=120), LINE] = ""
    phone: Annotated[str, Field(max_length=40), LINE] = ""
    email: Annotated[str, Field(max_length=254), LINE] = ""
    source: Annotated[str, Field(max_length=60), LINE] = ""
    tags: Tags = []
    notes: Annotated[str, Field(max_length=10_000), PROSE] = ""
    owner_id: UUID | None = None


class ContactUpdate(BaseModel):
    """A change of a contact: the fields that are given, on top of the `version` that was read."""

    model_config = ConfigDict(extra="forbid")

    version: Version
    name: Annotated[str, Field(min_length=1, max_length=200), LINE] = ""
    company: Name = ""
    job_title: Annotated[str, Field(max_length=120), LINE] = ""
    phone: Annotated[str, Field(max_length=40), LINE] = ""
    email: Annotated[str, Field(max_length=254), LINE] = ""
    source: Annotated[str, Field(max_length=60), LINE] = ""
    tags: Tags = []
    notes: Annotated[str, Field(max_length=10_000), PROSE] = ""
    owner_id: UUID | None = None

    def changes(self) -> dict[str, Any]:
        """Return the fields that were given, without the version."""
        return self.model_dump(include=self.model_fields_set - {"version"})


class ContactFilter(BaseModel):
    """Which contacts a list shows. `q` looks at names, companies, e-mails and phones, word by word."""

    q: Annotated[str, Field(max_length=200), LINE] = ""
    order: ContactOrder = ContactOrder.NAME
    owner_id: UUID | None = None
    archived: bool = False


class NoteCreate(BaseModel):
    """Something worth remembering about a contact."""

    model_config = ConfigDict(extra="forbid")

    text: Annotated[str, Field(min_length=1, max_length=4000), PROSE]


class IdentityView(BaseModel):
    """One address of a contact."""

    model_config = ConfigDict(frozen=True)

    kind: IdentityKind
    value: str


class ContactView(BaseModel):
    """A contact as lists show it."""

    model_config = ConfigDict(frozen=True, from_attributes=True)

    id: UUID
    name: str
    company: str
    job_title: str
    phone: str
    email: str
    source: str
    tags: list[str]
    owner_id: UUID | None
    last_activity_at: datetime
    created_at: datetime
    updated_at: datetime
    archived_at: datetime | None
    version: int


class ContactDetail(ContactView):
    """A contact with everything that is known about it."""

    notes: str
    identities: list[IdentityView]


class ContactSummary(BaseModel):
    """As much of a contact as a card or a conversation row shows."""

    model_config = ConfigDict(frozen=True)

    id: UUID
    name: str
    company: str
    phone: str


class ActivityView(BaseModel):
    """A line of a contact's timeline. `kind` chooses icon and sentence, `data` fills the sentence."""

    model_config = ConfigDict(frozen=True, from_attributes=True)

    id: UUID
    kind: str
    user_id: UUID | None
    entity_id: UUID | None
    data: dict[str, Any]
    happened_at: datetime
