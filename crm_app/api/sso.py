"""Coming in through an organization's identity provider: out to it, and back."""

from typing import Annotated
from urllib.parse import urlencode

from fastapi import APIRouter, Query, Request
from fastapi.responses import RedirectResponse

from crm_app.api.cookies import drop, put
from crm_app.api.deps import client_address
from crm_app.api.entry import keep_entry
from crm_app.core.cookies import HouseCookie
from crm_app.core.errors import CrmError
from crm_app.core.limits import Throttle
from crm_app.domains.sso import signing_in

router = APIRouter(prefix="/api/auth/sso", tags=["auth"])

BEGUN = HouseCookie("prumo_sso", path=router.prefix)
PAGE = "/sso"
_by_address = Throttle("sso-address", "60/minute")

Word = Annotated[str, Query(max_length=4000)]


@router.get("/callback", status_code=303, response_class=RedirectResponse)
async def come_back(request: Request, state: Word = "", code: Word = "", error: Word = "") -> RedirectResponse:
    """Let in whoever comes back from the provider, or send them to the page that says why not."""
    address = client_address(request)
    try:
        await _by_address.hit(address)
        begun, path = await signing_in.finish(
            state=state,
            code=code,
            problem=error,
            verifier=BEGUN.read(request.cookies),
            ip=address,
            user_agent=request.headers.get("user-agent", ""),
        )
    except CrmError as problem:
        return _explain(problem)
    response = RedirectResponse(path, status_code=303)
    keep_entry(response, begun)
    drop(response, BEGUN)
    return response


@router.get("/{slug}", status_code=303, response_class=RedirectResponse)
async def go_out(request: Request, slug: str, to: Word = "/") -> RedirectResponse:
    """Send the browser to the identity provider of the organization called `slug`."""
    try:
        await _by_address.hit(client_address(request))
        begun = await signing_in.begin(slug=slug, returns_to=to)
    except CrmError as problem:
        return _explain(problem, slug)
    response = RedirectResponse(begun.address, status_code=303)
    response.headers["cache-control"] = "no-store"
    put(response, BEGUN, begun.verifier, seconds=signing_in.LIFETIME.total_seconds())
    return response


def _explain(problem: CrmError, slug: str = "") -> RedirectResponse:
    """Send the browser to the page that tells what happened; a link cannot show a problem document."""
    data = {name: str(value)[:100] for name, value in problem.data.items() if name in {"host", "domain", "limit"}}
    return RedirectResponse(
        f"{PAGE}?{urlencode({'problem': problem.key, 'slug': slug[:60], **data})}", status_code=303
    )
