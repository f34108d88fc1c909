"""What the phone puts into vars: plain rows made from the simulator's views."""

from typing import TypedDict

from crm_app.domains.channels.simulator.views import PhoneMessage, PhoneView, ScriptView


class PhoneRow(TypedDict):
    """A pretended customer. `script` is empty while a person plays."""

    id: str
    name: str
    number: str
    reads: bool
    reachable: bool
    script: str
    unread: int
    preview: str
    at: str


class BubbleRow(TypedDict):
    """A message on the phone. `state` is the tick of the customer's own messages."""

    id: str
    mine: bool
    kind: str
    text: str
    state: str
    file_url: str
    file_name: str
    size: int
    at: str


class ScriptRow(TypedDict):
    """A customer who can start a conversation without anybody's help."""

    key: str
    name: str
    topic: str


NO_PHONE: PhoneRow = {
    "id": "", "name": "", "number": "", "reads": True, "reachable": True, "script": "", "unread": 0, "preview": "",
    "at": "",
}  # fmt: skip

FILES = "/api/simulator/files/"


def phone_row(view: PhoneView) -> PhoneRow:
    """Turn a phone into a line of the list of customers."""
    return {
        "id": str(view.id),
        "name": view.name,
        "number": view.number,
        "reads": view.reads,
        "reachable": view.reachable,
        "script": view.script,
        "unread": view.unread,
        "preview": view.last_body,
        "at": view.last_at.isoformat(),
    }


def bubble_row(view: PhoneMessage) -> BubbleRow:
    """Turn a message into a bubble on the phone."""
    return {
        "id": str(view.id),
        "mine": view.from_customer,
        "kind": view.kind,
        "text": view.body,
        "state": view.state,
        "file_url": "" if view.kind == "text" else f"{FILES}{view.id}",
        "file_name": view.file_name,
        "size": view.size_bytes,
        "at": view.at.isoformat(),
    }


def script_row(view: ScriptView) -> ScriptRow:
    """Turn a script into a button."""
    return {"key": view.key, "name": view.name, "topic": view.topic}
