"""What the right pane puts into vars: the contact, their deals, what has happened."""

from collections.abc import Sequence
from typing import TypedDict

from crm_app.core.i18n import has_sentence
from crm_app.domains.contacts.schemas import ActivityView, ContactDetail
from crm_app.domains.pipeline.schemas import DealView, StageView

STAGE_HUES = ("lead", "contato", "proposta", "negociacao", "fechado", "perdido")
"""The palette's stage colours, in the order of a stage's `color`."""


class StepRow(TypedDict):
    """A stage that a deal can stand in."""

    id: str
    name: str
    hue: str


class DealRow(TypedDict):
    """A deal of the contact, with the stages of its funnel; `place` counts from 1."""

    id: str
    version: int
    title: str
    value_cents: int
    stage_id: str
    stage_name: str
    hue: str
    entered_at: str
    closes_on: str
    place: int
    stages: list[StepRow]


class ContactRow(TypedDict):
    """The person on the right."""

    id: str
    name: str
    company: str
    job_title: str
    phone: str
    email: str
    source: str
    tags: list[str]
    owner_id: str


class ActivityRow(TypedDict):
    """A line of the timeline; `key` and `data` make its sentence."""

    id: str
    kind: str
    key: str
    data: dict[str, str]
    at: str


NO_CONTACT: ContactRow = {
    "id": "", "name": "", "company": "", "job_title": "", "phone": "", "email": "", "source": "", "tags": [],
    "owner_id": "",
}  # fmt: skip


def contact_row(view: ContactDetail) -> ContactRow:
    """Turn a contact into the person on the right."""
    return {
        "id": str(view.id),
        "name": view.name,
        "company": view.company,
        "job_title": view.job_title,
        "phone": view.phone,
        "email": view.email,
        "source": view.source,
        "tags": list(view.tags),
        "owner_id": str(view.owner_id or ""),
    }


def step_row(view: StageView) -> StepRow:
    """Turn a stage into a step of the way."""
    return {"id": str(view.id), "name": view.name, "hue": STAGE_HUES[view.color % len(STAGE_HUES)]}


def deal_row(view: DealView, stages: Sequence[StepRow]) -> DealRow:
    """Turn a deal into its card, with the stages that it can be moved to."""
    place = next((index for index, step in enumerate(stages, 1) if step["id"] == str(view.stage_id)), 0)
    hue = stages[place - 1]["hue"] if place else STAGE_HUES[0]
    return {
        "id": str(view.id),
        "version": view.version,
        "title": view.title,
        "value_cents": view.value_cents,
        "stage_id": str(view.stage_id),
        "stage_name": view.stage_name,
        "hue": f"var(--pr-stage-{hue})",
        "entered_at": view.entered_stage_at.isoformat(),
        "closes_on": view.expected_close_on.isoformat() if view.expected_close_on else "",
        "place": place,
        "stages": list(stages),
    }


def activity_row(view: ActivityView) -> ActivityRow:
    """Turn an activity into a line of the timeline."""
    return {
        "id": str(view.id),
        "kind": view.kind,
        "key": f"contacts.timeline.{view.kind if has_sentence(f'contacts.timeline.{view.kind}') else 'other'}",
        "data": {key: str(value) for key, value in view.data.items() if value is not None},
        "at": view.happened_at.isoformat(),
    }
