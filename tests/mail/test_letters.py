"""What letters say: both languages, nothing injected, nothing forgotten."""

import re
from datetime import UTC, datetime

import pytest

from crm_app.core.i18n import LANGUAGES, _sentences
from crm_app.core.mail.letter import Letter, harmless, render
from crm_app.core.mail.smtp import compose

KINDS = sorted({key.split(".")[1] for key in _sentences("en") if key.startswith("mail.")} - {"frame"})


@pytest.mark.parametrize("language", LANGUAGES)
@pytest.mark.parametrize("kind", KINDS)
def test_every_kind_is_a_whole_letter(kind: str, language: str) -> None:
    rendered = render(Letter(kind=kind, to="a@b.example", language=language, link="https://crm.example/x#tok-en"))
    assert rendered.subject
    assert "https://crm.example/x#tok-en" in rendered.text
    assert rendered.html.count('href="https://crm.example/x#tok-en"') == 2
    assert f'<html lang="{language}">' in rendered.html
    assert "{{" not in rendered.text + rendered.html + rendered.subject


def test_an_unknown_language_is_portuguese_and_an_unknown_kind_is_refused() -> None:
    assert "senha" in render(Letter(kind="reset", to="a@b.example", language="tlh")).text
    with pytest.raises(KeyError):
        render(Letter(kind="nothing", to="a@b.example", language="en"))


def test_what_strangers_wrote_is_escaped_and_becomes_no_link() -> None:
    assert harmless("visit http://evil.example now\r\nBcc: x@y.example") == (
        "visit http:\u2060//evil.\u2060example now Bcc: x@\u2060y.\u2060example"
    )
    assert harmless("Agência Horizonte S.A.") == "Agência Horizonte S.\u2060A."
    assert len(harmless("a" * 5000)) == 120
    markup = render(Letter(kind="reset", to="a@b.example", language="en", link='"><script>alert(1)</script>')).html
    assert "<script" not in markup


def test_a_message_has_no_place_for_another_header() -> None:
    rendered = render(Letter(kind="reset", to="a@b.example", language="pt-BR", link="https://x.example"))
    sneaky = type(rendered)("Oi\r\nBcc: vitima@b.example", rendered.text, rendered.html)
    message = compose(
        sneaky,
        sender="Prumo <crm@agencia.com.br>",
        to="a@b.example",
        message_id="0199",
        at=datetime(2026, 1, 5, tzinfo=UTC),
    )
    assert message["Bcc"] is None
    assert message["Message-ID"] == "<0199@agencia.com.br>"
    assert message["Auto-Submitted"] == "auto-generated"
    assert re.match(b"From: Prumo <crm@agencia.com.br>\r\n", message.as_bytes())
    assert [part.get_content_type() for part in message.iter_parts()] == ["text/plain", "text/html"]
    with pytest.raises((ValueError, IndexError)):
        compose(
            rendered,
            sender="crm@x.example",
            to="a@b.example\r\nBcc: c@d.example",
            message_id="1",
            at=datetime.now(UTC),
        )
