"""Simulated customers who act at once, and a number that they write to."""

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import pytest_asyncio

from crm_app.config import forget_settings
from crm_app.domains.channels.doors import doors
from crm_app.domains.channels.simulator.pace import pace
from tests.conftest import Tenant
from tests.pages.inbox.desk import Desk, open_desk


@pytest.fixture(autouse=True)
def quick_people(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """Let simulated customers act at once, and keep files in this test's own folder."""
    monkeypatch.setattr(pace, "speed", 10_000.0)
    monkeypatch.setenv("PRUMO_STORAGE_URL", (tmp_path / "media").as_uri())
    monkeypatch.setenv("PRUMO_SECRET_KEY", "a-key-of-the-tests-long-enough-to-be-one")
    forget_settings()
    doors.clear()
    yield
    forget_settings()


@pytest_asyncio.fixture
async def desk(tenant: Tenant, run_jobs: Any) -> Desk:
    """A simulated number in this test's organization."""
    return await open_desk(tenant, run_jobs)
