"""One message: bubble, note, files, ticks. Pure functions from vars to components."""

from typing import Any

import reflex as rx
from reflex_base.vars.base import Var

from crm_app.pages.inbox.browser import Picture, ReplyButton, Until, Voice, Words
from crm_app.pages.inbox.components import kind_mark, kind_word
from crm_app.pages.inbox.rows import CardRow, FileRow, MessageRow
from crm_app.pages.inbox.state_thread import ThreadState
from crm_app.pages.session.state import allowed
from crm_app.ui import primitives as p
from crm_app.ui.format import clock, day_heading, file_size
from crm_app.ui.i18n import t

_TICKS = (
    ("pending", "clock", "tick"),
    ("sending", "clock", "tick"),
    ("sent", "check", "tick"),
    ("delivered", "check-check", "tick"),
    ("read", "check-check", "tick read"),
    ("failed", "circle-alert", "tick failed"),
)


def ticks(status: Any) -> rx.Component:
    """How far an answer has come: clock, one tick, two, blue, or red."""

    def tick(name: str, symbol: str, look: str) -> rx.Component:
        words = t(f"inbox.status.{name}")
        return rx.el.span(
            p.icon(symbol, 13 if symbol == "clock" else 15),
            class_name=look,
            role="img",
            title=words,
            aria_label=words,
        )

    return rx.match(status, *((name, tick(name, symbol, look)) for name, symbol, look in _TICKS), rx.fragment())


def _first_name(name: Any) -> Var[str]:
    return name.split(" ")[0]


def _meta(row: MessageRow) -> rx.Component:
    out = row["direction"] == "out"
    author = rx.cond(
        row["author_name"] != "",
        rx.el.span(_first_name(row["author_name"]), " ·"),
        rx.cond(row["from_phone"], rx.el.span(t("inbox.thread.from_phone"), " ·"), rx.fragment()),
    )
    return rx.el.span(
        rx.cond(out, author, rx.fragment()),
        rx.cond(row["edited"], rx.el.span(t("inbox.thread.edited"), " ·"), rx.fragment()),
        clock(row["at"]),
        rx.cond(out, ticks(row["status"]), rx.fragment()),
        class_name="meta num",
    )


def _waiting_file(file: FileRow) -> rx.Component:
    failed = rx.fragment(
        rx.el.span(t("inbox.media.failed"), class_name="da"),
        p.button(t("inbox.action.retry"), size="xs", kind="out", on_click=ThreadState.fetch_file(file["id"])),
    )
    return rx.el.div(
        rx.cond(file["status"] == "failed", p.icon("circle-alert", 16), p.spinner(14)),
        rx.cond(file["status"] == "failed", failed, rx.el.span(t("inbox.media.pending"))),
        class_name="media-wait",
    )


def _document(file: FileRow) -> rx.Component:
    return rx.el.a(
        rx.el.span(p.icon("file-text", 18), class_name="ft"),
        rx.el.span(
            rx.el.span(file["name"], class_name="tr mw"),
            rx.el.span(file_size(file["size"]), class_name="sm fnt num"),
            class_name="c",
        ),
        p.icon("download", 16),
        href=file["url"],
        custom_attrs={"download": file["name"]},
        aria_label=t("inbox.media.download") + " " + file["name"],
        class_name="file",
    )


def file_part(file: FileRow) -> rx.Component:
    """A file as it can be shown: picture, voice, video, or something to download."""
    shown = rx.match(
        file["kind"],
        (
            "image",
            Picture.create(url=file["url"], name=file["name"], width=file["width"], height=file["height"]),
        ),
        ("audio", Voice.create(url=file["url"], seed=file["id"], duration=file["duration"], inline=False)),
        ("video", rx.el.video(src=file["url"], controls=True, preload="metadata", class_name="vid")),
        _document(file),
    )
    inline = rx.cond(file["inline"], shown, _document(file))
    return rx.el.div(rx.cond(file["url"] != "", inline, _waiting_file(file)), key=file["id"])


def _quote(row: MessageRow) -> rx.Component:
    name = rx.cond(row["quoted_name"] != "", row["quoted_name"], ThreadState.head["name"])
    words = rx.cond(row["quoted_text"] != "", row["quoted_text"], kind_word(row["quoted_kind"]))
    return rx.el.span(rx.el.b(name), kind_mark(row["quoted_kind"]), " ", words, class_name="qt", dir="auto")


def _card(card: CardRow) -> rx.Component:
    return rx.el.div(
        p.avatar(card["name"], size=32),
        rx.el.span(
            rx.el.span(card["name"], class_name="tr mw"),
            rx.el.span(card["phones"], class_name="sm fnt num"),
            class_name="c",
        ),
        class_name="r g2",
    )


def _place(row: MessageRow) -> rx.Component:
    return rx.el.a(
        rx.el.span(p.icon("map-pin", 18), class_name="ft"),
        rx.el.span(
            rx.el.span(rx.cond(row["place"] != "", row["place"], t("inbox.kind.location")), class_name="tr mw"),
            rx.el.span(t("inbox.media.open_map"), class_name="sm fnt"),
            class_name="c",
        ),
        p.icon("external-link", 15),
        href=row["map_url"],
        target="_blank",
        rel="noopener noreferrer",
        class_name="file",
    )


def _content(row: MessageRow) -> rx.Component:
    words = Words.create(
        text=row["body"], folded=row["folded"], note=False, on_unfold=ThreadState.unfold(row["id"])
    )
    return rx.fragment(
        rx.cond(row["quoted"], _quote(row), rx.fragment()),
        rx.foreach(row["files"], file_part),
        rx.cond(row["map_url"] != "", _place(row), rx.fragment()),
        rx.foreach(row["cards"], _card),
        rx.cond(row["body"] != "", words, rx.fragment()),
        _meta(row),
    )


def _body(row: MessageRow) -> rx.Component:
    gone = rx.el.div(
        rx.el.span(p.icon("ban", 14), " ", t("inbox.thread.revoked"), class_name="words"),
        _meta(row),
        class_name="bub gone",
    )
    odd = rx.el.div(
        p.icon("circle-help", 16), rx.el.span(t("inbox.thread.unsupported")), _meta(row), class_name="bub odd"
    )
    return rx.cond(
        row["revoked"],
        gone,
        rx.cond(row["kind"] == "unsupported", odd, rx.el.div(_content(row), class_name="bub")),
    )


def _failure(row: MessageRow) -> rx.Component:
    words = rx.cond(row["error_key"] != "", t(row["error_key"]), t("inbox.status.not_sent"))
    return rx.el.div(
        rx.el.span(words, title=row["error_detail"]),
        rx.cond(
            allowed("messages.send"),
            p.button(t("inbox.action.retry"), size="xs", kind="out", on_click=ThreadState.retry(row["id"])),
            rx.fragment(),
        ),
        class_name="ms-err",
        role="alert",
    )


def _reply(row: MessageRow) -> rx.Component:
    name = rx.cond(row["direction"] == "out", row["author_name"], ThreadState.head["name"])
    words = rx.cond(row["body"] != "", row["body"], kind_word(row["kind"]))
    able = allowed("messages.send") & ThreadState.head["quotes"] & ~row["revoked"]
    return rx.cond(able, ReplyButton.create(message=row["id"], name=name, preview=words), rx.fragment())


def _bubble(row: MessageRow) -> rx.Component:
    out = row["direction"] == "out"
    undo = Until.create(
        p.button(t("inbox.action.undo_send"), size="xs", on_click=ThreadState.undo(row["id"])),
        moment=row["sends_at"],
    )
    return rx.el.div(
        rx.el.div(_body(row), rx.el.div(_reply(row), class_name="acts"), class_name="ms-l"),
        rx.cond(row["reactions"] != "", rx.el.span(row["reactions"], class_name="rx"), rx.fragment()),
        rx.cond(out & (row["sends_at"] != ""), undo, rx.fragment()),
        rx.cond(out & (row["status"] == "failed"), _failure(row), rx.fragment()),
        class_name=rx.cond(out, "ms o", "ms"),
        custom_attrs={"data-message": row["id"], "data-status": row["status"]},
    )


def _note(row: MessageRow) -> rx.Component:
    return rx.el.div(
        p.avatar(row["author_name"], seed=row["author_id"], size=22),
        rx.el.div(
            Words.create(
                text=row["body"], folded=row["folded"], note=True, on_unfold=ThreadState.unfold(row["id"])
            ),
            rx.el.span(p.icon("lock", 11), t("inbox.thread.note"), " · ", clock(row["at"]), class_name="meta num"),
            class_name="f1",
        ),
        class_name="pnote",
        custom_attrs={"data-message": row["id"]},
    )


def message(row: MessageRow) -> rx.Component:
    """A message with the separator of its day above it when it is the first one."""
    separator = rx.el.div(rx.el.span(day_heading(row["at"])), class_name="sep", role="separator")
    return rx.el.div(
        rx.cond(row["new_day"], separator, rx.fragment()),
        rx.cond(row["direction"] == "note", _note(row), _bubble(row)),
        class_name="msg-row",
        key=row["id"],
    )
