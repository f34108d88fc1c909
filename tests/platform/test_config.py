"""Settings: what the environment says, what is refused, and the secret key that is made once."""

import stat
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest
from pydantic import ValidationError

from crm_app import config
from crm_app.config import Settings


@pytest.fixture(autouse=True)
def _empty_environment(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    for name in Settings.model_fields:
        monkeypatch.delenv(f"PRUMO_{name.upper()}", raising=False)
    for name in (
        "PORT",
        "DATABASE_URL",
        "DATABASE_APP_URL",
        "REDIS_URL",
        "SENTRY_DSN",
        "PRUMO_SECRET_KEY",
        "PROMETHEUS_MULTIPROC_DIR",
    ):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.chdir(tmp_path)


def test_defaults_are_those_that_others_rely_on(tmp_path: Path) -> None:
    settings = Settings()
    assert settings.address == "http://localhost:3000"
    assert settings.data_dir == tmp_path / ".data"
    assert settings.demo is True
    assert settings.roles == ("web", "worker", "scheduler")
    assert settings.media_url == (tmp_path / ".data" / "media").as_uri()


def test_the_environment_is_read(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PORT", "8123")
    monkeypatch.setenv("PRUMO_DEMO", "0")
    monkeypatch.setenv("PRUMO_ROLES", "web, worker")
    monkeypatch.setenv("DATABASE_URL", "postgresql+psycopg://me:secret@db/crm")
    settings = Settings()
    assert settings.port == 8123
    assert settings.demo is False
    assert settings.roles == ("web", "worker")
    assert settings.database_url == "postgresql://me:secret@db/crm"


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("PORT", "http"),
        ("PORT", "0"),
        ("PORT", "70000"),
        ("DATABASE_URL", "sqlite:///x.db"),
        ("DATABASE_URL", "db.example.com"),
        ("PRUMO_PUBLIC_URL", "crm.example.com"),
        ("PRUMO_PUBLIC_URL", "https://example.com/crm"),
        ("PRUMO_ROLES", "web,cook"),
        ("PRUMO_WEB_WORKERS", "2"),
    ],
)
def test_what_cannot_work_is_refused(monkeypatch: pytest.MonkeyPatch, name: str, value: str) -> None:
    monkeypatch.setenv(name, value)
    with pytest.raises(ValidationError):
        Settings()


def test_an_empty_variable_counts_as_not_set(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("REDIS_URL", "")
    assert Settings().redis_url is None


def test_origins_are_pinned_to_the_public_address(monkeypatch: pytest.MonkeyPatch) -> None:
    assert Settings().allowed_origins == ("http://localhost:3000", "http://127.0.0.1:3000")
    monkeypatch.setenv("PRUMO_PUBLIC_URL", "https://crm.example.com/")
    monkeypatch.setenv("PRUMO_EXTRA_ORIGINS", "https://old.example.com")
    settings = Settings()
    assert settings.allowed_origins == ("https://crm.example.com", "https://old.example.com")
    assert settings.secure_cookies


def test_the_secret_key_is_made_once_and_private(tmp_path: Path) -> None:
    with ThreadPoolExecutor(8) as threads:
        keys = {key.get_secret_value() for key in threads.map(lambda _: Settings().secret_key, range(16))}
    assert len(keys) == 1
    assert len(keys.pop()) >= 48
    kept = tmp_path / ".data" / "secret_key"
    assert stat.S_IMODE(kept.stat().st_mode) == 0o600
    assert list(kept.parent.iterdir()) == [kept]


def test_a_given_secret_key_wins_and_is_not_shown(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setenv("PRUMO_SECRET_KEY", "given-by-the-operator")
    settings = Settings()
    assert settings.secret_key.get_secret_value() == "given-by-the-operator"
    assert "given-by" not in repr(settings)
    assert not (tmp_path / ".data").exists()


def test_use_settings_changes_and_checks(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(config, "_current", None)
    assert config.use_settings(port=4001).port == 4001
    assert config.get_settings().port == 4001
    with pytest.raises(ValidationError):
        config.use_settings(port=-1)
    config.forget_settings()
    assert config.get_settings().port == 3000


@pytest.mark.parametrize(
    "url",
    [
        "mail.example.com:587",
        "http://mail.example.com",
        "smtp://",
        "smtp://mail.example.com/inbox",
        "smtp://mail.example.com?tls=off",
        "smtps://mail.example.com?tls=none",
        "smtp://me:geheim@mail.example.com?tls=none",
    ],
)
def test_a_mail_server_that_cannot_be_meant_is_refused_without_telling_its_password(url: str) -> None:
    with pytest.raises(ValidationError) as refused:
        Settings(smtp_url=url, mail_from="Prumo <crm@example.com>")
    assert "PRUMO_SMTP_URL" in str(refused.value)
    assert "geheim" not in str(refused.value)


def test_a_mail_server_needs_a_sender_and_keeps_its_password(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PRUMO_SMTP_URL", "smtp://me:geheim@mail.example.com")
    with pytest.raises(ValidationError, match="PRUMO_MAIL_FROM") as refused:
        Settings()
    assert "geheim" not in str(refused.value)
    monkeypatch.setenv("PRUMO_MAIL_FROM", "Prumo <crm@example.com>")
    assert "geheim" not in repr(Settings())


def test_the_outbox_is_public_only_on_a_machine_of_ones_own() -> None:
    assert Settings().shows_outbox
    elsewhere = [
        {"public_url": "https://crm.example.com"},
        {"host": "0.0.0.0"},
        {"demo": False},
        {"extra_origins": ("https://crm.example.com",)},
        {"smtp_url": "smtp://localhost", "mail_from": "a@b.example"},
    ]
    assert not [change for change in elsewhere if Settings(**change).shows_outbox]


def test_strangers_may_sign_up_in_the_demo_or_when_the_operator_says_so() -> None:
    assert Settings().signup_open
    assert not Settings(demo=False).signup_open
    assert Settings(demo=False, signup="open").signup_open
    assert not Settings(signup="closed").signup_open
