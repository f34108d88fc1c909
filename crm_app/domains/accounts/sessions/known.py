"""Sessions that this process has recently recognised, so that checking one on every event or call costs little."""

import time
from collections import OrderedDict
from collections.abc import Callable
from typing import Any

from crm_app.core import hub
from crm_app.core.clock import utc_now
from crm_app.core.database import system_unit_of_work
from crm_app.core.errors import Unauthenticated
from crm_app.core.events import subscribe
from crm_app.core.visiting import reading_only
from crm_app.domains.accounts.events import (
    FactorPolicyChanged,
    FactorsChanged,
    MemberChanged,
    MemberRoleChanged,
    OrganizationStateChanged,
    PreferencesChanged,
    SessionMoved,
    SessionRevoked,
)
from crm_app.domains.accounts.rules import hash_token
from crm_app.domains.accounts.schemas import SignedIn
from crm_app.domains.accounts.visits import service as visits
from crm_app.domains.plans.events import ModulesChanged

FRESH_SECONDS = 15.0
"""How long a recognised session is believed without asking the database; a revocation is heard at once."""
REFUSED_SECONDS = 2.0
MOST = 20_000


class KnownSessions:
    """A small memory from the hash of a session token to who is behind it."""

    def __init__(self, clock: Callable[[], float] = time.monotonic) -> None:
        self._clock = clock
        self._entries: OrderedDict[bytes, tuple[float, SignedIn | None]] = OrderedDict()
        self._epoch = 0

    async def resolve(self, token: str) -> SignedIn | None:
        """Return who is behind `token`, or None when it is not (or no longer) a session."""
        key = hash_token(token)
        entry = self._entries.get(key)
        if entry is not None and entry[0] > self._clock() and not _has_expired(entry[1]):
            return entry[1]
        epoch = self._epoch
        signed_in = await _ask_database(token)
        if epoch == self._epoch:
            # Something was revoked while we asked: what we hold may be old, so it is not remembered.
            self._remember(key, signed_in)
        return None if _has_expired(signed_in) else signed_in

    def _remember(self, key: bytes, signed_in: SignedIn | None) -> None:
        lifetime = FRESH_SECONDS if signed_in else REFUSED_SECONDS
        self._entries[key] = (self._clock() + lifetime, signed_in)
        self._entries.move_to_end(key)
        while len(self._entries) > MOST:
            self._entries.popitem(last=False)

    def forget(self, user_id: str, session_id: str | None = None) -> None:
        """Forget one session of a user, or all of them."""
        self._epoch += 1
        gone = [key for key, (_, who) in self._entries.items() if who and _is_of(who, user_id, session_id)]
        for key in gone:
            del self._entries[key]

    def forget_organization(self, organization_id: str) -> None:
        """Forget every session in an organization."""
        self._epoch += 1
        gone = [
            key
            for key, (_, who) in self._entries.items()
            if who and organization_id in {str(who.actor.organization_id), str(who.own_actor.organization_id)}
        ]
        for key in gone:
            del self._entries[key]

    def clear(self) -> None:
        """Forget everything."""
        self._epoch += 1
        self._entries.clear()

    async def hear(self, fact: dict[str, Any]) -> None:
        """Forget sessions that a fact on the hub says are over, or whose rights may have changed."""
        if fact["name"] in {"session.revoked", "session.moved"}:
            self.forget(fact["user_id"], fact.get("session_id"))
        elif fact["name"].startswith("member.") and fact.get("user_id"):
            self.forget(fact["user_id"])
        elif fact["name"] in {"organization.factors", "organization.modules", "organization.state"}:
            self.forget_organization(fact["organization_id"])

    def start(self) -> Callable[[], None]:
        """Listen to the hub from now on; returns the function that ends it."""
        return hub.listen(self.hear)


def _is_of(who: SignedIn, user_id: str, session_id: str | None) -> bool:
    # During a visit it is about two people: who looks, and through whose eyes.
    same_user = user_id in {str(who.actor.user_id), str(who.own_actor.user_id)}
    return same_user and (session_id in (None, "", "None") or str(who.actor.session_id) == session_id)


def _has_expired(signed_in: SignedIn | None) -> bool:
    return signed_in is not None and signed_in.expires_at <= utc_now()


async def _ask_database(token: str) -> SignedIn | None:
    try:
        # What an event of a visit has begun may ask again: noting that a session was used is no part of the visit.
        with reading_only(False):
            async with system_unit_of_work() as session:
                return await visits.recognise(session, token)
    except Unauthenticated:
        return None


known_sessions = KnownSessions()


@subscribe(SessionRevoked)
async def _forget_revoked(fact: SessionRevoked) -> None:
    # In this process at once, before the answer leaves; the hub tells the others.
    known_sessions.forget(str(fact.user_id), str(fact.session_id) if fact.session_id else None)
    with reading_only(False):
        async with system_unit_of_work() as session:
            await visits.end_cut_off(session, fact.user_id)


@subscribe(SessionMoved)
async def _forget_moved(fact: SessionMoved) -> None:
    known_sessions.forget(str(fact.user_id), str(fact.session_id))


async def _forget_person(fact: Any) -> None:
    known_sessions.forget(str(fact.user_id))


for _kind in (FactorsChanged, MemberChanged, MemberRoleChanged, PreferencesChanged):
    subscribe(_kind)(_forget_person)


async def _forget_everybody(fact: Any) -> None:
    known_sessions.forget_organization(str(fact.organization_id))


for _change in (FactorPolicyChanged, ModulesChanged, OrganizationStateChanged):
    subscribe(_change)(_forget_everybody)
