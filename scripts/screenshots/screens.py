"""Every screen that has pictures: who opens it, and how one gets there."""

from collections.abc import Awaitable, Callable
from dataclasses import dataclass

from playwright.async_api import Page, expect

from crm_app.demo.platform import EMAIL as OPERATOR
from scripts.screenshots import people
from scripts.screenshots.people import NOBODY, ORGANIZATION, OWNER, People

QUIET_MILLISECONDS = 1500


@dataclass(frozen=True, slots=True)
class Screen:
    """Where a screen is, who opens it, and what is still to be done there."""

    path: str
    who: str = OWNER
    then: Callable[[Page, People], Awaitable[None]] | None = None


def by_link(kind: str, address: str, who: str = NOBODY) -> Callable[[Page, People], Awaitable[None]]:
    """Open the link of a letter; a link that was only looked at works again."""

    async def follow(page: Page, known: People) -> None:
        await page.goto(await known.link(kind, address, who))

    return follow


async def by_invitation(page: Page, known: People) -> None:
    """Open the link of an invitation."""
    await page.goto(await known.invitation("luiza@parceira.com.br"))


async def open_conversation(page: Page, _: People) -> None:
    """Open one of the first conversations."""
    await page.locator("#conversations a").nth(1).click()


async def open_contact(page: Page, _: People) -> None:
    """Open the first contact."""
    await page.locator("main a[href^='/contacts/']:visible").first.click()


async def ask_palette(page: Page, _: People) -> None:
    """Search for something that people, deals and messages speak of."""
    await page.keyboard.press("Control+k")
    await page.locator("dialog.pal input").fill("clínica")
    await expect(page.locator("dialog.pal b").first).to_be_visible()


async def list_keys(page: Page, _: People) -> None:
    """Open the list of keys; a phone has it for who connects a keyboard."""
    await page.keyboard.press("?")
    await expect(page.locator("dialog.keys")).to_be_visible()


async def open_sheet(page: Page, _: People) -> None:
    """Open what the platform knows of the demo's organization."""
    await people.open_organization(page, ORGANIZATION)


async def ask_for_support(page: Page, _: People) -> None:
    """Open the dialog of support, with a reason in it."""
    await people.ask_for_support(page)
    await page.fill("textarea[name=reason]", people.REASON)


async def be_visited(page: Page, known: People) -> None:
    """Let the platform's support in."""
    await known.cookies(people.SUPPORTER)
    await expect(page.locator(".stripe")).to_be_visible()


SCREENS = {
    "login": Screen("/login", NOBODY),
    "signup": Screen("/signup", NOBODY),
    "signup-finish": Screen("/signup", NOBODY, by_link("signup", "helena@quatroestacoes.com.br")),
    "forgot": Screen("/forgot", NOBODY),
    "reset": Screen("/forgot", NOBODY, by_link("forgot", OWNER)),
    "magic": Screen("/magic", NOBODY),
    "magic-link": Screen("/magic", NOBODY, by_link("magic", OWNER)),
    "verify": Screen(
        "/inbox", people.UNVERIFIED, by_link("verify/send", "luana@parceira.com.br", people.UNVERIFIED)
    ),
    "sso": Screen("/sso", NOBODY),
    "invite": Screen("/login", NOBODY, by_invitation),
    "first-steps": Screen("/first-steps", people.FOUNDER),
    "inbox": Screen("/inbox"),
    "conversation": Screen("/inbox", then=open_conversation),
    "board": Screen("/board"),
    "palette": Screen("/board", then=ask_palette),
    "keys": Screen("/board", then=list_keys),
    "contacts": Screen("/contacts"),
    "contact": Screen("/contacts", then=open_contact),
    "dashboard": Screen("/dashboard"),
    "channels": Screen("/settings/channels"),
    "simulator": Screen("/simulator"),
    "members": Screen("/settings/members"),
    "roles": Screen("/settings/roles"),
    "teams": Screen("/settings/teams"),
    "modules": Screen("/settings/modules"),
    "audit": Screen("/settings/audit"),
    "outbox": Screen("/settings/outbox"),
    "sso-settings": Screen("/settings/sso"),
    "profile": Screen("/settings/profile"),
    "ownership": Screen("/ownership", people.HEIR),
    "view-as": Screen("/inbox", people.VIEWER),
    "suspended": Screen("/suspended", people.RESTING),
    "platform": Screen("/platform", OPERATOR),
    "platform-organization": Screen("/platform", OPERATOR, open_sheet),
    "platform-plans": Screen("/platform/plans", OPERATOR),
    "platform-usage": Screen("/platform/usage", OPERATOR),
    "platform-health": Screen("/platform/health", OPERATOR),
    "platform-trail": Screen("/platform/trail", OPERATOR),
    "platform-support": Screen("/platform", OPERATOR, ask_for_support),
    # a visit of support is seen by everybody there, so these come last
    "support": Screen("/board", people.SUPPORTER),
    "support-banner": Screen("/contacts", OWNER, be_visited),
}


async def open_screen(page: Page, screen: Screen, known: People) -> None:
    """Open a screen and wait until it has come to rest."""
    await page.goto(screen.path)
    await page.wait_for_load_state("networkidle")
    await page.wait_for_timeout(QUIET_MILLISECONDS)
    if screen.then is not None:
        await screen.then(page, known)
        await page.mouse.move(1, 1)  # nothing looks pointed at
        await page.wait_for_load_state("networkidle")
        await page.wait_for_timeout(QUIET_MILLISECONDS)
