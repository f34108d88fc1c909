"""A WAHA server on loopback: real HTTP, sessions, messages, files, webhooks; every call is checked against WAHA's
own description.

Start it with `async with FakeWaha() as waha:`; `waha.base_url` and `waha.api_key` go into a channel's
configuration. Play the phone with `scan`, `customer_writes`, `typed_on_phone`, `ack`; each posts the signed
webhook that the session was given and returns the answer (or send it yourself from `webhook_call`).
"""

import asyncio
import base64
import contextlib
import hashlib
import hmac
import itertools
import json
import time
from dataclasses import dataclass, field
from typing import Any, Self

import httpx
import uvicorn
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route

from crm_app.core.http import guarded_client
from tests.fakes.openapi import Spec, load_spec

SPEC_NAME = "waha_openapi_2026.7.1.json"
QR = base64.b64encode(b"\x89PNG\r\n\x1a\nfake").decode()
_SENDS = ("sendText", "sendImage", "sendFile", "sendVoice", "sendVideo")


@dataclass
class Session:
    """A session of the server."""

    name: str
    config: dict[str, Any]
    status: str = "SCAN_QR_CODE"
    me: dict[str, str] | None = None

    def info(self) -> dict[str, Any]:
        """As WAHA tells it."""
        told: dict[str, Any] = {
            "name": self.name,
            "status": self.status,
            "config": self.config,
            "presence": {},
            "timestamps": {"activity": None},
        }
        return told | ({"me": self.me} if self.me else {})


@dataclass
class FakeWaha:
    """See the module. `calls` lists (method, path, body); `violations` what did not fit the description."""

    api_key: str = "waha-test-key"
    base_url: str = ""
    me: str = "5541999990142@c.us"
    sessions: dict[str, Session] = field(default_factory=dict)
    chats: dict[str, list[dict[str, Any]]] = field(default_factory=dict)
    files: dict[str, tuple[bytes, str]] = field(default_factory=dict)
    known_numbers: dict[str, str] = field(default_factory=dict)
    lids: dict[str, str] = field(default_factory=dict)
    calls: list[tuple[str, str, Any]] = field(default_factory=list)
    violations: list[str] = field(default_factory=list)
    failures: list[tuple[int, dict[str, Any], dict[str, str]]] = field(default_factory=list)
    swallow_answers: int = 0
    ignores_given_ids: bool = False
    id_shape: str = "plain"
    clients: list[httpx.AsyncClient] = field(default_factory=list)

    def __post_init__(self) -> None:
        self.spec: Spec | None = load_spec(SPEC_NAME)
        self._numbers = itertools.count(1)
        self._server: uvicorn.Server | None = None
        self._serving: asyncio.Task[None] | None = None

    async def __aenter__(self) -> Self:
        config = uvicorn.Config(
            Starlette(routes=self._routes()),
            host="127.0.0.1",
            port=0,
            log_level="critical",
            lifespan="off",
            ws="none",
        )
        self._server = uvicorn.Server(config)
        self._server.install_signal_handlers = lambda: None  # type: ignore[attr-defined]
        self._serving = asyncio.create_task(self._server.serve())
        while not self._server.started:  # noqa: ASYNC110 (uvicorn tells in no other way)
            await asyncio.sleep(0.005)
        port = self._server.servers[0].sockets[0].getsockname()[1]
        self.base_url = f"http://127.0.0.1:{port}"
        return self

    async def __aexit__(self, *_: object) -> None:
        assert self._server is not None
        assert self._serving is not None
        self._server.should_exit = self._server.force_exit = True
        for client in self.clients:
            await client.aclose()
        with contextlib.suppress(asyncio.CancelledError):
            await self._serving

    def client(self) -> httpx.AsyncClient:
        """Return a guarded client that may reach this server; it is closed with it."""
        self.clients.append(guarded_client([self.base_url.removeprefix("http://")]))
        return self.clients[-1]

    # what a test plays

    @property
    def sent(self) -> list[tuple[str, dict[str, Any]]]:
        """Return the sends that were accepted: (verb, body)."""
        return [
            (path.rpartition("/")[2], body) for _, path, body in self.calls if path.rpartition("/")[2] in _SENDS
        ]

    def fail_next(
        self, status: int, body: dict[str, Any] | None = None, headers: dict[str, str] | None = None
    ) -> None:
        """Answer the next call with this status instead of doing it."""
        self.failures.append((status, body or {"statusCode": status, "message": "on purpose"}, headers or {}))

    async def scan(self, session: str = "default") -> httpx.Response:
        """Scan the QR code with the phone."""
        self.sessions[session].status = "WORKING"
        self.sessions[session].me = {"id": self.me, "pushName": "Agência"}
        return await self.post_webhook("session.status", {"name": session, "status": "WORKING"}, session)

    async def customer_writes(
        self,
        phone: str,
        text: str = "",
        *,
        session: str = "default",
        file: tuple[bytes, str] | None = None,
        **more: Any,
    ) -> httpx.Response:
        """Have a customer (`phone` in digits, or a whole chat id) write, with a file if given."""
        chat = phone if "@" in phone else f"{phone}@c.us"
        message = self._message(chat, text, from_me=False) | more
        if file is not None:
            message |= {"hasMedia": True, "media": self._keep_file(message["id"], *file)}
        self.chats.setdefault(chat, []).append(message)
        return await self.post_webhook("message.any", message, session)

    async def typed_on_phone(self, phone: str, text: str, *, session: str = "default") -> httpx.Response:
        """Have a colleague write to a customer on the paired phone."""
        chat = f"{phone}@c.us"
        message = self._message(chat, text, from_me=True) | {"source": "app"}
        self.chats.setdefault(chat, []).append(message)
        return await self.post_webhook("message.any", message, session)

    async def ack(self, message_id: str, ack: int, *, session: str = "default") -> httpx.Response:
        """Tell how far a message of ours has come (1 sent, 2 delivered, 3 read, -1 failed)."""
        chat = message_id.split("_")[1]
        payload = {"id": message_id, "from": chat, "to": chat, "participant": None, "fromMe": True, "ack": ack}
        return await self.post_webhook("message.ack", payload | {"ackName": str(ack)}, session)

    def webhook_call(
        self, event: str, payload: dict[str, Any], session: str = "default"
    ) -> tuple[str, bytes, dict[str, str]]:
        """Return address, body and headers of a webhook, signed with the key that the session was given."""
        hook = self.sessions[session].config["webhooks"][0]
        envelope = {
            "id": f"evt_{next(self._numbers):026d}",
            "timestamp": int(time.time() * 1000),
            "event": event,
            "session": session,
            "metadata": self.sessions[session].config.get("metadata", {}),
            "me": self.sessions[session].me,
            "payload": payload,
            "engine": "NOWEB",
            "environment": {"version": "2026.7.1", "engine": "NOWEB", "tier": "CORE", "browser": None},
        }
        body = json.dumps(envelope, ensure_ascii=False).encode()
        mac = hmac.new(hook["hmac"]["key"].encode(), body, hashlib.sha512).hexdigest()
        headers = {
            "Content-Type": "application/json",
            "X-Webhook-Hmac": mac,
            "X-Webhook-Hmac-Algorithm": "sha512",
            "X-Webhook-Request-Id": envelope["id"],
            "X-Webhook-Timestamp": str(envelope["timestamp"]),
        }
        return hook["url"], body, headers

    async def post_webhook(self, event: str, payload: dict[str, Any], session: str = "default") -> httpx.Response:
        """Post a webhook as WAHA does."""
        url, body, headers = self.webhook_call(event, payload, session)
        async with httpx.AsyncClient(trust_env=False) as client:
            return await client.post(url, content=body, headers=headers)

    # the server

    def _routes(self) -> list[Route]:
        def route(path: str, method: str, act: Any) -> Route:
            return Route(path, self._guarded(act), methods=[method])

        return [
            route("/api/sessions", "POST", self._create),
            route("/api/sessions/{session}", "GET", self._info),
            route("/api/sessions/{session}", "PUT", self._configure),
            route("/api/sessions/{session}/{act}", "POST", self._drive),
            *(route(f"/api/{verb}", "POST", self._send) for verb in _SENDS),
            route("/api/sendSeen", "POST", self._nothing),
            route("/api/startTyping", "POST", self._nothing),
            route("/api/stopTyping", "POST", self._nothing),
            route("/api/contacts/check-exists", "GET", self._exists),
            route("/api/files/{session}/{name}", "GET", self._file),
            route("/api/{session}/auth/qr", "GET", self._qr),
            route("/api/{session}/auth/request-code", "POST", self._code),
            route("/api/{session}/lids/{lid}", "GET", self._lid),
            route("/api/{session}/chats/{chat}/messages", "GET", self._list),
            route("/api/{session}/chats/{chat}/messages/{message}", "GET", self._one),
        ]

    def _guarded(self, act: Any) -> Any:
        async def serve(request: Request) -> Response:
            raw = await request.body()
            body = json.loads(raw) if raw else None
            path = request.scope["raw_path"].decode()
            if request.headers.get("x-api-key") != self.api_key:
                return JSONResponse({"message": "Unauthorized", "statusCode": 401}, 401)
            if self.spec is not None and not path.startswith("/api/files/"):
                self.violations += self.spec.check(request.method, path, dict(request.query_params), body)
            if self.failures:
                status, told, headers = self.failures.pop(0)
                return JSONResponse(told, status, headers)
            self.calls.append((request.method, path, body))
            answer: Response = act(request, body)
            self._check_answer(request.method, path, answer)
            if self.swallow_answers and path.rpartition("/")[2] in _SENDS:
                self.swallow_answers -= 1
                return _Swallowed()
            return answer

        return serve

    def _check_answer(self, method: str, path: str, answer: Response) -> None:
        if self.spec is not None and isinstance(answer, JSONResponse) and answer.status_code < 300:
            told = json.loads(bytes(answer.body))
            if not (method == "POST" and path.rpartition("/")[2] in _SENDS):  # engines answer sends in many shapes
                self.violations += self.spec.check_answer(method, path, answer.status_code, told)

    def _session(self, request: Request) -> Session | None:
        return self.sessions.get(request.path_params["session"])

    def _create(self, _request: Request, body: dict[str, Any]) -> Response:
        if body["name"] in self.sessions:
            return JSONResponse({"message": "exists", "statusCode": 422}, 422)
        session = self.sessions[body["name"]] = Session(body["name"], body["config"])
        return JSONResponse(session.info() | {"status": "STARTING"}, 201)

    def _info(self, request: Request, _body: Any) -> Response:
        session = self._session(request)
        return JSONResponse(session.info()) if session else _missing()

    def _configure(self, request: Request, body: dict[str, Any]) -> Response:
        session = self._session(request)
        if session is None:
            return _missing()
        session.config = body["config"]
        return JSONResponse(session.info())

    def _drive(self, request: Request, _body: Any) -> Response:
        session = self._session(request)
        if session is None:
            return _missing()
        act = request.path_params["act"]
        if act in {"logout", "stop"}:
            session.me, session.status = (None if act == "logout" else session.me), "STOPPED"
        elif session.status != "WORKING":
            session.status = "WORKING" if session.me else "SCAN_QR_CODE"
        return JSONResponse(session.info(), 201)

    def _qr(self, request: Request, _body: Any) -> Response:
        session = self._session(request)
        if session is None:
            return _missing()
        if session.status != "SCAN_QR_CODE":
            told = {
                "error": "Session status is not as expected",
                "session": session.name,
                "status": session.status,
            }
            return JSONResponse(told | {"expected": ["SCAN_QR_CODE"]}, 422)
        return JSONResponse({"mimetype": "image/png", "data": QR})

    def _code(self, _request: Request, _body: Any) -> Response:
        return JSONResponse({"code": "K7QM-4T2X"}, 201)

    def _send(self, request: Request, body: dict[str, Any]) -> Response:
        session = self.sessions.get(body["session"])
        if session is None:
            return _missing()
        if session.status != "WORKING":
            told = {
                "error": "Session status is not as expected",
                "session": session.name,
                "status": session.status,
            }
            return JSONResponse(told | {"expected": ["WORKING"]}, 422)
        given = None if self.ignores_given_ids else body.get("id")
        message = self._message(body["chatId"], body.get("text", body.get("caption", "")), from_me=True, raw=given)
        message["source"] = "api"
        if "file" in body:
            message |= {"hasMedia": True, "media": {"mimetype": body["file"]["mimetype"]}}
        self.chats.setdefault(body["chatId"], []).append(message)
        return JSONResponse(self._shaped(message), 201)

    def _shaped(self, message: dict[str, Any]) -> dict[str, Any]:
        identifier = message["id"]
        if self.id_shape == "serialized":
            return message | {
                "id": {"_serialized": identifier, "fromMe": True, "remote": identifier.split("_")[1]}
            }
        if self.id_shape == "key":
            chat = identifier.split("_")[1].replace("@c.us", "@s.whatsapp.net")
            return {
                "key": {"id": identifier.split("_")[2], "remoteJid": chat, "fromMe": True},
                "status": "PENDING",
            }
        return message

    def _nothing(self, _request: Request, _body: Any) -> Response:
        return JSONResponse({}, 201)

    def _exists(self, request: Request, _body: Any) -> Response:
        phone = request.query_params["phone"]
        chat = self.known_numbers.get(phone)
        return JSONResponse({"numberExists": chat is not None} | ({"chatId": chat} if chat else {}))

    def _lid(self, request: Request, _body: Any) -> Response:
        lid = request.path_params["lid"]
        return JSONResponse({"lid": lid} | ({"pn": self.lids[lid]} if lid in self.lids else {}))

    def _list(self, request: Request, _body: Any) -> Response:
        query = request.query_params
        found = [
            one
            for one in reversed(self.chats.get(request.path_params["chat"], []))
            if one["timestamp"] >= int(query.get("filter.timestamp.gte", 0))
            and (query.get("filter.fromMe") != "true" or one["fromMe"])
        ]
        return JSONResponse(found[: int(query["limit"])])

    def _one(self, request: Request, _body: Any) -> Response:
        chat, wanted = request.path_params["chat"], request.path_params["message"]
        found = next((one for one in self.chats.get(chat, []) if one["id"] == wanted), None)
        return JSONResponse(found) if found else _missing()

    def _file(self, request: Request, _body: Any) -> Response:
        stored = self.files.get(request.path_params["name"])
        return Response(stored[0], media_type=stored[1]) if stored else _missing()

    def _message(self, chat: str, text: str, *, from_me: bool, raw: str | None = None) -> dict[str, Any]:
        raw = raw or f"3EB0{next(self._numbers):018X}"
        return {
            "id": f"{'true' if from_me else 'false'}_{chat}_{raw}",
            "timestamp": int(time.time()),
            "from": self.me if from_me else chat,
            "fromMe": from_me,
            "to": chat if from_me else self.me,
            "body": text,
            "hasMedia": False,
            "ack": 1,
            "ackName": "SERVER",
            "participant": "",
            "vCards": [],
            "mediaUrl": "",
            "source": "app",
            "_data": {},
        }

    def _keep_file(self, message_id: str, data: bytes, mime: str) -> dict[str, Any]:
        name = f"{message_id}.bin"
        self.files[name] = (data, mime)
        # WAHA writes the address that it believes in, which is often not the one that we reach it by.
        return {"url": f"http://localhost:3000/api/files/default/{name}", "mimetype": mime, "filename": None}


class _Swallowed(Response):
    """The server did what was asked, and the connection broke before it could say so."""

    async def __call__(self, scope: Any, receive: Any, send: Any) -> None:
        await send({"type": "http.response.start", "status": 201, "headers": [(b"content-length", b"100")]})
        await send({"type": "http.response.body", "body": b"{", "more_body": True})
        raise ConnectionResetError


def _missing() -> JSONResponse:
    return JSONResponse({"message": "not found", "statusCode": 404}, 404)
