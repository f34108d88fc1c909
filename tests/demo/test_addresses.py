"""E-mail addresses of the demo's customers read like those that people have."""

import pytest

from crm_app.demo.content import dialogues
from crm_app.demo.talk import _email


@pytest.mark.parametrize(
    ("who", "company", "address"),
    [
        ("Helena Prado", "Prado Cosméticos", "helena@pradocosmeticos.example"),
        ("João Conceição", "Pão & Açúcar 24h", "joao@paoacucarh.example"),
        ("Íris", "Ótica", "iris@otica.example"),
        ("Ana", "", ""),
        ("李", "Loja", ""),
    ],
)
def test_accents_are_folded(who: str, company: str, address: str) -> None:
    assert _email(who, company) == address


def test_everybody_with_a_company_has_an_address() -> None:
    companies = [one for one in dialogues() if one.company]
    assert companies
    assert all(_email(one.who, one.company).isascii() and _email(one.who, one.company) for one in companies)
