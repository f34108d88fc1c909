"""Addresses and short names in all their spellings: one mailbox is one account, and nothing passes for another."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from crm_app.domains.accounts.errors import BadEmail, BadSlug, SlugTaken
from crm_app.domains.accounts.rules import RESERVED_SLUGS, check_slug, normalize_email, slugify


@pytest.mark.parametrize(
    ("typed", "stored"),
    [
        ("  Ana@Exemplo.COM.br ", "ana@exemplo.com.br"),
        ("ａｎａ＠ｅｘｅｍｐｌｏ．ｃｏｍ", "ana@exemplo.com"),  # full width
        ("mi\u212ae@exemplo.com", "mike@exemplo.com"),  # the Kelvin sign is a K
        ("ana+funil@exemplo.com", "ana+funil@exemplo.com"),
        ("ana@agência.com.br", "ana@xn--agncia-jva.com.br"),
        ("ana@AGE\u0302NCIA.com.br", "ana@xn--agncia-jva.com.br"),  # the accent apart
        ("ana@xn--agncia-jva.com.br", "ana@xn--agncia-jva.com.br"),
        ("ana@exemplo。com", "ana@exemplo.com"),  # the Chinese full stop
    ],
)
def test_spellings_of_a_mailbox_are_one(typed: str, stored: str) -> None:
    assert normalize_email(typed) == stored
    assert normalize_email(stored) == stored


@pytest.mark.parametrize(
    "typed",
    [
        "аna@exemplo.com",  # a Cyrillic а
        "ana\u200b@exemplo.com",
        "ana@exem\u200bplo.com",
        "ana@exem\u00adplo.com",
        "\u202eana@exemplo.com",
        "ana@exemplo.com\u2060",
        "straße@exemplo.com",  # would fold into somebody else's strasse
        "ı@exemplo.com",
        "ſ\u0131lva@exemplo.com",
        "ana@exemplo.com\r\nBcc: b@exemplo.com",
        "ana@exemplo.com,b@exemplo.com",
        '"ana b"@exemplo.com',
        "ana@b@exemplo.com",
        ".ana@exemplo.com",
        "ana..b@exemplo.com",
        "ana@-exemplo.com",
        "ana@exemplo",
        "ana@exemplo.com.",
        "ana@127.0.0.1",
        "ana@[127.0.0.1]",
        "a" * 65 + "@exemplo.com",
        "a@" + "b" * 64 + ".com",
        "a@" + ".".join(["b" * 60] * 5) + ".com",
        "ana\x00@exemplo.com",
        "\ud800@exemplo.com",
        "@exemplo.com",
        "",
    ],
)
def test_what_is_no_plain_address_is_refused(typed: str) -> None:
    with pytest.raises(BadEmail):
        normalize_email(typed)


def test_a_domain_that_looks_alike_is_another() -> None:
    assert normalize_email("ana@ехemplo.com") == "ana@xn--emplo-ywe6i.com"


@given(st.text(max_size=60))
def test_any_text_is_an_address_in_ascii_or_refused(text: str) -> None:
    try:
        stored = normalize_email(f"{text}@exemplo.com")
    except BadEmail:
        return
    assert stored.isascii()
    assert stored == stored.lower()
    assert normalize_email(stored) == stored


@pytest.mark.parametrize(
    ("typed", "stored"), [(" Horizonte ", "horizonte"), ("ＡＢＣ", "abc"), ("a-1-b", "a-1-b")]
)
def test_a_short_name_is_plain(typed: str, stored: str) -> None:
    assert check_slug(typed) == stored


@pytest.mark.parametrize(
    "typed",
    ["", "ab", "a" * 51, "horizontе", "ação", "-ab", "ab-", "a--b", "a b", "a\u200bbc", "a/b", "../etc", "a_b"],
)
def test_a_short_name_with_tricks_is_refused(typed: str) -> None:
    with pytest.raises(BadSlug):
        check_slug(typed)


@pytest.mark.parametrize("typed", ["admin", "API", "ｌｏｇｉｎ"])
def test_names_of_the_house_are_taken(typed: str) -> None:
    with pytest.raises(SlugTaken):
        check_slug(typed)


def test_what_is_suggested_is_acceptable() -> None:
    for name in ("Agência Horizonte", "Ação & Cia.", "Ω", "x" * 300, "-- --"):
        slug = slugify(name)
        assert slug in RESERVED_SLUGS or check_slug(slug) == slug
