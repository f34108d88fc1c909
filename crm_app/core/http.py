"""The one door outwards for addresses that a tenant can aim: media links, self-hosted servers, webhooks.

The guard sits where the TCP connection is made, after DNS resolution and for every connection anew, so that
neither a redirect nor a name that changes its answer between check and use (DNS rebinding) gets around it.
Private, loopback, link-local, carrier-grade-NAT and other not globally routed addresses are refused. The
operator can open single destinations with `PRUMO_PRIVATE_HOSTS`: "127.0.0.1:3001, 10.0.5.0/24,
waha.internal:3000".
"""

import asyncio
import ipaddress
import socket
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Any

import httpcore
import httpx
from httpcore._backends.auto import AutoBackend

from crm_app.config import get_settings
from crm_app.core.errors import Invalid
from crm_app.core.visiting import refuse_read_only

TIMEOUT = httpx.Timeout(connect=5, read=20, write=20, pool=5)
MAX_CONNECTIONS = 100
Address = ipaddress.IPv4Address | ipaddress.IPv6Address
_NAT64 = ipaddress.IPv6Network("64:ff9b::/96")


class ForbiddenAddress(httpx.ConnectError):
    """The destination is not one that this installation may be sent to."""


class TooLarge(Invalid):
    """The answer is larger than the caller wants to hold."""

    key = "errors.http.too_large"


@dataclass(frozen=True, slots=True)
class AllowedDestination:
    """One entry of the operator's list: a network or a host name, with or without a port."""

    network: ipaddress.IPv4Network | ipaddress.IPv6Network | None
    host: str | None
    port: int | None

    @classmethod
    def parse(cls, text: str) -> "AllowedDestination":
        """Read `host`, `host:port`, `10.0.0.0/8`, `10.0.0.5:3000` or `[::1]:3000`."""
        host, port = _split_port(text.strip().lower())
        try:
            return cls(ipaddress.ip_network(host, strict=False), None, port)
        except ValueError:
            return cls(None, host, port)

    def covers(self, host: str, address: Address, port: int) -> bool:
        """Tell whether a connection to `host` (resolved to `address`) at `port` is opened by this entry."""
        if self.port is not None and self.port != port:
            return False
        if self.network is not None:
            return address.version == self.network.version and address in self.network
        return host.lower().rstrip(".") == self.host


def _split_port(text: str) -> tuple[str, int | None]:
    if text.startswith("["):
        host, _, rest = text[1:].partition("]")
        return host, int(rest[1:]) if rest.startswith(":") else None
    if text.count(":") == 1:
        host, _, port = text.partition(":")
        return host, int(port)
    return text, None


def is_public(address: Address) -> bool:
    """Tell whether `address` is globally routed, also when it hides an IPv4 address inside IPv6."""
    if isinstance(address, ipaddress.IPv6Address):
        inner = _embedded(address)
        if inner is not None:
            return is_public(inner)
    return address.is_global and not address.is_multicast and not address.is_reserved


def _embedded(address: ipaddress.IPv6Address) -> ipaddress.IPv4Address | None:
    if address.ipv4_mapped is not None:
        return address.ipv4_mapped
    if address.sixtofour is not None:
        return address.sixtofour
    if address.teredo is not None:
        return address.teredo[1]
    if address in _NAT64:
        return ipaddress.IPv4Address(int(address) & 0xFFFFFFFF)
    return None


class _GuardedBackend(httpcore.AsyncNetworkBackend):
    """Resolves a name itself, drops what is forbidden and connects to the very address that it checked."""

    def __init__(self, allowed: Sequence[AllowedDestination]) -> None:
        self._inner = AutoBackend()
        self._allowed = allowed

    async def connect_tcp(
        self,
        host: str,
        port: int,
        timeout: float | None = None,  # noqa: ASYNC109 (httpcore's interface)
        local_address: str | None = None,
        socket_options: Iterable[httpcore.SOCKET_OPTION] | None = None,
    ) -> httpcore.AsyncNetworkStream:
        permitted = [a for a in await _resolve(host, port, timeout) if self._permits(host, a, port)]
        if not permitted:
            raise httpcore.ConnectError(f"forbidden address: {host}:{port}")
        failure: Exception | None = None
        for address in permitted:
            try:
                return await self._inner.connect_tcp(str(address), port, timeout, local_address, socket_options)
            except (httpcore.ConnectError, httpcore.ConnectTimeout) as error:
                failure = error
        assert failure is not None
        raise failure

    async def connect_unix_socket(self, path: str, *_: Any, **__: Any) -> httpcore.AsyncNetworkStream:
        raise httpcore.ConnectError(f"forbidden address: {path}")

    async def sleep(self, seconds: float) -> None:
        await self._inner.sleep(seconds)

    def _permits(self, host: str, address: Address, port: int) -> bool:
        return is_public(address) or any(entry.covers(host, address, port) for entry in self._allowed)


async def _resolve(host: str, port: int, patience: float | None) -> list[Address]:
    loop = asyncio.get_running_loop()
    try:
        async with asyncio.timeout(patience):
            found = await loop.getaddrinfo(host, port, type=socket.SOCK_STREAM)
    except TimeoutError as slow:
        raise httpcore.ConnectTimeout(f"no answer from DNS for {host}") from slow
    except (OSError, UnicodeError) as unknown:
        raise httpcore.ConnectError(f"unknown host: {host}") from unknown
    return list(dict.fromkeys(ipaddress.ip_address(str(info[4][0]).partition("%")[0]) for info in found))


class _GuardedTransport(httpx.AsyncHTTPTransport):
    """httpx's own transport over a connection pool whose sockets are opened by the guard."""

    def __init__(self, allowed: Sequence[AllowedDestination]) -> None:
        super().__init__(trust_env=False)
        self._pool = httpcore.AsyncConnectionPool(
            ssl_context=httpx.create_ssl_context(trust_env=False),
            max_connections=MAX_CONNECTIONS,
            max_keepalive_connections=20,
            keepalive_expiry=30,
            network_backend=_GuardedBackend(allowed),
        )

    async def handle_async_request(self, request: httpx.Request) -> httpx.Response:
        refuse_read_only()
        try:
            return await super().handle_async_request(request)
        except httpx.ConnectError as error:
            if str(error).startswith("forbidden address"):
                raise ForbiddenAddress(str(error), request=request) from error
            raise


def guarded_client(allowed: Iterable[str] = (), **options: Any) -> httpx.AsyncClient:
    """Make a client that refuses private destinations except those `allowed`; no proxy, no redirects."""
    entries = [AllowedDestination.parse(text) for text in allowed]
    settings: dict[str, Any] = {"timeout": TIMEOUT, "follow_redirects": False, "max_redirects": 5}
    return httpx.AsyncClient(transport=_GuardedTransport(entries), trust_env=False, **(settings | options))


_SHARED_CLIENTS = 32
_shared: dict[tuple[str, ...], httpx.AsyncClient] = {}
_shared_loop: asyncio.AbstractEventLoop | None = None


def shared_client(also: Sequence[str] = ()) -> httpx.AsyncClient:
    """Return this process's guarded client with the operator's list, made at first use in the running loop.

    `also` opens further destinations, for a channel whose server the operator named himself.
    """
    global _shared_loop
    loop, allowed = asyncio.get_running_loop(), (*get_settings().private_hosts, *also)
    if _shared_loop is not loop:
        _shared.clear()
        _shared_loop = loop
    client = _shared.pop(allowed, None)
    if client is None or client.is_closed:
        client = guarded_client(allowed)
    _shared[allowed] = client
    if len(_shared) > _SHARED_CLIENTS:
        _shared.pop(next(iter(_shared)))  # whoever uses it still holds it; it closes with its last reference
    return client


async def close_shared_clients() -> None:
    """Close the process's clients, at the end of the lifespan."""
    while _shared:
        await _shared.popitem()[1].aclose()


async def read_at_most(response: httpx.Response, limit: int) -> bytes:
    """Read a streamed answer; `TooLarge` as soon as it passes `limit` bytes, whatever it declared."""
    declared = response.headers.get("content-length", "")
    if declared.isdigit() and int(declared) > limit:
        raise TooLarge(limit=limit)
    parts: list[bytes] = []
    size = 0
    async for part in response.aiter_bytes():
        size += len(part)
        if size > limit:
            raise TooLarge(limit=limit)
        parts.append(part)
    return b"".join(parts)
