"""Rows on their way into the database, and the state that the parts of the builder share."""

from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any
from uuid import UUID

from crm_app.core.repository import TenantTable
from crm_app.demo.calendar import Calendar
from crm_app.domains.contacts import rules as contact_rules
from crm_app.domains.contacts.models import Activity, Contact, ContactIdentity

Row = dict[str, Any]


@dataclass(frozen=True, slots=True)
class Team:
    """The people of the demo by key (`marina`, …), with the median minutes that each takes to answer."""

    ids: Mapping[str, UUID]
    sellers: Sequence[str] = ("rafael", "bruna", "camila", "marina")
    weights: Sequence[int] = (34, 33, 22, 11)
    pace: Mapping[str, float] = field(default_factory=lambda: {"rafael": 5, "bruna": 7, "camila": 9, "marina": 16})


@dataclass(slots=True)
class Builder:
    """Collects rows by table, and the bytes that belong to attachments. Every row is in one organization."""

    organization_id: UUID
    calendar: Calendar
    team: Team
    rows: dict[type[TenantTable], list[Row]] = field(default_factory=lambda: defaultdict(list))
    files: list[tuple[Row, bytes]] = field(default_factory=list)
    contacts: dict[str, Row] = field(default_factory=dict)
    _phones: int = 100

    def add(self, table: type[TenantTable], moment: datetime, **values: Any) -> Row:
        """Add a row that came into being at `moment` and return it."""
        row = {
            "organization_id": self.organization_id,
            "id": self.calendar.id(moment),
            "created_at": moment,
            **values,
        }
        self.rows[table].append(row)
        return row

    def add_contact(self, moment: datetime, *, name: str, company: str, **values: Any) -> Row:
        """Add a contact with a fictional phone, its identities and the first line of its timeline."""
        phone = self._phone()
        row = self.add(
            Contact,
            moment,
            name=name,
            sort_name=contact_rules.fold(name)[:200],
            company=company,
            phone=phone,
            search_text=contact_rules.searchable(name, company, values.get("email", ""), phones=[phone]),
            last_activity_at=moment,
            updated_at=moment,
            **values,
        )
        for spelling in contact_rules.phone_spellings(phone):
            self.add(ContactIdentity, moment, contact_id=row["id"], kind="phone", value=spelling)
        if values.get("email"):
            self.add(ContactIdentity, moment, contact_id=row["id"], kind="email", value=values["email"])
        self.contacts[name] = row
        self.note(row, moment, "contact.created", None, None, {"source": values.get("source", "")})
        return row

    def _phone(self) -> str:
        self._phones += self.calendar.random.randrange(7, 29)
        area = self.calendar.random.choices((41, 42, 43, 44, 47, 48, 11), (70, 6, 6, 5, 6, 4, 3))[0]
        return f"+55{area}99999{self._phones:04d}"

    def note(
        self, contact: Row, moment: datetime, kind: str, user_id: UUID | None, entity_id: UUID | None, data: Row
    ) -> None:
        """Add a line to a contact's timeline and move the contact's last activity."""
        self.add(
            Activity,
            moment,
            contact_id=contact["id"],
            kind=kind,
            user_id=user_id,
            entity_id=entity_id,
            data=data,
            happened_at=moment,
        )
        self.touch(contact, moment)

    def touch(self, contact: Row, moment: datetime) -> None:
        """Let a contact's last activity be no earlier than `moment`."""
        contact["last_activity_at"] = contact["updated_at"] = max(contact["last_activity_at"], moment)
