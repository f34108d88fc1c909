"""The rows that the inbox puts into vars: folding, days, order."""

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from crm_app.pages.inbox.rows import (
    FOLD_CHARACTERS,
    FOLD_LINES,
    fold,
    mark_days,
    put_conversation,
    put_message,
    without,
)

START = datetime(2026, 7, 17, 12, tzinfo=UTC)


def message(id_: str, minutes: float = 0) -> Any:
    return {"id": id_, "at": (START + timedelta(minutes=minutes)).isoformat(), "new_day": False}


def conversation(id_: str, minutes: int) -> Any:
    return {"id": id_, "at": (START + timedelta(minutes=minutes)).isoformat()}


@pytest.mark.parametrize(
    ("body", "folded"),
    [
        ("", False),
        ("Oi", False),
        ("x" * FOLD_CHARACTERS, False),
        ("x" * (FOLD_CHARACTERS + 1), True),
        ("\n".join("a" * FOLD_LINES), False),
        ("\n".join("a" * (FOLD_LINES + 1)), True),
    ],
)
def test_only_long_texts_are_folded(body: str, folded: bool) -> None:
    short, cut = fold(body)
    assert cut is folded
    assert body.startswith(short)


@given(st.text(max_size=6000))
def test_a_folded_text_is_short_and_the_beginning_of_the_whole(body: str) -> None:
    short, cut = fold(body)
    assert len(short) <= FOLD_CHARACTERS
    assert short.count("\n") < FOLD_LINES
    assert body.startswith(short)
    assert cut == (len(short) < len(body))


def test_a_day_begins_at_midnight_of_the_organization() -> None:
    # 02:30 UTC is still the evening before in São Paulo.
    rows = [message("a", 60), message("b", 14.5 * 60), message("c", 15.5 * 60)]
    assert [row["new_day"] for row in mark_days(rows, "America/Sao_Paulo")] == [True, False, True]
    assert [row["new_day"] for row in mark_days(rows, "UTC")] == [True, True, False]


def test_a_known_message_is_replaced_where_it_stands() -> None:
    rows = [message("a", 0), message("b", 1)]
    changed = {**message("a", 0), "status": "read"}
    assert put_message(rows, changed, append=True) == [changed, rows[1]]


def test_a_new_message_is_put_in_by_its_time_or_left_out() -> None:
    rows = [message("a", 0), message("c", 2)]
    late = message("b", 1)
    assert [row["id"] for row in put_message(rows, late, append=True)] == ["a", "b", "c"]
    assert put_message(rows, late, append=False) == rows


@given(st.lists(st.tuples(st.sampled_from("abcdef"), st.integers(0, 50)), max_size=30))
def test_conversations_stay_ordered_and_stand_once(changes: list[tuple[str, int]]) -> None:
    rows: list[Any] = []
    for id_, minutes in changes:
        rows = put_conversation(rows, conversation(id_, minutes))
    moments = [row["at"] for row in rows]
    assert moments == sorted(moments, reverse=True)
    assert len({row["id"] for row in rows}) == len(rows)
    assert {row["id"]: row["at"] for row in rows} == {
        id_: conversation(id_, minutes)["at"] for id_, minutes in dict(changes).items()
    }


def test_taking_a_conversation_out_leaves_the_others() -> None:
    rows = [conversation("a", 2), conversation("b", 1)]
    assert without(rows, "a") == [rows[1]]
    assert without(rows, "z") == rows
