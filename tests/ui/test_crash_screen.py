"""What is left of a screen that broke is ours: in the user's language, with a way to load it again."""

import pytest

from crm_app.core.i18n import LANGUAGES, has_sentence, translate
from crm_app.crm_app import WRAPS
from crm_app.ui.client import module
from crm_app.ui.frame import FRAME


def test_our_crash_screen_stands_in_place_of_reflexs_own() -> None:
    boundary = WRAPS[(55, "ErrorBoundary")](True)
    assert "CrashScreen" in str(boundary)
    assert module("frame") == FRAME


@pytest.mark.parametrize("language", LANGUAGES)
def test_every_word_of_it_is_there(language: str) -> None:
    for name in ("title", "body", "reload", "home"):
        assert has_sentence(f"shell.crash.{name}", language)


def test_it_offers_to_load_again() -> None:
    assert (translate("shell.crash.reload"), translate("shell.crash.reload", "en")) == ("Recarregar", "Reload")
