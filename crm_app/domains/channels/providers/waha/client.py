"""HTTP calls to a WAHA server, one method each; failures told in the words of the protocol.

Every path and body is checked in the tests against WAHA's own OpenAPI description (2026.7.1).
"""

import base64
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from datetime import timedelta
from typing import Any
from urllib.parse import quote, urlsplit

import httpx

from crm_app.core.http import ForbiddenAddress, TooLarge, read_at_most
from crm_app.domains.channels.providers.base import ActionRequired, Rejected, RetryLater
from crm_app.domains.channels.providers.waha.config import WahaConfig

CALL_TIMEOUT = httpx.Timeout(connect=5, read=15, write=15, pool=5)
SEND_TIMEOUT = httpx.Timeout(connect=5, read=60, write=60, pool=10)
MEDIA_TIMEOUT = httpx.Timeout(connect=5, read=60, write=10, pool=10)
MAX_ANSWER = 8 * 1024 * 1024
STARTING = "STARTING"


class WahaClient:
    """One session on one server. Methods return decoded JSON and raise the protocol's errors."""

    def __init__(self, config: WahaConfig, http: httpx.AsyncClient) -> None:
        self._config = config
        self._http = http
        self._session = quote(config.session, safe="")

    # sessions

    async def session(self) -> dict[str, Any] | None:
        """Return the session's info, None when the server does not know it."""
        return await self._known("GET", f"/api/sessions/{self._session}")

    async def create_session(self, config: Mapping[str, Any]) -> dict[str, Any]:
        """Create and start the session."""
        body = {"name": self._config.session, "start": True, "config": config}
        return _object(await self._call("POST", "/api/sessions", json=body))

    async def configure_session(self, config: Mapping[str, Any]) -> None:
        """Replace the session's configuration; a running session restarts."""
        await self._call("PUT", f"/api/sessions/{self._session}", json={"config": config})

    async def start_session(self) -> None:
        """Start the session; harmless when it runs."""
        await self._call("POST", f"/api/sessions/{self._session}/start")

    async def restart_session(self) -> None:
        """Stop and start the session."""
        await self._call("POST", f"/api/sessions/{self._session}/restart")

    async def logout_session(self) -> None:
        """Unpair the number; a session that is not there is fine."""
        await self._known("POST", f"/api/sessions/{self._session}/logout")

    async def stop_session(self) -> None:
        """Stop the session; a session that is not there is fine."""
        await self._known("POST", f"/api/sessions/{self._session}/stop")

    async def qr(self) -> str | None:
        """Return the QR code as a data URL; None when none is wanted at the moment."""
        answer = await self._optional(
            "GET",
            f"/api/{self._session}/auth/qr",
            params={"format": "image"},
            headers={"Accept": "application/json"},
        )
        data, mime = (answer or {}).get("data"), (answer or {}).get("mimetype", "image/png")
        return f"data:{mime};base64,{data}" if isinstance(data, str) and str(mime).startswith("image/") else None

    async def request_code(self, phone: str) -> str:
        """Return the code to type on the phone (`phone` in digits)."""
        answer = await self._call("POST", f"/api/{self._session}/auth/request-code", json={"phoneNumber": phone})
        return str(_object(answer).get("code", ""))

    # messages

    async def send(self, verb: str, body: Mapping[str, Any]) -> dict[str, Any]:
        """Call `/api/{verb}`; a failure after the request left says `maybe_accepted`."""
        answer = await self._call(
            "POST", f"/api/{verb}", json=self._own(body), patience=SEND_TIMEOUT, sending=True
        )
        return _object(answer)

    async def message(self, chat_id: str, message_id: str) -> dict[str, Any] | None:
        """Return one message of a chat, None when it is not there."""
        path = f"{self._chat(chat_id)}/messages/{quote(message_id, safe='')}"
        return await self._known("GET", path, params={"downloadMedia": "false"})

    async def sent_messages(self, chat_id: str, since: int, limit: int = 50) -> list[dict[str, Any]]:
        """Return our own messages of a chat since a moment (unix seconds), newest first."""
        params = {
            "limit": str(limit),
            "downloadMedia": "false",
            "filter.fromMe": "true",
            "filter.timestamp.gte": str(since),
        }
        answer = await self._call("GET", f"{self._chat(chat_id)}/messages", params=params)
        return [one for one in answer if isinstance(one, dict)] if isinstance(answer, list) else []

    async def seen(self, chat_id: str, message_ids: list[str]) -> None:
        """Mark messages as read."""
        await self._call("POST", "/api/sendSeen", json=self._own({"chatId": chat_id, "messageIds": message_ids}))

    async def typing(self, chat_id: str, active: bool) -> None:
        """Start or stop to show that we type."""
        verb = "startTyping" if active else "stopTyping"
        await self._call("POST", f"/api/{verb}", json=self._own({"chatId": chat_id}))

    # people

    async def existing_chat(self, phone: str) -> str | None:
        """Return the chat id of a phone (digits) as WhatsApp knows it, None when it has no WhatsApp."""
        params = {"phone": phone, "session": self._config.session}
        answer = _object(await self._call("GET", "/api/contacts/check-exists", params=params))
        chat = answer.get("chatId")
        return chat if answer.get("numberExists") is True and isinstance(chat, str) else None

    async def phone_of(self, lid: str) -> str | None:
        """Return the chat id by phone behind a hidden id (`<digits>@lid`), None when WhatsApp hides it."""
        answer = await self._known("GET", f"/api/{self._session}/lids/{quote(lid, safe='')}")
        phone = (answer or {}).get("pn")
        return phone if isinstance(phone, str) and phone else None

    # files

    async def download(self, url: str, limit: int) -> tuple[bytes, str]:
        """Fetch a file and its declared type. The key goes to our own server only, whatever the link says."""
        own = _path_on(self._config.base_url, url)
        headers = self._auth() if own else {}
        try:
            async with self._http.stream("GET", own or url, headers=headers, timeout=MEDIA_TIMEOUT) as response:
                _raise_for(response.status_code, response.headers, {}, sending=False)
                return await read_at_most(response, limit), response.headers.get("content-type", "")
        except TooLarge as error:
            raise Rejected("errors.channels.media_too_large", limit=limit) from error
        except httpx.UnsupportedProtocol as error:
            raise Rejected("errors.channels.media_gone") from error
        except httpx.HTTPError as error:
            raise _transport_error(error, sending=False) from error

    # the call itself

    async def _known(self, method: str, path: str, **options: Any) -> dict[str, Any] | None:
        return await self._call_or_none({404}, method, path, **options)

    async def _optional(self, method: str, path: str, **options: Any) -> dict[str, Any] | None:
        return await self._call_or_none({404, 422}, method, path, **options)

    async def _call_or_none(
        self, absent: set[int], method: str, path: str, **options: Any
    ) -> dict[str, Any] | None:
        answer = await self._call(method, path, absent=absent, **options)
        return None if answer is None else _object(answer)

    async def _call(
        self,
        method: str,
        path: str,
        *,
        patience: httpx.Timeout = CALL_TIMEOUT,
        sending: bool = False,
        absent: set[int] | None = None,
        headers: Mapping[str, str] | None = None,
        **options: Any,
    ) -> Any:
        async with (
            _told(sending),
            self._http.stream(
                method,
                self._config.base_url + path,
                headers={**self._auth(), **(headers or {})},
                timeout=patience,
                **options,
            ) as response,
        ):
            body = await read_at_most(response, MAX_ANSWER)
        answer = _decode(body)
        if response.status_code in (absent or ()):
            return None
        _raise_for(response.status_code, response.headers, answer, sending=sending)
        return answer

    def _auth(self) -> dict[str, str]:
        key = self._config.api_key.get_secret_value()
        return {"X-Api-Key": key} if key else {}

    def _own(self, body: Mapping[str, Any]) -> dict[str, Any]:
        return {"session": self._config.session, **body}

    def _chat(self, chat_id: str) -> str:
        return f"/api/{self._session}/chats/{quote(chat_id, safe='')}"


def file_body(data: bytes, mime_type: str, filename: str) -> dict[str, str]:
    """Return a file as WAHA takes it in JSON."""
    return {"mimetype": mime_type, "filename": filename, "data": base64.b64encode(data).decode()}


@asynccontextmanager
async def _told(sending: bool) -> AsyncIterator[None]:
    """Turn failures of the transport into the protocol's errors."""
    try:
        yield
    except TooLarge as error:
        raise RetryLater("errors.channels.vendor_confused", maybe_accepted=sending) from error
    except httpx.HTTPError as error:
        raise _transport_error(error, sending) from error


def _transport_error(error: httpx.HTTPError, sending: bool) -> Exception:
    if isinstance(error, ForbiddenAddress):
        return ActionRequired("errors.channels.forbidden_address")
    never_left = isinstance(error, httpx.ConnectError | httpx.ConnectTimeout | httpx.PoolTimeout)
    return RetryLater("errors.channels.unreachable", maybe_accepted=sending and not never_left)


def _raise_for(status: int, headers: Mapping[str, str], answer: Any, *, sending: bool) -> None:
    if status < 300:
        return
    detail = answer if isinstance(answer, dict) else {}
    words = str(detail.get("message") or detail.get("error") or "")[:300]
    if status in {401, 403}:
        raise ActionRequired("errors.channels.credentials_refused", detail=words)
    if status == 404:
        raise ActionRequired("errors.channels.session_missing", detail=words)
    if status == 422 and detail.get("status") == STARTING:
        raise RetryLater("errors.channels.session_starting", after=timedelta(seconds=5))
    if status == 422 and "status" in detail:
        raise ActionRequired("errors.channels.session_not_ready", detail=str(detail["status"])[:40])
    if status == 429:
        raise RetryLater(after=_retry_after(headers))
    if status >= 500:
        raise RetryLater("errors.channels.vendor_failed", maybe_accepted=sending, detail=words)
    raise Rejected(detail=words, status=status)


def _retry_after(headers: Mapping[str, str]) -> timedelta | None:
    value = headers.get("retry-after", "")
    return timedelta(seconds=min(int(value), 3600)) if value.isdigit() else None


def _decode(body: bytes) -> Any:
    try:
        return httpx.Response(200, content=body).json() if body else {}
    except ValueError:
        return {}


def _object(answer: Any) -> dict[str, Any]:
    return answer if isinstance(answer, dict) else {}


def _path_on(base_url: str, url: str) -> str | None:
    """Return the address of a file on our own server, whatever host it writes into its links; else None."""
    parts = urlsplit(url)
    base = urlsplit(base_url)
    own = (parts.scheme, parts.netloc) == (base.scheme, base.netloc)
    if not own and not parts.path.startswith("/api/files/"):
        return None
    if own and base.path and parts.path.startswith(base.path):
        return url
    return f"{base_url}{parts.path}" + (f"?{parts.query}" if parts.query else "")
