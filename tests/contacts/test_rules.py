"""Folding, phone twins and search words: tables of known cases, and properties that hold for any text."""

import unicodedata

import pytest
from hypothesis import given
from hypothesis import strategies as st

from crm_app.domains.contacts import rules

areas = st.builds(lambda a, b: f"{a}{b}", st.integers(1, 9), st.integers(1, 9))
old_mobiles = st.builds(
    lambda area, first, rest: f"+55{area}{first}{rest:07d}", areas, st.integers(6, 9), st.integers(0, 9_999_999)
)


@pytest.mark.parametrize(
    ("typed", "phone"),
    [
        ("41 99999-0101", "+5541999990101"),
        ("(41) 9999-0101", "+5541999990101"),
        ("041 99999 0101", "+5541999990101"),
        ("+55 41 9999-0101", "+5541999990101"),
        ("5541999990101", "+5541999990101"),
        ("(11) 3333-4444", "+551133334444"),
        ("+1 415 555 2671", "+14155552671"),
        ("+351 912 345 678", "+351912345678"),
        ("99999-0101", None),
        ("9999-0101", None),
        ("+5541999990101 ramal 12", None),
        ("telefone", None),
        ("", None),
        ("+", None),
        ("1" * 40, None),
        ("+55\x0041999990101", None),
    ],
)
def test_phones_are_read_as_people_write_them(typed: str, phone: str | None) -> None:
    assert rules.parse_phone(typed) == phone


@pytest.mark.parametrize(
    ("phone", "spellings"),
    [
        ("+5541999990101", ("+5541999990101", "+554199990101")),
        ("+554199990101", ("+5541999990101", "+554199990101")),
        ("+5511933334444", ("+5511933334444",)),
        ("+551133334444", ("+551133334444",)),
        ("+14155552671", ("+14155552671",)),
    ],
)
def test_a_brazilian_mobile_has_a_twin_and_nobody_else(phone: str, spellings: tuple[str, ...]) -> None:
    assert rules.phone_spellings(phone) == spellings


@given(old_mobiles)
def test_both_spellings_of_a_mobile_name_the_same_pair(old: str) -> None:
    spellings = rules.phone_spellings(old)
    assert len(spellings) == 2
    assert spellings[1] == old
    assert all(rules.phone_spellings(spelling) == spellings for spelling in spellings)


@given(old_mobiles)
def test_reading_a_phone_twice_changes_nothing(old: str) -> None:
    phone = rules.parse_phone(old)
    assert phone is not None
    assert rules.parse_phone(phone) == phone
    assert rules.parse_phone(rules.readable_phone(phone)) == phone


@given(st.text(max_size=60))
def test_any_text_is_a_phone_in_e164_or_none(text: str) -> None:
    phone = rules.parse_phone(text)
    assert phone is None or (
        phone.startswith("+") and phone[1:].isdecimal() and phone.isascii() and len(phone) <= 20
    )


@pytest.mark.parametrize(
    ("text", "folded"),
    [
        ("João  da  CONCEIÇÃO", "joao da conceicao"),
        ("Straße", "strasse"),
        ("ﬁnança", "financa"),
        ("İstanbul", "istanbul"),
        ("½ № Ⅻ", "1⁄2 no xii"),
        ("العربية", "العربية"),
        (" \t\n", ""),
    ],
)
def test_folding(text: str, folded: str) -> None:
    assert rules.fold(text) == folded


@given(st.text(max_size=80))
def test_folding_is_idempotent_and_ignores_case_of_latin(text: str) -> None:
    folded = rules.fold(text)
    assert rules.fold(folded) == folded
    assert not any(unicodedata.combining(c) for c in unicodedata.normalize("NFD", folded) if c.isascii())


@given(st.text(alphabet=st.characters(whitelist_categories=("L", "N", "P", "Z")), max_size=60))
def test_every_word_of_a_name_finds_it(name: str) -> None:
    indexed = rules.searchable(name).split()
    for word in rules.search_words(name)[:3]:
        digits = word.isdecimal()
        assert digits or any(entry.startswith(word) for entry in indexed)


@pytest.mark.parametrize(
    ("query", "words"),
    [
        ("maria joão", ["maria", "joao"]),
        ("(41) 9999", ["419999"]),
        ("+55 41 99999-0101", ["5541999990101"]),
        ("0101", ["0101"]),
        ("041 99999", ["4199999"]),
        ("d'ávila & cia", ["d", "avila", "cia"]),
        ("!!!", []),
        ("", []),
        ("a b c d e f g h", ["a", "b", "c", "d", "e", "f"]),
    ],
)
def test_search_words(query: str, words: list[str]) -> None:
    assert rules.search_words(query) == words


@pytest.mark.parametrize(
    "typed", ["99990101", "41999990101", "4199990101", "5541999990101", "554199990101", "999990101"]
)
def test_a_phone_is_found_however_it_is_typed(typed: str) -> None:
    indexed = rules.searchable("Helena Prates", phones=["+5541999990101"]).split()
    assert any(entry.startswith(word) for word in rules.search_words(typed) for entry in indexed)


@pytest.mark.parametrize(
    ("kind", "value", "values"),
    [
        ("phone", "+554199990101", ("+5541999990101", "+554199990101")),
        ("phone", "nope", ()),
        ("email", " Ana@Exemplo.com.br ", ("ana@exemplo.com.br",)),
        ("email", "ana@", ()),
        ("whatsapp_lid", "123456", ("123456",)),
        ("telegram", "", ()),
        ("telegram", "a\x00b", ()),
        ("instagram", "x" * 201, ()),
    ],
)
def test_identity_values(kind: str, value: str, values: tuple[str, ...]) -> None:
    assert rules.identity_values(kind, value) == values


@pytest.mark.parametrize(
    ("name", "kind", "value", "shown"),
    [
        ("Helena", "phone", "+5541999990101", "Helena"),
        (" \x00\u202e ", "phone", "+5541999990101", "(41) 99999-0101"),
        ("", "telegram", "8812", "8812"),
        ("x" * 500, "telegram", "8812", "x" * 200),
    ],
)
def test_a_contact_always_has_a_name(name: str, kind: str, value: str, shown: str) -> None:
    assert rules.shown_name(name, kind, value) == shown


@pytest.mark.parametrize(
    ("query", "found"),
    [("", True), ("  ", True), ("hel", True), ("PRATES hel", True), ("elena", False), ("%", False), ("🎪", False)],
)
def test_a_row_stays_where_the_search_would_find_it(query: str, found: bool) -> None:
    assert rules.is_found(query, rules.searchable("Helena Prates")) is found
