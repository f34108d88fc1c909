"""Addresses of the screens, and the discovery of the page modules behind them."""

from importlib import import_module
from pathlib import Path

HOME = "/"
LOGIN = "/login"
FORGOT = "/forgot"
RESET = "/reset"
MAGIC = "/magic"
VERIFY = "/verify"
SSO = "/sso"
SIGNUP = "/signup"
SIGNUP_FINISH = "/signup/finish"
OUTBOX = "/outbox"
OWN_OUTBOX = "/settings/outbox"
FIRST_STEPS = "/first-steps"
INVITE = "/invite"
INBOX = "/inbox"
BOARD = "/board"
CONTACTS = "/contacts"
CONTACT = "/contacts/[contact_id]"
DASHBOARD = "/dashboard"
SETTINGS = "/settings"
MEMBERS = "/settings/members"
AUDIT = "/settings/audit"
ROLES = "/settings/roles"
TEAMS = "/settings/teams"
MODULES = "/settings/modules"
OWNERSHIP = "/ownership"
CHANNELS = "/settings/channels"
PROFILE = "/settings/profile"
SSO_SETTINGS = "/settings/sso"
SIMULATOR = "/simulator"
SUSPENDED = "/suspended"
PLATFORM_HOME = "/platform"
PLATFORM_ORGANIZATION = "/platform/organizations/[organization_id]"
PLATFORM_PLANS = "/platform/plans"
PLATFORM_USAGE = "/platform/usage"
PLATFORM_HEALTH = "/platform/health"
PLATFORM_TRAIL = "/platform/trail"

_PAGES = Path(__file__).resolve().parent


def discover_pages() -> None:
    """Import every `pages/<screen>/page.py`, so that its `@app_page` functions are known."""
    for path in sorted(_PAGES.glob("*/page.py")):
        import_module(f"crm_app.pages.{path.parent.name}.page")
