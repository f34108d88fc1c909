"""What can go wrong with contacts."""

from uuid import UUID

from crm_app.core.errors import Conflict, Invalid


class PhoneInvalid(Invalid):
    """The text cannot be a phone that somebody could call."""

    key = "errors.contacts.phone"

    def __init__(self) -> None:
        super().__init__(fields={"phone": self.key})


class EmailInvalid(Invalid):
    """The text cannot be an e-mail address."""

    key = "errors.contacts.email"

    def __init__(self) -> None:
        super().__init__(fields={"email": self.key})


class IdentityInvalid(Invalid):
    """An address of that kind cannot look like this."""

    key = "errors.contacts.identity"


class AddressTaken(Conflict):
    """Another contact has this phone or e-mail already; `contact_id` is there for whoever may see it."""

    key = "errors.contacts.taken"

    def __init__(self, field: str, contact_id: UUID | None) -> None:
        super().__init__(fields={field: self.key}, contact_id=str(contact_id) if contact_id else None)


class ContactChanged(Conflict):
    """Somebody else saved the contact since it was read; `version` is the present one."""

    key = "errors.contacts.changed"

    def __init__(self, version: int) -> None:
        super().__init__(version=version)
