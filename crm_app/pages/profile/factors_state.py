"""The person's second factors, and what the organization asks for."""

from typing import Any

import reflex as rx

from crm_app.core.errors import CrmError
from crm_app.domains.accounts.factors import policy as factor_policy
from crm_app.domains.accounts.factors import service as own_factors
from crm_app.domains.accounts.factors import step_up
from crm_app.domains.accounts.factors.errors import ProofNeeded
from crm_app.domains.accounts.schemas import FactorsView
from crm_app.pages.base import ANY_SESSION, PageState, handler, notify
from crm_app.pages.current import current_actor
from crm_app.pages.profile.state import ProfileState, id_of
from crm_app.pages.session.proof import ask_for_proof, sentence
from crm_app.pages.session.state import Session

NOTHING: dict[str, Any] = {"totp": False, "totp_since": "", "codes": 0, "required": False, "any": False}


class FactorsState(PageState, rx.State):
    """The app, the recovery codes, the passkeys; and their dialogs."""

    factors: dict[str, Any] = NOTHING
    passkeys: list[dict[str, Any]] = []
    roles: list[str] = []
    loading: bool = True
    failed: bool = False
    dialog: str = ""
    """`totp`, `codes`, `passkey`, `rename`, `remove`; empty when none is open."""
    qr: str = ""
    secret: str = ""
    codes: list[str] = []
    error: str = ""
    target: dict[str, str] = {"id": "", "name": ""}

    @handler(ANY_SESSION)
    async def load(self) -> None:
        """Read all of it; runs on load and on retry."""
        self._watch("member.factors", user_id=str(current_actor().user_id))
        self._forget()
        async with self._opening():
            await self._read()

    async def _read(self) -> None:
        async with self._work() as (session, actor):
            view = await own_factors.read_factors(session, actor)
            manages = actor.can("organization.manage")
            self.roles = await factor_policy.read_factor_roles(session, actor) if manages else []
        self._show(view)

    def _show(self, view: FactorsView) -> None:
        self.factors = {
            "totp": view.totp,
            "totp_since": view.totp_since.isoformat() if view.totp_since else "",
            "codes": view.recovery_left,
            "required": view.required,
            "any": view.totp or bool(view.passkeys),
        }
        self.passkeys = [
            {
                "id": str(one.id),
                "name": one.name,
                "backed_up": one.backed_up,
                "created": one.created_at.isoformat(),
                "used": one.last_used_at.isoformat() if one.last_used_at else "",
            }
            for one in view.passkeys
        ]

    async def _on_fact(self, _fact: dict[str, Any]) -> None:
        """Another window of this person has changed something."""
        await self._read()

    def _forget(self) -> None:
        """Close what is open, and let no secret stay."""
        self.dialog = self.qr = self.secret = self.error = ""
        self.codes = []

    @handler(ANY_SESSION)
    async def close(self, wish: bool) -> None:
        """Close whatever dialog is open."""
        if not wish:
            self._forget()

    @handler(ANY_SESSION)
    async def begin_totp(self) -> None:
        """Show a new secret for the authenticator app."""
        try:
            async with self._work() as (session, actor):
                offer = await own_factors.begin_totp(session, actor)
        except ProofNeeded:
            await ask_for_proof(self, FactorsState.begin_totp())
            return
        self.qr, self.secret = offer.qr, " ".join(_groups(offer.secret))
        self.dialog, self.error = "totp", ""

    @handler(ANY_SESSION)
    async def confirm_totp(self, form: dict[str, Any]) -> Any:
        """Put the app into use with its first code; the secret is forgotten here at once."""
        code = str(form.get("code", "")) if isinstance(form, dict) else ""
        try:
            async with self._work() as (session, actor):
                codes = await own_factors.confirm_totp(session, actor, code=code)
        except ProofNeeded:
            self._forget()
            await ask_for_proof(self, FactorsState.begin_totp())
            return None
        except CrmError as error:
            self.error = error.key
            return None
        await self._now_with(codes)
        return notify("profile.totp.added")

    async def _now_with(self, codes: list[str]) -> None:
        """Show what there is now, and new recovery codes when there are some."""
        self._forget()
        self.codes, self.dialog = codes, "codes" if codes else ""
        await self._read()
        profile: Any = await self.get_state(ProfileState)
        await profile._read()
        if self.factors["any"]:
            session: Any = await self.get_state(Session)
            session.must_set_factor = False

    @handler(ANY_SESSION)
    async def ask_removal(self, what: str, passkey_id: str) -> None:
        """Ask whether the app (`totp`) or a passkey shall go."""
        known = next((one for one in self.passkeys if one["id"] == passkey_id), None)
        if what == "totp":
            self.target = {"id": "totp", "name": ""}
        elif known:
            self.target = {"id": known["id"], "name": known["name"]}
        else:
            return
        self.dialog = "rename" if what == "rename" else "remove"
        self.error = ""

    @handler(ANY_SESSION)
    async def remove(self) -> Any:
        """Take the app or the passkey away."""
        try:
            async with self._work() as (session, actor):
                if self.target["id"] == "totp":
                    await own_factors.remove_totp(session, actor)
                else:
                    wanted = id_of(self.target["id"], "passkey")
                    await own_factors.remove_passkey(session, actor, passkey_id=wanted)
        except ProofNeeded:
            self.dialog = ""
            await ask_for_proof(self, FactorsState.remove())
            return None
        except CrmError as error:
            self.dialog, self.error = "remove", error.key
            return None
        self._forget()
        await self._read()
        return notify("profile.factor.removed")

    @handler(ANY_SESSION)
    async def rename(self, form: dict[str, Any]) -> None:
        """Give a passkey another name."""
        wanted = str(form.get("name", "")) if isinstance(form, dict) else ""
        async with self._work() as (session, actor):
            passkey_id = id_of(self.target["id"], "passkey")
            await own_factors.rename_passkey(session, actor, passkey_id=passkey_id, name=wanted)
        self._forget()
        await self._read()

    @handler(ANY_SESSION)
    async def begin_passkey(self) -> None:
        """Ask for the name of a new passkey; the browser does the rest."""
        try:
            async with self._work() as (session, actor):
                await step_up.require_proof(session, actor)
        except ProofNeeded:
            await ask_for_proof(self, FactorsState.begin_passkey())
            return
        self.dialog, self.error = "passkey", ""

    @handler(ANY_SESSION)
    async def passkey_added(self, failure: str) -> Any:
        """The browser has registered a passkey with the server, or has not."""
        if failure == "proof_needed":
            self._forget()
            await ask_for_proof(self, FactorsState.begin_passkey())
            return None
        if failure:
            self.error = sentence(failure)
            return None
        codes: list[str] = []
        async with self._work() as (session, actor):
            view = await own_factors.read_factors(session, actor)
            if view.passkeys and not view.recovery_left:
                codes = await own_factors.renew_recovery_codes(session, actor)
        await self._now_with(codes)
        return notify("profile.passkeys.added") if view.passkeys else None

    @handler(ANY_SESSION)
    async def renew_codes(self) -> None:
        """Replace the recovery codes and show the new ones, once."""
        try:
            async with self._work() as (session, actor):
                codes = await own_factors.renew_recovery_codes(session, actor)
        except ProofNeeded:
            await ask_for_proof(self, FactorsState.renew_codes())
            return
        await self._now_with(codes)

    @handler("organization.manage")
    async def ask_role(self, role: str, wish: bool) -> Any:
        """Ask a role for two factors, or no more."""
        wanted = (set(self.roles) | {role}) if wish else (set(self.roles) - {role})
        try:
            async with self._work() as (session, actor):
                self.roles = await factor_policy.require_factors(session, actor, roles=sorted(wanted))
        except ProofNeeded:
            await ask_for_proof(self, FactorsState.ask_role(str(role), bool(wish)))
            return None
        await self._read()
        return notify("profile.policy.saved")


def _groups(secret: str) -> list[str]:
    return [secret[start : start + 4] for start in range(0, len(secret), 4)]
