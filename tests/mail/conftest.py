"""A mail server for each test, and settings that point at it."""

from collections.abc import AsyncIterator, Iterator

import pytest
import pytest_asyncio

from crm_app.config import forget_settings, use_settings
from tests.mail.server import MailServer, running

FROM = "Prumo <crm@agencia.com.br>"


@pytest.fixture(autouse=True)
def own_settings() -> Iterator[None]:
    """Every test begins and leaves without settings of its own."""
    yield
    forget_settings()


@pytest_asyncio.fixture
async def server() -> AsyncIterator[MailServer]:
    """A server in the clear; letters go there."""
    async with running() as mail:
        use_settings(smtp_url=f"smtp://127.0.0.1:{mail.port}?tls=none", mail_from=FROM)
        yield mail
