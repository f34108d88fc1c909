"""The screen "Perfil e segurança" without a browser: what a tab is sent, and who gets no further than it."""

import re
from datetime import timedelta
from typing import Any

import pyotp
import pytest
from sqlalchemy import update

from crm_app.core.clock import utc_now
from crm_app.core.database import system_unit_of_work, unit_of_work
from crm_app.core.limits import forget_limits
from crm_app.core.tenancy import Actor
from crm_app.domains.accounts import service
from crm_app.domains.accounts.factors import policy as factor_policy
from crm_app.domains.accounts.models import UserSession
from crm_app.domains.accounts.sessions import service as own_sessions
from crm_app.pages.contacts.list_state import ContactsState
from crm_app.pages.profile.factors_state import FactorsState
from crm_app.pages.profile.state import ProfileState
from crm_app.pages.session.proof import ProofState
from crm_app.pages.session.state import Session
from tests.conftest import PASSWORD
from tests.pages.conftest import OpenTab, Tab
from tests.pages.sample import Sample

ROUTE = "/settings/profile"
FIREFOX = "Mozilla/5.0 (X11; Linux x86_64; rv:127.0) Gecko/20100101 Firefox/127.0"


@pytest.fixture(autouse=True)
def _fresh_limits() -> None:
    forget_limits()


async def prove(tab: Tab, moment: Any = None) -> None:
    """Let the session of a tab be proven at a moment: now, or when a test says."""
    async with system_unit_of_work() as session:
        row = (await service.resolve_session(session, tab.cookie.partition("=")[2])).actor.session_id
        await session.execute(
            update(UserSession).where(UserSession.id == row).values(proven_at=moment or utc_now())
        )


async def opened(open_tab: OpenTab, actor: Actor, *, proven: bool = True) -> Tab:
    tab = await open_tab(actor, ROUTE)
    if proven:
        await prove(tab)
    await tab.send(ProfileState.load)
    return await tab.send(FactorsState.load)


async def set_up(tab: Tab) -> str:
    """Set up the app; returns its secret."""
    await tab.send(FactorsState.begin_totp)
    secret = tab.state(FactorsState)["secret"].replace(" ", "")
    code = pyotp.TOTP(secret).at(utc_now() - timedelta(seconds=30))
    await tab.send(FactorsState.confirm_totp, form={"code": code})
    return str(secret)


async def test_the_app_is_set_up_and_its_secret_stays_nowhere(open_tab: OpenTab, actor: Actor) -> None:
    tab = await opened(open_tab, actor)
    await tab.send(FactorsState.begin_totp)
    shown = tab.state(FactorsState)
    assert shown["dialog"] == "totp"
    assert shown["qr"].startswith("data:image/svg+xml")
    await tab.send(FactorsState.confirm_totp, form={"code": "000"})
    assert tab.state(FactorsState)["error"] == "errors.accounts.wrong_code"
    secret = await set_up(tab)
    shown = tab.state(FactorsState)
    assert (shown["dialog"], len(shown["codes"])) == ("codes", 10)
    assert (shown["qr"], shown["secret"]) == ("", "")
    assert secret not in str(tab.vars)
    assert shown["factors"]["totp"] is True
    await tab.send(FactorsState.close, wish=False)
    assert tab.state(FactorsState)["codes"] == []


async def test_a_stale_session_is_asked_first_and_goes_on_by_itself(open_tab: OpenTab, actor: Actor) -> None:
    tab = await opened(open_tab, actor, proven=False)
    await tab.send(FactorsState.begin_totp)
    assert tab.state(FactorsState)["dialog"] == ""
    assert tab.state(ProofState)["asking"] is True
    assert tab.state(ProofState)["kinds"] == ["password"]
    await tab.send(ProofState.answer, form={"answer": "errada"})
    assert tab.state(ProofState)["error"] == "errors.accounts.wrong_code"
    await tab.send(ProofState.answer, form={"answer": PASSWORD})
    assert tab.state(ProofState)["asking"] is False
    assert tab.state(FactorsState)["dialog"] == "totp"


async def test_what_was_wanted_is_dropped_with_the_question(open_tab: OpenTab, actor: Actor) -> None:
    tab = await opened(open_tab, actor, proven=False)
    await tab.send(FactorsState.begin_totp)
    await tab.send(ProofState.close, wish=False)
    await tab.send(ProofState.signed, failure="")
    assert tab.state(FactorsState)["dialog"] == ""
    # The browser's word that a passkey was used proves nothing: the server asks its own table again.
    await tab.send(FactorsState.begin_totp)
    await tab.send(ProofState.signed, failure="")
    assert tab.state(FactorsState)["dialog"] == ""
    assert tab.state(ProofState)["asking"] is True


async def test_the_password_is_changed_and_other_sessions_end(open_tab: OpenTab, actor: Actor) -> None:
    tab, other = await opened(open_tab, actor), await opened(open_tab, actor)
    await tab.send(ProfileState.begin_password)
    assert tab.state(ProfileState)["changing"] is True
    await tab.send(ProfileState.change_password, form={"password": "a", "again": "b"})
    assert tab.state(ProfileState)["password_error"] == "profile.password.differs"
    await tab.send(ProfileState.change_password, form={"password": "12345678", "again": "12345678"})
    assert tab.state(ProfileState)["password_error"].startswith("errors.password.")
    wanted = "sete capivaras tocam violino"
    await tab.send(ProfileState.change_password, form={"password": wanted, "again": wanted})
    assert tab.state(ProfileState)["changing"] is False
    assert "profile.password.changed" in tab.toasts()
    await other.settle()
    assert other.state(Session)["signed_in"] is False
    assert wanted not in str(tab.vars)


async def test_a_password_is_not_changed_without_a_fresh_proof(open_tab: OpenTab, actor: Actor) -> None:
    tab = await opened(open_tab, actor, proven=False)
    wanted = "sete capivaras tocam violino"
    await tab.send(ProfileState.change_password, form={"password": wanted, "again": wanted})
    assert tab.state(ProofState)["asking"] is True
    assert tab.toasts() == []


async def test_a_session_ends_on_an_open_socket(open_tab: OpenTab, actor: Actor) -> None:
    tab, other = await opened(open_tab, actor), await opened(open_tab, actor)
    await other.send(Sample.somebody)
    await tab.send(ProfileState.load)
    theirs = [one for one in tab.state(ProfileState)["sessions"] if not one["current"]]
    await tab.send(ProfileState.end_session, session_id=theirs[0]["id"])
    await other.settle()
    await other.send(Sample.somebody)
    assert other.state(Session)["signed_in"] is False
    assert other.redirects()[-1].startswith("/login")
    assert len(tab.state(ProfileState)["sessions"]) == 1
    assert tab.state(Session)["signed_in"] is True


async def test_the_others_end_all_at_once(open_tab: OpenTab, actor: Actor) -> None:
    tab, *others = [await opened(open_tab, actor) for _ in range(3)]
    await tab.send(ProfileState.end_others)
    for other in others:
        await other.settle()
        assert other.state(Session)["signed_in"] is False
    assert tab.toasts() == ["profile.sessions.ended"]


@pytest.mark.parametrize("wrong", ["", "x", None, 7, "00000000-0000-0000-0000-000000000000"])
async def test_strange_ids_reach_nothing(open_tab: OpenTab, actor: Actor, wrong: Any) -> None:
    tab = await opened(open_tab, actor)
    await tab.send(ProfileState.end_session, session_id=wrong)
    assert tab.toasts() == ["errors.not_found"]


async def test_the_session_of_somebody_else_stays(open_tab: OpenTab, actor: Actor, other_tenant: Any) -> None:
    theirs = await opened(open_tab, other_tenant.owner)
    tab = await opened(open_tab, actor)
    own = theirs.state(ProfileState)["sessions"][0]["id"]
    await tab.send(ProfileState.end_session, session_id=own)
    assert tab.toasts() == ["errors.not_found"]
    await theirs.send(Sample.somebody)
    assert theirs.state(Sample)["calls"] == ["somebody"]


async def test_the_name_is_kept_and_shown(open_tab: OpenTab, actor: Actor) -> None:
    tab = await opened(open_tab, actor)
    await tab.send(ProfileState.rename, form={"name": "  "})
    assert tab.state(ProfileState)["name_error"] == "errors.accounts.empty_name"
    await tab.send(ProfileState.rename, form={"name": " Bia\x00 <b>Lima</b> "})
    assert tab.state(Session)["user_name"] == "Bia <b>Lima</b>"


async def test_an_organization_asks_and_open_tabs_get_no_further(
    open_tab: OpenTab, actor: Actor, make_actor: Any
) -> None:
    seller = await make_actor("sales")
    tab = await open_tab(seller, "/contacts")
    await tab.send(Sample.somebody)
    assert tab.state(Sample)["calls"] == ["somebody"]
    owner = await opened(open_tab, actor)
    await owner.send(FactorsState.ask_role, role="sales", wish=True)
    assert owner.state(FactorsState)["roles"] == ["sales"]
    await tab.settle()
    assert tab.state(Session)["leave_to"] == ROUTE
    assert tab.state(Sample)["calls"] == []  # emptied at once, before anything is done in it
    assert owner.state(Session)["signed_in"] is True
    await tab.send(Sample.somebody)
    await tab.send(ContactsState.load)
    assert tab.state(Sample)["calls"] == []
    assert set(tab.redirects()) == {ROUTE}
    again = await open_tab(seller, "/contacts")
    assert again.redirects() == [ROUTE]
    assert again.state(Session)["permissions"] == []
    profile = await opened(open_tab, seller)
    assert profile.state(Session)["must_set_factor"] is True
    await set_up(profile)
    assert profile.state(Session)["must_set_factor"] is False
    await profile.send(Sample.somebody)
    assert profile.state(Sample)["calls"] == ["somebody"]
    await profile.send(FactorsState.ask_removal, what="totp", passkey_id="")
    await profile.send(FactorsState.remove)
    assert profile.state(FactorsState)["error"] == "errors.accounts.factor_stays"
    assert profile.state(FactorsState)["factors"]["totp"] is True


async def test_whoever_asks_has_a_factor_of_their_own(open_tab: OpenTab, actor: Actor) -> None:
    tab = await opened(open_tab, actor)
    await tab.send(FactorsState.ask_role, role="owner", wish=True)
    assert tab.toasts() == ["errors.accounts.set_own_factor_first"]
    await tab.send(FactorsState.ask_role, role="emperor", wish=True)
    assert tab.state(FactorsState)["roles"] == []


async def test_lower_roles_do_not_touch_the_rule(open_tab: OpenTab, make_actor: Any) -> None:
    tab = await opened(open_tab, await make_actor("manager"))
    await tab.send(FactorsState.ask_role, role="sales", wish=True)
    assert tab.toasts() == ["errors.forbidden"]
    assert tab.state(FactorsState)["roles"] == []


async def test_secrets_are_in_no_log(
    open_tab: OpenTab, actor: Actor, capsys: pytest.CaptureFixture[str], caplog: pytest.LogCaptureFixture
) -> None:
    tab = await opened(open_tab, actor)
    secret = await set_up(tab)
    codes = tab.state(FactorsState)["codes"]
    out = "".join(capsys.readouterr()) + caplog.text
    assert secret not in out
    assert not [code for code in codes if code in out]
    assert all(re.fullmatch(r"[a-z2-9]{4}(-[a-z2-9]{4}){3}", code) for code in codes)


async def test_sessions_name_devices_and_blocks(open_tab: OpenTab, actor: Actor) -> None:
    tab = await opened(open_tab, actor)
    held = None
    async with system_unit_of_work() as session:
        held = (await service.resolve_session(session, tab.cookie.partition("=")[2])).actor
        await session.execute(
            update(UserSession)
            .where(UserSession.id == held.session_id)
            .values(
                ip="189.40.12.7",
                user_agent="Mozilla/5.0 (X11; Linux x86_64; rv:127.0) Gecko/20100101 Firefox/127.0",
            )
        )
    async with unit_of_work(held) as session:
        (view,) = await own_sessions.list_sessions(session, held)
        roles = await factor_policy.read_factor_roles(session, held)
    assert (view.device.browser, view.device.system, view.network) == ("Firefox", "Linux", "189.40.x.x")
    assert (view.is_local, view.same_network, view.is_current, roles) == (False, True, True, [])
