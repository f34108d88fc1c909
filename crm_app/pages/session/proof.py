"""The question "is it still you?" before what is delicate, and going on with what was wanted afterwards."""

from typing import Any

import reflex as rx
from reflex_base.event import Event

from crm_app.core.database import unit_of_work
from crm_app.core.errors import CrmError
from crm_app.domains.accounts.factors import step_up
from crm_app.pages.base import HELD, PageState, handler
from crm_app.pages.current import current_actor
from crm_app.pages.policy import registered_permission

ORDER = ("totp", "passkey", "password", "recovery")


class ProofState(PageState, rx.State):
    """The dialog that asks for a fresh proof."""

    asking: bool = False
    kinds: list[str] = []
    kind: str = ""
    error: str = ""
    busy: bool = False
    _then: list[Any] = []

    @handler(HELD)
    async def choose(self, kind: str) -> None:
        """Prove it in another way."""
        self.kind = kind if kind in self.kinds else self.kind
        self.error = ""

    @handler(HELD)
    async def close(self, wish: bool) -> None:
        """Close the dialog; what was wanted is dropped."""
        if not wish:
            self.asking, self.error, self._then = False, "", []

    @handler(HELD)
    async def answer(self, form: dict[str, Any]) -> Event | None:
        """Check a password or a code, and go on with what was wanted."""
        given = str(form.get("answer", "")) if isinstance(form, dict) else ""
        try:
            actor = current_actor()
            async with unit_of_work(actor, in_any_state=True) as session:
                await step_up.prove_with(session, actor, kind=self.kind, answer=given)
        except CrmError as error:
            self.error = error.key
            return None
        return self._go_on()

    @handler(HELD)
    async def signed(self, failure: str) -> Event | None:
        """A passkey was used in the browser (the server has checked it), or was not."""
        if failure:
            self.error = sentence(failure)
            return None
        return self._go_on()

    def _go_on(self) -> Event | None:
        name, payload = self._then if len(self._then) == 2 else ("", {})
        self.asking, self.error, self._then = False, "", []
        return Event(name=name, payload=payload) if registered_permission(name) else None


SAID = {
    "cancelled": "auth.error.cancelled",
    "unsupported": "auth.error.unsupported",
    "already_here": "profile.passkeys.already_here",
    "bad_passkey": "errors.accounts.bad_passkey",
    "too_many_passkeys": "profile.passkeys.too_many",
    "too_many": "auth.error.too_many",
    "offline": "auth.error.offline",
}


def sentence(failure: str) -> str:
    """Return the catalogue key for the code of a failed ceremony; the browser sends it, so it is looked up."""
    return SAID.get(str(failure), "auth.error.server")


async def ask_for_proof(state: PageState, event: Any) -> None:
    """Open the dialog; `event` is sent again once the proof was given, and passes the guard like any other."""
    wanted = Event.from_event_type(event)[0]
    actor = current_actor()
    async with unit_of_work(actor, in_any_state=True) as session:
        known = await step_up.proof_kinds(session, actor)
    proof: Any = await state.get_state(ProofState)
    proof.kinds = [kind for kind in ORDER if kind in known]
    proof.kind = proof.kinds[0] if proof.kinds else ""
    proof.asking, proof.error = True, ""
    proof._then = [wanted.name, dict(wanted.payload)]
