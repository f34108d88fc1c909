"""From the services' views to the plain values that the screens of contacts hold as vars."""

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any
from uuid import UUID
from zoneinfo import ZoneInfo

from crm_app.core.i18n import has_sentence
from crm_app.domains.contacts import rules
from crm_app.domains.contacts.schemas import ActivityView, ContactOrder, ContactView
from crm_app.domains.pipeline.schemas import ContactDeals, DealView

Row = dict[str, Any]

STAGE_HUES = ("lead", "contato", "proposta", "negociacao", "fechado", "perdido")
FORM_FIELDS = ("name", "company", "job_title", "phone", "email", "source", "notes", "owner_id")


def contact_row(contact: ContactView, owners: Mapping[UUID, str], deals: ContactDeals | None) -> Row:
    """Return a line of the list."""
    return {
        "id": str(contact.id),
        "name": contact.name,
        "company": contact.company,
        "phone": contact.phone,
        "email": contact.email,
        "owner_id": str(contact.owner_id or ""),
        "owner": owners.get(contact.owner_id, "") if contact.owner_id else "",
        "last_activity_at": contact.last_activity_at.isoformat(),
        "stage": deals.stage_name if deals else "",
        "stage_hue": stage_hue(deals.stage_color) if deals else "",
        "value_cents": deals.value_cents if deals else 0,
    }


def stage_hue(color: int) -> str:
    """Return the CSS colour of a stage by its number in the palette."""
    return f"var(--pr-stage-{STAGE_HUES[color] if 0 <= color < len(STAGE_HUES) else STAGE_HUES[0]})"


def place_row(rows: Sequence[Row], row: Row, order: str, *, whole: bool) -> list[Row]:
    """Return the list with `row` where its order wants it, in place of an older state of the same contact.

    When the list goes on behind what is shown (not `whole`), a row that belongs behind its end is left out.
    """
    others = [other for other in rows if other["id"] != row["id"]]
    index = next((i for i, other in enumerate(others) if _before(row, other, order)), len(others))
    if index == len(others) and not whole:
        return others
    return [*others[:index], row, *others[index:]]


def _before(one: Row, other: Row, order: str) -> bool:
    if order == ContactOrder.ACTIVITY:
        return (_moment(one), one["id"]) > (_moment(other), other["id"])
    return (rules.fold(one["name"]), one["id"]) < (rules.fold(other["name"]), other["id"])


def _moment(row: Row) -> datetime:
    return datetime.fromisoformat(row["last_activity_at"])


def timeline_rows(
    lines: Sequence[ActivityView], people: Mapping[UUID, str], zone: str, shown: str = ""
) -> list[Row]:
    """Return lines of the timeline; the first of each day carries it (`day`). `shown` is the last day so far."""
    rows = []
    for line in lines:
        local = line.happened_at.astimezone(ZoneInfo(zone)).date().isoformat()
        rows.append(_timeline_row(line, people, local, is_new=local != shown))
        shown = local
    return rows


def _timeline_row(line: ActivityView, people: Mapping[UUID, str], local: str, *, is_new: bool) -> Row:
    who = people.get(line.user_id, "") if line.user_id else ""
    known = has_sentence(f"contacts.timeline.{line.kind}")
    by = has_sentence(f"contacts.timeline.by.{line.kind}") and bool(who)
    kind = line.kind if known else "other"
    return {
        "id": str(line.id),
        "kind": kind,
        "look": _look(line),
        "key": f"contacts.timeline.{'by.' if by else ''}{kind}",
        "data": {name: value for name, value in line.data.items() if isinstance(value, str | int | float)},
        "who": who if by else "",
        "text": str(line.data.get("text", "")),
        "value_cents": _cents(line),
        "happened_at": line.happened_at.isoformat(),
        "local_day": local,
        "day": line.happened_at.isoformat() if is_new else "",
        "href": _link(line),
    }


def _look(line: ActivityView) -> str:
    """Return which icon stands on the line: the kind's domain, or the outcome of a deal."""
    domain, _, what = line.kind.partition(".")
    return f"deal.{what}" if domain == "deal" and what in {"won", "lost", "archived"} else domain


def _cents(line: ActivityView) -> int:
    value = line.data.get("value_cents")
    return value if line.kind == "deal.created" and isinstance(value, int) else 0


def _link(line: ActivityView) -> str:
    if line.entity_id is None:
        return ""
    domain = line.kind.partition(".")[0]
    return {"deal": f"/board?deal={line.entity_id}", "conversation": f"/inbox/{line.entity_id}"}.get(domain, "")


def deal_card(deal: DealView, people: Mapping[UUID, str]) -> Row:
    """Return a deal of the contact as the side panel shows it."""
    return {
        "id": str(deal.id),
        "title": deal.title,
        "value_cents": deal.value_cents,
        "stage": deal.stage_name,
        "kind": deal.stage_kind,
        "pipeline": deal.pipeline_name,
        "owner": people.get(deal.owner_id, "") if deal.owner_id else "",
        "closes_on": deal.expected_close_on.isoformat() if deal.expected_close_on else "",
        "closed_at": deal.closed_at.isoformat() if deal.closed_at else "",
    }


def typed(form: object) -> Row:
    """Return a submitted form; whatever is no form counts as an empty one."""
    return dict(form) if isinstance(form, Mapping) else {}


def form_data(form: Row) -> Row:
    """Return what a contact's form holds in the shape of the schemas: tags as a list, no owner as None."""
    data: Row = {name: form[name] for name in FORM_FIELDS if name in form}
    if data.get("owner_id") == "":
        data["owner_id"] = None
    if "tags" in form:
        data["tags"] = [tag.strip() for tag in str(form["tags"]).split(",") if tag.strip()]
    return data
