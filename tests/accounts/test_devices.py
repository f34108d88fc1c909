"""What a session says about itself: browsers, devices, blocks of addresses."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from crm_app.domains.accounts.sessions.devices import describe_device, is_local, network_block

WEBKIT = "AppleWebKit/537.36 (KHTML, like Gecko) Chrome/126.0.0.0"
CHROME = f"Mozilla/5.0 (Windows NT 10.0; Win64; x64) {WEBKIT} Safari/537.36"
IPHONE = (
    "Mozilla/5.0 (iPhone; CPU iPhone OS 17_5 like Mac OS X) AppleWebKit/605.1.15 (KHTML, like Gecko) "
    "Version/17.5 Mobile/15E148 Safari/604.1"
)
ANDROID = f"Mozilla/5.0 (Linux; Android 10; K) {WEBKIT} Mobile Safari/537.36"


@pytest.mark.parametrize(
    ("user_agent", "expected"),
    [
        (CHROME, ("Chrome", "Windows", "", "computer")),
        (IPHONE, ("Safari", "iOS", "iPhone", "phone")),
        (ANDROID, ("Chrome", "Android", "", "phone")),
        (
            "Mozilla/5.0 (X11; Linux x86_64; rv:127.0) Gecko/20100101 Firefox/127.0",
            ("Firefox", "Linux", "", "computer"),
        ),
        ("", ("", "", "", "unknown")),
        ("<script>alert(1)</script>", ("", "", "", "unknown")),
    ],
)
def test_a_browser_is_named(user_agent: str, expected: tuple[str, ...]) -> None:
    device = describe_device(user_agent)
    assert (device.browser, device.system, device.model, device.kind) == expected


@pytest.mark.parametrize(
    ("address", "block"),
    [
        ("189.40.12.7", "189.40.x.x"),
        ("2804:14c:65d7:8::1", "2804:14c::"),
        ("::ffff:189.40.1.2", "189.40.x.x"),
        ("fe80::1%eth0", "fe80::"),
        ("", ""),
        ("not an address", ""),
    ],
)
def test_a_place_is_a_block(address: str, block: str) -> None:
    assert network_block(address) == block


def test_private_networks_are_known() -> None:
    assert is_local("192.168.0.9")
    assert is_local("127.0.0.1")
    assert not is_local("189.40.12.7")
    assert not is_local("")


@given(st.text(max_size=200))
def test_nothing_breaks_it(text: str) -> None:
    describe_device(text)
    network_block(text)
