"""The screens before one is signed in, and the outboxes: who sees what."""

from collections.abc import Iterator

import pytest

from crm_app.config import forget_settings, use_settings
from crm_app.core.database import system_unit_of_work, unit_of_work
from crm_app.core.mail import Letter, send_mail
from crm_app.core.tenancy import Actor
from crm_app.pages import routes
from crm_app.pages.access.state import Access
from crm_app.pages.outbox.state import DemoOutbox, OwnOutbox
from tests.conftest import MakeActor, Tenant
from tests.pages.conftest import OpenTab

LETTER = Letter(kind="reset", to="ana@exemplo.com.br", language="pt-BR", link="https://crm.example/reset#segredo")


@pytest.fixture(autouse=True)
def demo() -> Iterator[None]:
    """A demo on this machine."""
    use_settings(demo=True, smtp_url=None, public_url="", host="127.0.0.1")
    yield
    forget_settings()


@pytest.mark.parametrize("route", [routes.FORGOT, routes.RESET, routes.MAGIC, routes.VERIFY, routes.SIGNUP])
async def test_nobody_needs_to_be_signed_in(route: str, open_tab: OpenTab) -> None:
    tab = await open_tab(None, route)
    assert tab.redirects() == []
    assert tab.state(Access) == {**tab.state(Access), "mail": "outbox", "may_sign_up": True}


async def test_an_installation_without_mail_says_so(open_tab: OpenTab) -> None:
    use_settings(public_url="https://crm.example.com", signup="closed")
    tab = await open_tab(None, routes.SIGNUP)
    assert (tab.state(Access)["mail"], tab.state(Access)["may_sign_up"]) == ("off", False)


async def test_the_demo_shows_its_letters_and_a_real_installation_none(open_tab: OpenTab) -> None:
    async with system_unit_of_work() as session:
        await send_mail(session, LETTER)
    tab = await open_tab(None, routes.OUTBOX)
    assert tab.state(DemoOutbox)["rows"][0]["link"] == "https://crm.example/reset#segredo"
    use_settings(public_url="https://crm.example.com")
    await tab.send(DemoOutbox.load)  # the tab is still open, and asks again
    assert (tab.state(DemoOutbox)["rows"], tab.state(DemoOutbox)["offered"]) == ([], False)
    other = await open_tab(None, routes.OUTBOX)
    assert other.state(DemoOutbox)["rows"] == []


async def test_an_owner_sees_the_organizations_letters_without_their_links(
    open_tab: OpenTab, tenant: Tenant, other_tenant: Tenant
) -> None:
    for one in (tenant, other_tenant):
        async with unit_of_work(one.owner) as session:
            await send_mail(session, LETTER, organization_id=one.organization.id)
    use_settings(smtp_url="smtp://127.0.0.1:1?tls=none", mail_from="crm@exemplo.com.br")
    tab = await open_tab(tenant.owner, routes.OWN_OUTBOX)
    (row,) = tab.state(OwnOutbox)["rows"]
    assert (row["recipient"], row["text"], row["link"]) == ("ana@exemplo.com.br", "", "")


async def test_sellers_see_no_letters(open_tab: OpenTab, actor: Actor, make_actor: MakeActor) -> None:
    async with unit_of_work(actor) as session:
        mail_id = await send_mail(session, LETTER, organization_id=actor.organization_id)
    tab = await open_tab(await make_actor("sales"), routes.OWN_OUTBOX)
    await tab.send(OwnOutbox.load)
    await tab.send(OwnOutbox.send_again, mail_id=str(mail_id))
    assert tab.state(OwnOutbox).get("rows", []) == []


@pytest.mark.parametrize("mail_id", ["", "x", "0199-not", "00000000-0000-7000-8000-000000000001"])
async def test_a_strange_letter_is_not_sent_again(mail_id: str, open_tab: OpenTab, actor: Actor) -> None:
    tab = await open_tab(actor, routes.OWN_OUTBOX)
    await tab.send(OwnOutbox.send_again, mail_id=mail_id)
    assert "outbox.queued" not in tab.toasts()
