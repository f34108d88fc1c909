"""What a session says about itself in words that a person recognises: the browser, the device, the network."""

from ipaddress import IPv4Address, IPv6Address, ip_address, ip_network

from ua_parser import parse

from crm_app.domains.accounts.schemas import Device

IPV4_PREFIX = 16
IPV6_PREFIX = 32
"""Blocks of this size belong to one provider or one region of it: enough to recognise a stranger."""
_COMPUTERS = {
    "Mac OS X": "macOS",
    "Windows": "Windows",
    "Linux": "Linux",
    "Ubuntu": "Linux",
    "Chrome OS": "ChromeOS",
}


def describe_device(user_agent: str) -> Device:
    """Return browser and system of a user agent; empty words for what it does not tell."""
    found = parse(user_agent)
    browser = found.user_agent.family if found.user_agent else ""
    system = found.os.family if found.os else ""
    brand = found.device.family if found.device else ""
    phone = system in {"iOS", "Android"}
    model = brand if phone and brand not in {"Generic Smartphone", "K"} else ""
    return Device(
        browser=browser.removeprefix("Mobile ").removesuffix(" Mobile"),
        system=_COMPUTERS.get(system, system),
        model=model,
        kind="phone" if phone else "computer" if system in _COMPUTERS else "unknown",
    )


def network_block(address: str) -> str:
    """Return the block that an address belongs to, as people may compare it: `189.40.x.x`, `2804:14c::`.

    Empty for a text that is no address. Where in the world it is nobody is asked: that would tell them.
    """
    known = _address(address)
    if isinstance(known, IPv4Address):
        first, second, *_ = str(known).split(".")
        return f"{first}.{second}.x.x"
    if isinstance(known, IPv6Address):
        return str(ip_network(f"{known}/{IPV6_PREFIX}", strict=False).network_address)
    return ""


def is_local(address: str) -> bool:
    """Tell whether an address is of a private network or of the machine itself."""
    known = _address(address)
    return known is not None and known.is_private


def _address(text: str) -> IPv4Address | IPv6Address | None:
    try:
        known = ip_address(text.partition("%")[0])
    except ValueError:
        return None
    return known.ipv4_mapped or known if isinstance(known, IPv6Address) else known
