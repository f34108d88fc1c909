"""The product's cookies: names that hold browsers to their attributes.

Over HTTPS a name begins with `__Host-`, or with `__Secure-` where the cookie is for one path alone. A browser
takes such a cookie only with `Secure`, and the first kind only from this very host, so that a neighbour below the
same domain can plant none (RFC 6265bis, section 4.1.3). An installation on plain HTTP has the bare names.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final

from crm_app.config import get_settings


@dataclass(frozen=True, slots=True)
class HouseCookie:
    """A cookie that scripts cannot read and other sites' forms do not send."""

    base: str
    path: str = "/"

    @property
    def name(self) -> str:
        """Return the name under which it travels."""
        if not get_settings().secure_cookies:
            return self.base
        return f"{'__Host-' if self.path == '/' else '__Secure-'}{self.base}"

    def read(self, cookies: Mapping[str, str]) -> str:
        """Return its value among those that a browser sent, or an empty string."""
        return cookies.get(self.name, "")


SESSION: Final = HouseCookie("prumo_session")
"""Who is signed in: an opaque token."""
