"""Files of messages: uploads of who is signed in, downloads by signed links.

A file comes from a stranger. It is served under the type that its bytes prove, never sniffed again by the browser,
in a sandbox without scripts; what a browser does not merely decode (HTML, SVG, documents) is only downloaded.
"""

import re
from collections.abc import AsyncIterator
from typing import Annotated
from urllib.parse import quote

from fastapi import APIRouter, Query, Request, Response, UploadFile
from starlette.responses import StreamingResponse

from crm_app.api.deps import CurrentActor
from crm_app.core import storage
from crm_app.core.database import unit_of_work
from crm_app.domains.inbox import service
from crm_app.domains.inbox.schemas import UploadView
from crm_app.domains.inbox.services.media import LinkedFile

router = APIRouter(prefix="/api/media", tags=["media"])

_RANGE = re.compile(r"bytes=(\d{0,15})-(\d{0,15})")
_ALWAYS = {
    "Accept-Ranges": "bytes",
    "Cache-Control": "private, max-age=43200, immutable",
    "Content-Security-Policy": "default-src 'none'; sandbox",
    "Cross-Origin-Resource-Policy": "same-origin",
    "Referrer-Policy": "no-referrer",
    "X-Content-Type-Options": "nosniff",
    "X-Robots-Tag": "noindex",
}

Download = Annotated[bool, Query(description="Offer it for saving even when a browser could show it.")]


@router.post("", status_code=201)
async def upload(actor: CurrentActor, file: UploadFile) -> UploadView:
    """Keep a file for a message to come. Its kind is read from its bytes; the token is good for a day."""
    actor.require("messages.send")
    data = await file.read()
    async with unit_of_work(actor) as session:
        return await service.store_upload(
            session, actor, file_name=file.filename or "", data=data, declared=file.content_type or ""
        )


@router.api_route("/{token}", methods=["GET", "HEAD"], include_in_schema=False)
async def download(request: Request, token: str, download: Download = False) -> Response:
    """Return the file of a signed link, or the part of it that was asked for (RFC 9110, section 14)."""
    file = await service.access_linked_file(token)
    headers = {**_ALWAYS, "ETag": f'"{file.sha256}"', "Content-Disposition": _disposition(file, download)}
    if request.headers.get("if-none-match") == headers["ETag"]:
        return Response(status_code=304, headers=headers)
    wanted = _wanted(request, file.size_bytes, headers["ETag"])
    if wanted is None:
        return Response(status_code=416, headers={**headers, "Content-Range": f"bytes */{file.size_bytes}"})
    start, end = wanted
    partial = end - start < file.size_bytes
    if partial:
        headers["Content-Range"] = f"bytes {start}-{end - 1}/{file.size_bytes}"
    headers["Content-Length"] = str(end - start)
    media_type = file.mime_type if file.inline else "application/octet-stream"
    if request.method == "HEAD":
        return Response(headers=headers, media_type=media_type)
    opened = await storage.open_file(file.storage_key, start=start, end=end)
    return StreamingResponse(_body(opened), 206 if partial else 200, headers, media_type)


async def _body(opened: storage.Opened) -> AsyncIterator[bytes]:
    async for chunk in opened.chunks:
        yield chunk


def _wanted(request: Request, total: int, etag: str) -> tuple[int, int] | None:
    """Return first byte and end of the wanted part; the whole for a range that we need not honour.

    None when the range lies outside of the file.
    """
    found = _RANGE.fullmatch(request.headers.get("range", "").replace(" ", ""))
    if found is None or request.headers.get("if-range", etag) != etag or not any(found.groups()):
        return 0, total
    first, last = found.groups()
    if not first:
        return (max(0, total - int(last)), total) if int(last) and total else None
    start, end = int(first), min(int(last) + 1 if last else total, total)
    return (start, end) if start < end else None


def _disposition(file: LinkedFile, download: bool) -> str:
    """Return how the browser shall treat it, with its name in both spellings (RFC 6266)."""
    how = "inline" if file.inline and not download else "attachment"
    name = file.file_name or "arquivo"
    plain = "".join(c if c.isascii() and c.isprintable() and c not in '"\\%;' else "_" for c in name)
    return f"{how}; filename=\"{plain}\"; filename*=UTF-8''{quote(name, safe='')}"
