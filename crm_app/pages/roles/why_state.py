"""Asking why somebody sees a record, or does not."""

import re
from typing import Any
from uuid import UUID

import reflex as rx

from crm_app.core.errors import CrmError, NotFound
from crm_app.domains.accounts import service as accounts
from crm_app.domains.explain import service
from crm_app.domains.explain.schemas import Explanation, RecordKind
from crm_app.pages.base import PageState, handler
from crm_app.pages.roles.state import MANAGE

_ID = "[0-9a-fA-F]{8}-(?:[0-9a-fA-F]{4}-){3}[0-9a-fA-F]{12}"
_ADDRESSES = (
    (re.compile(rf"/board\?(?:.*&)?deal=({_ID})"), RecordKind.DEAL),
    (re.compile(rf"/inbox/({_ID})"), RecordKind.CONVERSATION),
    (re.compile(rf"/contacts/({_ID})"), RecordKind.CONTACT),
)
LONGEST_ADDRESS = 500


def record_at(address: str) -> tuple[RecordKind, UUID]:
    """Return what a page's address shows. Raises `NotFound` when that is no record."""
    for pattern, kind in _ADDRESSES:
        found = pattern.search(address[:LONGEST_ADDRESS])
        if found:
            return kind, UUID(found[1])
    raise NotFound("roles.why.no_record")


class WhyState(PageState, rx.State):
    """A question about one member and one record, and its answer."""

    people: list[dict[str, str]] = []
    answer: dict[str, Any] = {}
    rules: list[dict[str, Any]] = []
    problem: str = ""

    @handler(MANAGE)
    async def load(self) -> None:
        """Read who can be asked about."""
        async with self._work() as (session, actor):
            found = await accounts.list_members(session, actor)
        self.people = [{"id": str(one.user_id), "name": one.name} for one in found if one.is_active]
        self._show(None)

    @handler(MANAGE)
    async def ask(self, form: dict[str, Any]) -> None:
        """Answer for the member and the address in the form."""
        self._show(None)
        try:
            kind, record_id = record_at(str(form.get("address", "")))
            async with self._work() as (session, actor):
                told = await service.explain_access(
                    session, actor, user_id=_uuid(form.get("member")), kind=kind, record_id=record_id
                )
        except CrmError as error:
            self.problem = "roles.why.not_found" if error.key == NotFound.key else error.key
            return
        self._show(told)

    def _show(self, told: Explanation | None) -> None:
        self.problem = ""
        self.answer = {"visible": told.visible, "title": told.title, "member": told.member} if told else {}
        self.rules = [rule.model_dump() for rule in told.rules] if told else []


def _uuid(value: Any) -> UUID:
    try:
        return UUID(str(value))
    except ValueError as error:
        raise NotFound("roles.why.no_member") from error
