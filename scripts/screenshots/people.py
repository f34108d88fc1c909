"""Who opens the screens: people of the demo, and some that are in the middle of something."""

from collections.abc import Awaitable, Callable
from typing import Any

from playwright.async_api import Browser, BrowserContext, Page, expect

from crm_app.demo.platform import EMAIL as OPERATOR
from tests.browser.conftest import sign_in
from tests.browser.server import Server

OWNER, ADMIN = "marina@horizonte.demo", "camila@horizonte.demo"
NOBODY, FOUNDER, RESTING, UNVERIFIED, HEIR, VIEWER, SUPPORTER = (
    "nobody", "founder", "resting", "unverified", "heir", "viewer", "supporter",
)  # fmt: skip
PASSWORD = "girafa-lilas-danca-42"  # noqa: S105
ORGANIZATION = "Agência Horizonte"
VIEWED = "Bruna Tavares"
REASON = "O canal do WhatsApp não entrega mensagens desde ontem"

Cookies = list[Any]


class People:
    """Signs people in, each once, and does what must have happened before their screen is worth a picture."""

    def __init__(self, browser: Browser, server: Server) -> None:
        self._browser, self._server = browser, server
        self._known: dict[str, Cookies] = {NOBODY: []}
        self._links: dict[tuple[str, str], str] = {}

    async def cookies(self, who: str) -> Cookies:
        """Return what makes a window that of a person."""
        if who not in self._known:
            context = await self._browser.new_context(base_url=self._server.address, locale="pt-BR")
            await self._ways().get(who, self._of_demo(who))(context)
            self._known[who] = [*await context.cookies()]
            await context.close()
        return self._known[who]

    async def link(self, kind: str, address: str, who: str = NOBODY) -> str:
        """Ask for a letter with a link, and return the link."""
        if (kind, address) not in self._links:
            context = await self._window(who)
            await self._post(context, f"/api/access/{kind}", {} if kind == "verify/send" else {"email": address})
            self._links[kind, address] = await self._letter(context, address)
            await context.close()
        return self._links[kind, address]

    async def invitation(self, address: str) -> str:
        """Invite somebody to the demo's organization, and return the link of the letter."""
        if ("invite", address) not in self._links:
            context = await self._window(OWNER)
            await self._post(context, "/api/v1/invitations", {"emails": [address], "role": "sales"})
            self._links["invite", address] = await self._letter(context, address)
            await context.close()
        return self._links["invite", address]

    async def _window(self, who: str) -> BrowserContext:
        context = await self._browser.new_context(base_url=self._server.address, locale="pt-BR")
        await context.add_cookies(await self.cookies(who))
        return context

    def _ways(self) -> dict[str, Callable[[BrowserContext], Awaitable[None]]]:
        return {
            FOUNDER: self._found("nina@saojoao.com.br", "Agência São João"),
            RESTING: self._rest,
            UNVERIFIED: self._join_by_hand,
            HEIR: self._inherit,
            VIEWER: self._look_through,
            SUPPORTER: self._support,
        }

    def _of_demo(self, email: str) -> Callable[[BrowserContext], Awaitable[None]]:
        async def enter(context: BrowserContext) -> None:
            await sign_in(context, self._server, email, fresh=True)

        return enter

    def _found(self, address: str, organization: str) -> Callable[[BrowserContext], Awaitable[None]]:
        async def found(context: BrowserContext) -> None:
            link = await self.link("signup", address)
            form = {
                "token": link.partition("#")[2], "name": "Nina Prado", "password": PASSWORD,
                "organization": organization, "slug": address.partition("@")[2].partition(".")[0],
            }  # fmt: skip
            await self._post(context, "/api/access/signup/finish", form)

        return found

    async def _rest(self, context: BrowserContext) -> None:
        """Found an organization, and have the platform suspend it."""
        await self._found("caio@lagoazul.com.br", "Estúdio Lagoa Azul")(context)
        operator = await self._window(OPERATOR)
        page = await operator.new_page()
        await open_organization(page, "Estúdio Lagoa Azul")
        await page.get_by_role("button", name="Mudar para Suspensa").click()
        await page.fill("textarea[name=reason]", "Fatura de julho em aberto")
        await page.get_by_role("button", name="Mudar estado").click()
        await expect(page.locator(".plt-steps")).to_contain_text("Fatura de julho em aberto")
        await operator.close()

    async def _join_by_hand(self, context: BrowserContext) -> None:
        """Accept an invitation that was passed on by hand: nobody knows yet whose mailbox it is."""
        owner = await self._window(OWNER)
        address = {"emails": ["luana@parceira.com.br"], "role": "sales"}
        await self._post(owner, "/api/v1/invitations", address)
        waiting = await (await owner.request.get("/api/v1/invitations")).json()
        made = next(one for one in waiting if one["email"] == "luana@parceira.com.br")
        link = await self._post(owner, f"/api/v1/invitations/{made['id']}/link", {})
        await owner.close()
        form = {"token": link["url"].partition("#")[2], "name": "Luana Reis", "password": PASSWORD}
        await self._post(context, "/api/access/invitation/accept", form)

    async def _inherit(self, context: BrowserContext) -> None:
        """Be offered the organization."""
        await self._of_demo(ADMIN)(context)
        owner = await self._window(OWNER)
        found = await self._member(owner, "Camila")
        await self._post(owner, f"/api/v1/members/{found}/offer-ownership", {"step_down": True})
        await owner.close()

    async def _look_through(self, context: BrowserContext) -> None:
        """See the app as a seller sees it."""
        await self._of_demo(ADMIN)(context)
        await self._post(context, "/api/v1/visits", {"user_id": await self._member(context, VIEWED)})

    async def _support(self, context: BrowserContext) -> None:
        """Look at the demo's organization as the platform's support."""
        await self._of_demo(OPERATOR)(context)
        page = await context.new_page()
        await ask_for_support(page)
        await page.fill("textarea[name=reason]", REASON)
        await page.get_by_role("dialog").get_by_role("button", name="Entrar para ver").click()
        await expect(page.locator(".stripe")).to_contain_text("como suporte")

    async def _member(self, context: BrowserContext, name: str) -> str:
        listed = await (await context.request.get("/api/v1/members")).json()
        return next(str(one["user_id"]) for one in listed if one["name"].startswith(name))

    async def _letter(self, context: BrowserContext, address: str) -> str:
        """Return the link in the newest letter to an address, from the screen where the demo's letters land."""
        page = await context.new_page()
        found = page.locator("article.ob-card", has_text=address).first.locator("a.btn.pri")
        for _ in range(40):  # a job writes it
            await page.goto("/outbox")
            await page.locator(".ob .ac-center").wait_for()
            if await found.count():
                return str(await found.get_attribute("href"))
        raise SystemExit(f"no letter came to {address}")

    async def _post(self, context: BrowserContext, path: str, body: dict[str, Any]) -> Any:
        answer = await context.request.post(path, data=body, headers={"Origin": self._server.address})
        if not answer.ok:
            raise SystemExit(f"{path}: {await answer.text()}")
        return await answer.json() if await answer.body() else None


async def open_organization(page: Page, name: str) -> None:
    """Open an organization's sheet in the platform's area."""
    await page.goto("/platform")
    await page.fill("input[type=search]", name)
    await expect(page.locator("li > a.plt-row")).to_have_count(1)
    await page.locator("li > a.plt-row").click()
    await expect(page.locator(".plt-sheet")).to_be_visible()


async def ask_for_support(page: Page) -> None:
    """Open the dialog in which support says why it looks at an organization."""
    await open_organization(page, ORGANIZATION)
    await page.get_by_role("button", name="Entrar para ver").click()
    await expect(page.get_by_role("dialog")).to_be_visible()
