"""Members in a real browser: invited, accepted, seen at once, lowered, removed; and changing organization."""

import re
from typing import Any
from uuid import uuid4

from playwright.async_api import Page, expect

from tests.browser.conftest import Open
from tests.browser.server import Server

OWNER = "marina@horizonte.demo"
STRONG = "girafa lilás dança 42"
ROUTE = "/settings/members"


async def asked(page: Page, server: Server, method: str, path: str, data: Any = None) -> Any:
    """Call the API as the person of a window and return what it answers."""
    answer = await page.request.fetch(path, method=method, data=data, headers={"Origin": server.address})
    assert answer.ok, await answer.text()
    return await answer.json()


async def invite(page: Page, server: Server, email: str, role: str) -> str:
    """Invite an address on the screen and return the link that accepts it."""
    await page.fill(".inv textarea", email)
    await page.select_option(".inv select[name=role]", role)
    await page.click(".inv button[type=submit]")
    await expect(page.locator(".inv-o")).to_contain_text("Convite enviado")
    await expect(page.locator("li.mbr-row", has_text=email)).to_contain_text("Pendente")
    waiting = await asked(page, server, "GET", "/api/v1/invitations")
    invitation = next(one for one in waiting if one["email"] == email)
    link = await asked(page, server, "POST", f"/api/v1/invitations/{invitation['id']}/link")
    return str(link["url"])


async def accept(page: Page, link: str, name: str) -> None:
    """Accept with a new account."""
    await page.goto(link)
    await expect(page.locator("h1")).to_contain_text("Agência Horizonte")
    assert "#" not in page.url, "the secret leaves the address bar"
    await page.fill("#name", name)
    await page.fill("#password", STRONG)
    await page.click("form button[type=submit]")
    await expect(page.locator(".org-b")).to_contain_text("Agência Horizonte")


async def test_from_invitation_to_removal(open_window: Open, server: Server) -> None:
    email, name = f"luana-{uuid4().hex[:8]}@exemplo.com.br", f"Luana {uuid4().hex[:6]}"
    owner = await open_window(OWNER, ROUTE)
    link = await invite(owner, server, email, "admin")
    theirs = await open_window(None, "/login", expecting=("status of 401", "status of 403", "status of 410"))
    await accept(theirs, link, name)
    row = owner.locator("li.mbr-row", has_text=email)
    await expect(row).to_contain_text(name)
    await expect(row).to_contain_text("Administração")

    await theirs.goto(ROUTE)
    await expect(theirs.locator("li.mbr-row").first).to_be_visible()
    await row.locator(".mbr-chip").click()
    await owner.get_by_role("menuitem", name="Vendas", exact=True).click()
    await expect(theirs.locator("main")).to_contain_text("Esta tela não está no seu acesso")
    await expect(theirs.locator("li.mbr-row")).to_have_count(0)
    refused = await theirs.request.get("/api/v1/members")
    assert refused.status == 403

    me = await asked(theirs, server, "GET", "/api/v1/me")
    body = {"name": f"Cliente de {name}", "owner_id": me["user"]["id"]}
    contact = await asked(theirs, server, "POST", "/api/v1/contacts", body)
    await row.locator("button").last.click()
    await owner.get_by_role("menuitem", name="Remover", exact=True).click()
    dialog = owner.get_by_role("dialog")
    await expect(dialog).to_contain_text("1 contato")
    await dialog.locator("select").select_option(label="Marina Duarte")
    await dialog.get_by_role("button", name="Remover", exact=True).click()
    await expect(row).to_have_count(0)
    await expect(theirs).to_have_url(re.compile(r"/login"))
    moved = await asked(owner, server, "GET", f"/api/v1/contacts/{contact['id']}")
    own = await asked(owner, server, "GET", "/api/v1/me")
    assert moved["owner_id"] == own["user"]["id"]

    await theirs.goto(link)
    await expect(theirs.locator("main [role=alert], .in [role=alert]").first).to_be_visible()


async def test_who_is_signed_in_as_somebody_else_is_told(open_window: Open, server: Server) -> None:
    email = f"otavio-{uuid4().hex[:8]}@exemplo.com.br"
    owner = await open_window(OWNER, ROUTE, width=390, height=844, touch=True)
    link = await invite(owner, server, email, "viewer")
    theirs = await open_window(
        "bruna@horizonte.demo", "/contacts", width=390, height=844, expecting=("status of 410",)
    )
    await theirs.goto(link)
    await expect(theirs.locator(".in")).to_contain_text(email)
    await expect(theirs.get_by_role("button", name="Trocar de conta")).to_be_visible()
    await owner.locator("li.mbr-row", has_text=email).locator("button").last.click()
    await owner.get_by_role("menuitem", name="Retirar convite").click()
    await expect(owner.locator("li.mbr-row", has_text=email)).to_have_count(0)
    await theirs.reload()
    await expect(theirs.locator("h1")).to_have_text("Este convite não funciona")
