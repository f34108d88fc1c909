"""The members of the organization: the list, and what is done with one of them."""

from typing import Any
from uuid import UUID

import reflex as rx

from crm_app.core.errors import CrmError, NotFound
from crm_app.domains.accounts.members import ownership
from crm_app.domains.accounts.members import service as members
from crm_app.domains.accounts.members.views import HandOverView, OfferView, PersonView
from crm_app.domains.accounts.roles import service as roles
from crm_app.domains.accounts.visits import service as visits
from crm_app.pages.base import PageState, handler, notify
from crm_app.pages.current import current_actor
from crm_app.pages.presence import presence

MANAGE = "members.manage"
NOBODY = "nobody"
DIALOGS = frozenset({"remove", "hand_over", "offer"})


def member_id_of(value: Any) -> UUID:
    """Return the id in a handler's argument. Raises `NotFound` for anything else."""
    try:
        return UUID(str(value))
    except ValueError as error:
        raise NotFound(kind="member") from error


class MembersState(PageState, rx.State):
    """The list of members, with the dialogs that belong to a row."""

    rows: list[dict[str, Any]] = []
    roles: list[dict[str, str]] = []
    offer: dict[str, str] = {}
    loading: bool = True
    failed: bool = False
    asking: str = ""
    target_id: str = ""
    target_name: str = ""
    holdings: list[dict[str, Any]] = []
    receivers: list[dict[str, str]] = []
    receiver_id: str = ""
    problem: str = ""
    busy: bool = False

    @handler(MANAGE)
    async def load(self) -> None:
        """Read who is here; runs on load and on retry."""
        self._watch("member.", "ownership.", "presence.online")
        async with self._opening():
            await self._read()

    async def _read(self) -> None:
        async with self._work() as (session, actor):
            people = await members.list_people(session, actor)
            offer = await ownership.find_offer(session, actor)
            known = await roles.list_roles(session, actor)
        own = next((one.role for one in people if one.user_id == actor.user_id), "")
        self.rows = [_row(one, own) for one in people]
        self.roles = [{"key": one.key, "name": one.name or ""} for one in known if one.editable]
        self.offer = _offer_row(offer) if offer else {}
        self._mark_online()

    def _mark_online(self) -> None:
        here = {person.user_id for person in presence.online(str(current_actor().organization_id))}
        self.rows = [{**row, "online": row["id"] in here} for row in self.rows]

    async def _on_fact(self, fact: dict[str, Any]) -> None:
        """Somebody's place changed, or somebody came or went."""
        if fact["name"] == "presence.online":
            self._mark_online()
        else:
            await self._read()

    @handler(MANAGE)
    async def change_role(self, user_id: str, role: str) -> Any:
        """Give a member another role, by its key; it can be undone."""
        known = next((row for row in self.rows if row["id"] == user_id), {})
        async with self._work() as (session, actor):
            await roles.assign_role(session, actor, user_id=member_id_of(user_id), key=str(role))
        before = str(known.get("role_key", ""))
        back = MembersState.change_role(user_id, before) if before not in ("", "owner") else None
        return notify("members.role_changed", undo=back, name=str(known.get("name", "")))

    @handler("members.view_as")
    async def view_as(self, user_id: str) -> None:
        """See the app as a member does; every tab of this session begins anew with their eyes."""
        async with self._work() as (session, actor):
            await visits.begin_view_as(session, actor, user_id=member_id_of(user_id))

    @handler(MANAGE)
    async def deactivate(self, user_id: str) -> Any:
        """Close the door for a member."""
        async with self._work() as (session, actor):
            person = await members.deactivate_member(session, actor, user_id=member_id_of(user_id))
        return notify("members.deactivated", undo=MembersState.activate(user_id), name=person.name)

    @handler(MANAGE)
    async def activate(self, user_id: str) -> Any:
        """Let a member in again."""
        async with self._work() as (session, actor):
            person = await members.activate_member(session, actor, user_id=member_id_of(user_id))
        return notify("members.activated", name=person.name)

    @handler(MANAGE)
    async def ask(self, what: str, user_id: str) -> None:
        """Open the dialog `what` (remove, hand_over, offer) about a member, with what they own."""
        known = next((row for row in self.rows if row["id"] == user_id), None)
        if known is None or what not in DIALOGS:
            raise NotFound(kind="member")
        async with self._work() as (session, actor):
            owned = await members.count_holdings(session, actor, user_id=member_id_of(user_id))
        self.holdings = [{"kind": kind, "count": count} for kind, count in owned.counts.items() if count]
        self.receivers = [
            {"id": row["id"], "name": row["name"]} for row in self.rows if row["id"] != user_id and row["active"]
        ]
        self.target_id, self.target_name = known["id"], known["name"]
        self.receiver_id = self.problem = ""
        self.asking = what

    @handler(MANAGE)
    async def close(self, wish: bool) -> None:
        """Close whatever dialog is open."""
        if not wish:
            self.asking = self.problem = ""

    @handler(MANAGE)
    async def choose_receiver(self, user_id: str) -> None:
        """Say who gets everything; `nobody` leaves it in the queue."""
        self.receiver_id, self.problem = str(user_id), ""

    @handler(MANAGE)
    async def give(self) -> Any:
        """Hand over, and with the dialog `remove` take the place away too."""
        if self.holdings and not self.receiver_id:
            self.problem = "members.give.choose"
            return None
        receiver = None if self.receiver_id in ("", NOBODY) else member_id_of(self.receiver_id)
        target, removing = member_id_of(self.target_id), self.asking == "remove"
        use_case = members.remove_member if removing else members.hand_over
        try:
            async with self._work() as (session, actor):
                done = await use_case(session, actor, user_id=target, to_user_id=receiver)
        except CrmError as error:
            self.problem = error.key
            return None
        self.asking = ""
        return self._given(done)

    def _given(self, done: HandOverView) -> Any:
        key = "members.removed" if done.removed else "members.handed_over"
        back = MembersState.undo(str(done.id))
        return notify(key, undo=back, name=self.target_name, count=sum(done.counts.values()))

    @handler(MANAGE)
    async def undo(self, hand_over_id: str) -> Any:
        """Bring back what changed hands."""
        async with self._work() as (session, actor):
            done = await members.undo_hand_over(session, actor, hand_over_id=member_id_of(hand_over_id))
        await self._read()
        return notify("members.undone", count=sum(done.counts.values()))

    @handler("organization.manage")
    async def offer_ownership(self, form: dict[str, Any]) -> Any:
        """Ask a member to become an owner."""
        share = isinstance(form, dict) and bool(form.get("share"))
        try:
            async with self._work() as (session, actor):
                offer = await ownership.offer_ownership(
                    session, actor, user_id=member_id_of(self.target_id), step_down=not share
                )
        except CrmError as error:
            self.problem = error.key
            return None
        self.asking, self.offer = "", _offer_row(offer)
        return notify("members.offered", name=offer.receiver_name)

    @handler("organization.manage")
    async def withdraw(self) -> Any:
        """Take the offer back."""
        async with self._work() as (session, actor):
            await ownership.withdraw_ownership(
                session, actor, ownership_offer_id=member_id_of(self.offer.get("id"))
            )
        self.offer = {}
        return notify("members.offer_withdrawn")


def _row(person: PersonView, own_role: str) -> dict[str, Any]:
    own = person.user_id == current_actor().user_id
    return {
        "id": str(person.user_id),
        "name": person.name,
        "email": person.email,
        "role": person.role,
        "role_key": str(person.role_id or person.role),
        "role_name": person.role_name or "",
        "active": person.is_active,
        "own": own,
        "touchable": not own and (person.role != "owner" or own_role == "owner"),
        "last_seen": person.last_seen_at.isoformat() if person.last_seen_at else "",
        "online": False,
    }


def _offer_row(offer: OfferView) -> dict[str, str]:
    return {
        "id": str(offer.id),
        "giver": offer.giver_name,
        "receiver": offer.receiver_name,
        "until": offer.expires_at.isoformat(),
        "step_down": "yes" if offer.step_down else "",
    }
