"""An owner runs an organization, in real browsers: founded, invited, accepted, restricted, and written down."""

import re
from uuid import uuid4

import pytest
from playwright.async_api import Page, expect

from tests.browser.conftest import Open, is_in

STRONG, OTHER = "abacaxi azul voador", "girafa lilás dança 42"
MATTER = ("status of 401", "status of 403", "status of 404", "status of 410")


async def letter(page: Page, address: str) -> str:
    """Return the link in the newest letter to an address, from the screen where the demo's letters land."""
    mail = await page.context.new_page()
    found = mail.locator("article.ob-card", has_text=address).first.locator("a.btn.pri")
    await mail.goto("/outbox")
    for _ in range(40):  # a job writes it
        if await found.count():
            break
        await mail.wait_for_timeout(250)
        await mail.locator("main header button, main .jb button").first.click()
    link = await found.get_attribute("href")
    await mail.close()
    assert link
    return link


async def sign_up(page: Page, email: str, organization: str) -> None:
    """Found an organization, from the first click to the first steps."""
    await page.fill("#email", email)
    await page.click("button[type=submit]")
    await expect(page.locator(".ac-notice h1")).to_have_text("Confira seu e-mail")
    await page.goto(await letter(page, email))
    await page.fill("#name", "Nina Prado")
    await page.fill("#organization", organization)
    await expect(page.locator("#slug")).not_to_have_value("")
    await page.fill("#password", STRONG)
    await expect(page.locator("#password-hint")).to_have_text("Boa senha.")
    await page.click("button[type=submit]")
    await expect(page).to_have_url(re.compile("/first-steps"))


async def narrow_sellers(page: Page) -> None:
    """Let sellers reach what is theirs alone, not what is nobody's, after a look at the differences."""
    await page.goto("/settings/roles")
    await page.locator(".rol-pick", has_text="Vendas").click()
    await page.get_by_role("button", name="Só o que é seu", exact=True).click()
    await page.get_by_role("switch", name=re.compile("Pegar contatos sem dono")).click()
    await page.get_by_role("button", name="Conferir e salvar").click()
    await page.get_by_role("dialog").get_by_role("button", name="Salvar", exact=True).click()
    await expect(page.locator(".rol-bar")).to_have_count(0)


async def add_contact(page: Page, name: str) -> str:
    """Add a contact of one's own and return its address."""
    await page.goto("/contacts")
    await page.get_by_role("button", name="Novo contato").first.click()
    await page.locator("#new-contact [name=name]").fill(name)
    await page.get_by_role("button", name="Criar contato").click()
    await expect(page.locator("main h1")).to_have_text(name)
    return page.url


async def join(page: Page, link: str, name: str, organization: str) -> None:
    """Accept an invitation with a new account."""
    await page.goto(link)
    await expect(page.locator("h1")).to_contain_text(organization)
    await page.fill("#name", name)
    await page.fill("#password", OTHER)
    await page.click("form button[type=submit]")
    await page.wait_for_url(lambda address: "/invite" not in address)
    await is_in(page)


@pytest.mark.parametrize("width", [1440, 390])
async def test_from_a_strangers_first_click_to_a_seller_who_sees_what_is_theirs(
    open_window: Open, width: int
) -> None:
    mark = uuid4().hex[:8]
    organization, seller = f"Agência {mark}", f"luana-{mark}@exemplo.com.br"
    owner = await open_window(None, "/signup", expecting=MATTER)
    await sign_up(owner, f"nina-{mark}@exemplo.com.br", organization)
    await narrow_sellers(owner)
    hidden = await add_contact(owner, f"Cliente da dona {mark}")

    await owner.goto("/settings/members")
    await owner.fill(".inv textarea", seller)
    await owner.click(".inv button[type=submit]")
    await expect(owner.locator(".inv-o")).to_contain_text("Convite enviado")
    theirs = await open_window(None, "/login", width=width, height=844, touch=width < 500, expecting=MATTER)
    await join(theirs, await letter(owner, seller), f"Luana {mark}", organization)

    await add_contact(theirs, f"Cliente da Luana {mark}")
    await theirs.goto("/contacts")
    rows = theirs.locator(".ct-tb tbody tr")
    await expect(rows).to_have_count(1)
    await expect(rows.first).to_contain_text(f"Cliente da Luana {mark}")
    await theirs.goto(hidden)
    await expect(theirs.locator("main")).to_contain_text("Contato não encontrado")
    assert f"Cliente da dona {mark}" not in await theirs.content()
    await theirs.goto("/settings/members")
    await expect(theirs.locator("main")).to_contain_text("Esta tela não está no seu acesso")

    await owner.goto("/contacts")
    await expect(owner.locator(".ct-tb tbody tr")).to_have_count(2)
    await owner.goto("/settings/audit")
    trail = owner.locator(".aud-list")
    await expect(trail).to_contain_text(f"Luana {mark} aceitou o convite")
    await expect(trail).to_contain_text("mudou as permissões do papel")
    await expect(trail).to_contain_text(f"Luana {mark} criou o contato")
