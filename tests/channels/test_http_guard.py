"""The outbound client refuses private destinations, whatever the way to them."""

import asyncio
import ipaddress
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import httpx
import pytest
from hypothesis import given
from hypothesis import strategies as st

from crm_app.core import http
from crm_app.core.http import AllowedDestination, ForbiddenAddress, TooLarge, guarded_client, is_public

FORBIDDEN = [
    "127.0.0.1", "10.1.2.3", "172.16.0.1", "192.168.1.1", "169.254.169.254", "100.64.0.1", "0.0.0.0",
    "224.0.0.1", "255.255.255.255", "::1", "::", "fe80::1", "fc00::1", "::ffff:127.0.0.1", "::ffff:10.0.0.1",
    "64:ff9b::7f00:1", "2002:7f00:1::", "ff02::1",
]  # fmt: skip


@pytest.mark.parametrize("text", FORBIDDEN)
def test_private_addresses_are_not_public(text: str) -> None:
    assert not is_public(ipaddress.ip_address(text))


@pytest.mark.parametrize("text", ["8.8.8.8", "1.1.1.1", "2606:4700::1111", "64:ff9b::808:808"])
def test_public_addresses_are(text: str) -> None:
    assert is_public(ipaddress.ip_address(text))


@given(st.ip_addresses(network="10.0.0.0/8") | st.ip_addresses(network="127.0.0.0/8"))
def test_no_private_address_hides_in_ipv6(inner: ipaddress.IPv4Address) -> None:
    assert not is_public(ipaddress.IPv6Address(f"::ffff:{inner}"))


@pytest.mark.parametrize(
    ("entry", "host", "address", "port", "covered"),
    [
        ("127.0.0.1:3001", "127.0.0.1", "127.0.0.1", 3001, True),
        ("127.0.0.1:3001", "127.0.0.1", "127.0.0.1", 5432, False),
        ("10.0.5.0/24", "x", "10.0.5.9", 80, True),
        ("10.0.5.0/24", "x", "10.0.6.9", 80, False),
        ("waha.internal", "WAHA.internal", "10.9.9.9", 3000, True),
        ("waha.internal:3000", "evil.example", "10.9.9.9", 3000, False),
        ("[::1]:3000", "::1", "::1", 3000, True),
    ],
)
def test_allow_list(entry: str, host: str, address: str, port: int, covered: bool) -> None:
    assert AllowedDestination.parse(entry).covers(host, ipaddress.ip_address(address), port) is covered


@asynccontextmanager
async def _server(answer: bytes) -> AsyncIterator[tuple[int, list[bytes]]]:
    seen: list[bytes] = []

    async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        seen.append(await reader.readuntil(b"\r\n\r\n"))
        writer.write(answer)
        await writer.drain()
        writer.close()
        await writer.wait_closed()

    server = await asyncio.start_server(serve, "127.0.0.1", 0)
    try:
        yield server.sockets[0].getsockname()[1], seen
    finally:
        server.close()
        await server.wait_closed()


OK = b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\nConnection: close\r\n\r\nok"


@pytest.mark.parametrize("host", ["127.0.0.1", "localhost", "2130706433", "0x7f.1", "127.1", "[::ffff:127.0.0.1]"])
async def test_loopback_is_refused_in_every_spelling(host: str) -> None:
    async with _server(OK) as (port, seen), guarded_client() as client:
        with pytest.raises(httpx.ConnectError):
            await client.get(f"http://{host}:{port}/")
        assert seen == []


async def test_operator_may_open_one_destination() -> None:
    async with _server(OK) as (port, _), guarded_client([f"127.0.0.1:{port}"]) as client:
        assert (await client.get(f"http://127.0.0.1:{port}/")).text == "ok"


async def test_redirect_to_a_private_address_is_refused() -> None:
    async with _server(OK) as (inner, seen):
        moved = (
            f"HTTP/1.1 302 Found\r\nLocation: http://127.0.0.1:{inner}/\r\n"
            "Content-Length: 0\r\nConnection: close\r\n\r\n"
        )
        async with _server(moved.encode()) as (outer, _), guarded_client([f"127.0.0.1:{outer}"]) as client:
            with pytest.raises(ForbiddenAddress):
                await client.get(f"http://127.0.0.1:{outer}/", follow_redirects=True)
        assert seen == []


async def test_a_name_is_checked_at_the_moment_of_connecting(monkeypatch: pytest.MonkeyPatch) -> None:
    async def resolve(host: str, port: int, patience: float | None) -> list[http.Address]:
        return [ipaddress.ip_address("127.0.0.1")]

    monkeypatch.setattr(http, "_resolve", resolve)
    async with _server(OK) as (port, seen), guarded_client() as client:
        with pytest.raises(ForbiddenAddress):
            await client.get(f"http://looks-public.example:{port}/")
        assert seen == []


async def test_an_answer_without_end_is_cut() -> None:
    endless = b"HTTP/1.1 200 OK\r\nConnection: close\r\n\r\n" + b"x" * 5000
    async with (
        _server(endless) as (port, _),
        guarded_client([f"127.0.0.1:{port}"]) as client,
        client.stream("GET", f"http://127.0.0.1:{port}/") as response,
    ):
        with pytest.raises(TooLarge):
            await http.read_at_most(response, 1000)
