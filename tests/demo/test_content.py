"""The demo's words: whole, well formed, and of one piece."""

import json
from collections import Counter

import pytest

from crm_app.demo import media
from crm_app.demo.content import dialogues, parse_lines, people, pipelines, routine
from crm_app.domains.accounts.models import Role
from crm_app.domains.inbox.models import Direction, MessageKind


def test_there_are_sixty_conversations_with_different_people() -> None:
    assert len(dialogues()) == 60
    assert len({one.who for one in dialogues()}) == 60


def test_four_people_have_four_roles() -> None:
    roles = [one["role"] for one in people()["team"]]
    assert len(set(roles)) == 4
    assert set(roles) <= set(Role)


def test_every_dialogue_is_assigned_to_somebody_of_the_team_or_waits_in_the_queue() -> None:
    team = {one["key"] for one in people()["team"]}
    for dialogue in dialogues():
        assert dialogue.agent is None or dialogue.agent in team
        answered = any(line.direction == Direction.OUTBOUND for line in dialogue.lines)
        assert dialogue.agent is not None or not answered, dialogue.who


def test_unread_messages_are_the_customers_last_ones() -> None:
    for dialogue in dialogues():
        last = [line.direction for line in dialogue.lines[-dialogue.unread :]] if dialogue.unread else []
        assert set(last) <= {Direction.INBOUND}, dialogue.who


def test_dialogues_differ_in_length_and_kind() -> None:
    lengths = {len(one.lines) for one in dialogues()}
    kinds = Counter(line.kind for one in dialogues() for line in one.lines)
    assert min(lengths) == 1
    assert max(lengths) >= 12
    assert all(kinds[kind] >= 4 for kind in (MessageKind.IMAGE, MessageKind.AUDIO, MessageKind.DOCUMENT))
    assert any(line.fails for one in dialogues() for line in one.lines)
    assert any(line.direction == Direction.NOTE for one in dialogues() for line in one.lines)


def test_nothing_is_said_twice_in_full() -> None:
    said = Counter(line.body for one in dialogues() for line in one.lines if len(line.body) > 40)
    assert said.most_common(1)[0][1] == 1


def test_clients_are_among_those_who_talk() -> None:
    clients, exchanges = routine()
    assert clients <= {one.who for one in dialogues()}
    assert len(exchanges) >= 30


def test_every_funnel_ends_in_won_and_lost() -> None:
    assert sum(one["deals"] for one in pipelines()) == 120
    for funnel in pipelines():
        assert [stage["kind"] for stage in funnel["stages"]][-2:] == ["won", "lost"]


def test_a_line_says_who_speaks_and_what_it_carries() -> None:
    lines = parse_lines(["< oi", "= 2d", ">^[document a.pdf] segue", "<[audio 38]", ">! ?", "# nota"])
    assert [line.direction for line in lines] == ["in", "out", "in", "out", "note"]
    assert (lines[1].file, lines[1].body, lines[1].quotes, lines[1].pause.days) == ("a.pdf", "segue", True, 2)
    assert (lines[2].kind, lines[2].file, lines[3].fails) == ("audio", "38", True)
    with pytest.raises(ValueError, match="nobody says"):
        parse_lines(["oi"])


def test_files_are_what_they_say() -> None:
    png, pdf, ogg = media.picture("fachada"), media.page("Proposta (1)"), media.voice(3)
    assert png.startswith(b"\x89PNG\r\n\x1a\n")
    assert png == media.picture("fachada") != media.picture("outra")
    assert pdf.startswith(b"%PDF-1.4")
    assert pdf.rstrip().endswith(b"%%EOF")
    assert ogg.startswith(b"OggS")
    assert ogg.count(b"OggS") == 2 + 3
    assert max(map(len, (png, pdf, ogg))) < 40_000


def test_no_page_of_the_voice_note_is_broken() -> None:
    data, place, pages = media.voice(2), 0, 0
    while place < len(data):
        count = data[place + 26]
        size = 27 + count + sum(data[place + 27 : place + 27 + count])
        page = bytearray(data[place : place + size])
        stated, page[22:26] = int.from_bytes(page[22:26], "little"), b"\0\0\0\0"
        assert media._ogg_checksum(bytes(page)) == stated
        place, pages = place + size, pages + 1
    assert pages == 4


def test_the_words_are_json_that_people_can_read() -> None:
    # Accents stand as they are written, so that the files can be edited by hand.
    assert "ã" in json.dumps([one.lines[0].body for one in dialogues()], ensure_ascii=False)
