"""Errors that a user can understand: a code for machines, a catalogue key for people."""

from collections.abc import Mapping
from typing import Any, ClassVar


class CrmError(Exception):
    """Base of every expected failure.

    `key` names a sentence in the language catalogue, `data` fills its placeholders, `status` is the HTTP
    status that the API answers with, `code` is what a program matches on.
    """

    code: ClassVar[str] = "error"
    status: ClassVar[int] = 500
    key: str = "errors.unexpected"

    def __init__(self, key: str | None = None, /, **data: Any) -> None:
        if key is not None:
            self.key = key
        self.data: Mapping[str, Any] = data
        super().__init__(f"{self.code}: {self.key} {dict(data) if data else ''}".strip())


class NotFound(CrmError):
    """The thing does not exist, or the actor may not know that it does."""

    code = "not_found"
    status = 404
    key = "errors.not_found"


class Forbidden(CrmError):
    """The actor may see the thing but not do this with it."""

    code = "forbidden"
    status = 403
    key = "errors.forbidden"


class ModuleOff(Forbidden):
    """The actor's role allows it, but it belongs to a module that the actor has not: `data["module"]`.

    Each module has a sentence of its own, `errors.modules.<module>`, which says whom to ask.
    """

    code = "module_off"

    def __init__(self, module: str) -> None:
        super().__init__(f"errors.modules.{module}", module=module)


class Unauthenticated(CrmError):
    """Nobody is signed in, or the session has ended."""

    code = "unauthenticated"
    status = 401
    key = "errors.unauthenticated"


class OrganizationSuspended(Forbidden):
    """The organization is suspended: nothing of it is read or written until it is let in again."""

    code = "organization_suspended"
    key = "errors.organization.suspended"


class OrganizationClosed(Forbidden):
    """The organization was closed; nobody gets in."""

    code = "organization_closed"
    key = "errors.organization.closed"


class PaymentPending(CrmError):
    """The organization owes a payment: nothing that makes the bill larger is added before it is settled."""

    code = "payment_pending"
    status = 402
    key = "errors.organization.payment_pending"


class Invalid(CrmError):
    """What came in cannot be accepted; `data["fields"]` may map a field name to a catalogue key."""

    code = "invalid"
    status = 422
    key = "errors.invalid"


class Conflict(CrmError):
    """Somebody else changed the thing first, or it already exists."""

    code = "conflict"
    status = 409
    key = "errors.conflict"


class TooManyRequests(CrmError):
    """A limit was reached; `data["retry_after"]` is in seconds."""

    code = "too_many_requests"
    status = 429
    key = "errors.too_many_requests"


class Unavailable(CrmError):
    """Something that the request needs does not answer at the moment."""

    code = "unavailable"
    status = 503
    key = "errors.unavailable"
