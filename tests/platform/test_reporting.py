"""Sentry gets unexpected errors without secrets, and nothing at all unless it is wanted."""

from collections.abc import Iterator
from typing import Any

import pytest
import sentry_sdk
from sentry_sdk.transport import Transport

from crm_app.config import Settings
from crm_app.core import reporting
from crm_app.core.trace import trace


class Kept(Transport):
    """Keeps what would be sent."""

    envelopes: list[Any] = []

    def capture_envelope(self, envelope: Any) -> None:
        self.envelopes.append(envelope)


@pytest.fixture(autouse=True)
def _quiet(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    Kept.envelopes.clear()
    init = sentry_sdk.init
    monkeypatch.setattr(
        reporting.sentry_sdk,
        "init",
        lambda **options: init(
            transport=Kept, default_integrations=False, auto_enabling_integrations=False, **options
        ),
    )
    yield
    init()


def test_without_an_address_nothing_is_reported() -> None:
    assert reporting.start_reporting(Settings(sentry_dsn=None)) is False


def test_an_error_carries_the_trace_id_and_no_secret() -> None:
    assert reporting.start_reporting(Settings(sentry_dsn="https://key@sentry.invalid/1")) is True
    with trace("trace-of-the-error"), sentry_sdk.new_scope() as scope:
        scope.set_extra("api_key", "geheim")
        sentry_sdk.capture_exception(ValueError("odd"))
    (envelope,) = Kept.envelopes
    event = envelope.get_event()
    assert event["tags"]["trace_id"] == "trace-of-the-error"
    assert event["extra"]["api_key"] == "***"
    assert "geheim" not in str(event)
