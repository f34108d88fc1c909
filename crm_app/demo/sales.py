"""Turns people into deals: which stage each has reached, when it moved, and where it stands in its column."""

import re
from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

from crm_app.demo.content import Dialogue, dialogues, people, pipelines, routine
from crm_app.demo.rows import Builder, Row
from crm_app.domains.inbox.models import Direction
from crm_app.domains.pipeline.models import Deal, Pipeline, Stage, StageHistory, StageKind
from crm_app.domains.pipeline.rules import ranks_for

_PRICE = re.compile(r"R\$ ?(\d{1,3}(?:\.\d{3})+|\d{3})")
_LOOSE_CONTACTS = 140


@dataclass(frozen=True, slots=True)
class Funnel:
    """A pipeline's rows: the open stages in order, the won one and the lost one, and what it was made from."""

    id: UUID
    raw: Mapping[str, Any]
    open: Sequence[Row]
    won: Row
    lost: Row


@dataclass(frozen=True, slots=True)
class Plan:
    """What a deal is about and how it went: `steps` open stages were entered, then `end` (or it is still open)."""

    contact: Row
    title: str
    cents: int
    seller: str | None
    source: str
    tags: Sequence[str]
    born: datetime
    until: datetime
    steps: int
    end: StageKind = StageKind.OPEN
    reason: str = ""


def build_sales(builder: Builder, spans: Mapping[str, tuple[datetime, datetime]]) -> None:
    """Add the pipelines, the people without a conversation, and all deals with their history."""
    funnels = [_funnel(builder, position, raw) for position, raw in enumerate(pipelines())]
    loose = [_loose_contact(builder, number) for number in range(_LOOSE_CONTACTS)]
    clients, _ = routine()
    plans = [_talked(builder, dialogue, spans[dialogue.who], clients) for dialogue in dialogues()]
    calendar = builder.calendar
    for funnel in funnels:
        missing = funnel.raw["deals"] - (len(plans) if funnel is funnels[0] else 0)
        known = [builder.contacts[name] for name in sorted(clients)] if funnel is funnels[1] else []
        pool = known + calendar.random.sample(loose, missing)
        extra = [_drawn(builder, funnel, contact, number) for number, contact in enumerate(pool[:missing])]
        chosen = (plans if funnel is funnels[0] else []) + extra
        _add_deals(builder, funnel, chosen)


def _funnel(builder: Builder, position: int, raw: Mapping[str, Any]) -> Funnel:
    moment = builder.calendar.now - timedelta(days=120)
    pipeline = builder.add(Pipeline, moment, name=raw["name"], position=position, is_default=position == 0)
    stages = []
    for place, stage in enumerate(raw["stages"]):
        colour = {"won": 4, "lost": 5}.get(stage["kind"], place)
        stages.append(
            builder.add(
                Stage,
                moment,
                pipeline_id=pipeline["id"],
                name=stage["name"],
                kind=stage["kind"],
                position=place,
                color=colour,
                probability=stage["probability"],
                wip_limit=stage.get("wip"),
                stalled_after_days=stage.get("stalled"),
            )
        )
    return Funnel(pipeline["id"], raw, stages[:-2], stages[-2], stages[-1])


def _loose_contact(builder: Builder, number: int) -> Row:
    book, random = people(), builder.calendar.random
    while True:
        name = f"{random.choice(book['women' if number % 2 else 'men'])} {random.choice(book['surnames'])}"
        if name not in builder.contacts:
            break
    company, job, tag = book["companies"][number % len(book["companies"])] if number % 5 else ("", "", "")
    sources, weights = zip(*book["sources"], strict=True)
    seller = random.choices(builder.team.sellers, builder.team.weights)[0]
    return builder.add_contact(
        builder.calendar.at(random.uniform(1, 118)),
        name=name,
        company=company,
        job_title=job,
        email="",
        source=random.choices(sources, weights)[0],
        tags=[tag] if tag else [],
        notes=random.choice(book["notes"]) if number % 9 == 0 else "",
        owner_id=builder.team.ids[seller],
    )


def _talked(
    builder: Builder, dialogue: Dialogue, span: tuple[datetime, datetime], clients: frozenset[str]
) -> Plan:
    """Return the deal that a conversation is about."""
    client = dialogue.who in clients
    first, last = span
    end = StageKind.WON if dialogue.won or client else StageKind.LOST if dialogue.lost else StageKind.OPEN
    born = first + timedelta(seconds=2)
    until = min(last, builder.calendar.now - timedelta(minutes=1))
    if client:
        until = min(until, born + builder.calendar.minutes(60 * 24 * 9, 0.5))
    prices = [_PRICE.findall(line.body) for line in dialogue.lines if line.direction == Direction.OUTBOUND]
    steps = 4 if end == StageKind.WON else _steps(dialogue, bool(any(prices)))
    return Plan(
        contact=builder.contacts[dialogue.who],
        title=dialogue.deal,
        cents=_value(builder, [int(price.replace(".", "")) for found in prices for price in found]),
        seller=dialogue.agent,
        source=dialogue.source,
        tags=dialogue.tags,
        born=born,
        until=until,
        steps=steps,
        end=end,
        reason=dialogue.lost,
    )


def _steps(dialogue: Dialogue, priced: bool) -> int:
    if dialogue.agent is None or len(dialogue.lines) < 5:
        return 1
    if not priced:
        return 2
    return 4 if len(dialogue.lines) >= 9 else 3


def _value(builder: Builder, prices: Sequence[int]) -> int:
    """Return cents: the largest price that was named, half a year of it when it is a monthly one."""
    reais = max(prices, default=0)
    if reais < 600:
        reais = builder.calendar.random.randrange(18, 120) * 100
    elif reais < 2000:
        reais *= 6
    return reais * 100


def _drawn(builder: Builder, funnel: Funnel, contact: Row, number: int) -> Plan:
    """Return a deal that went as the shares of its funnel want."""
    random, calendar = builder.calendar.random, builder.calendar
    catalog = people()[funnel.raw["catalog"]]
    title, low, high, tag = catalog[(number * 5 + 2) % len(catalog)]
    is_sales = funnel.raw["key"] == "sales"
    days = random.uniform(16, 89)
    born = max(calendar.at(days), contact["created_at"] + timedelta(minutes=3))
    steps, end = _fate(builder, funnel, days, losing=is_sales)
    seller = next((key for key, user in builder.team.ids.items() if user == contact["owner_id"]), "rafael")
    until = born + calendar.minutes(60 * 24 * (16 if is_sales else 24), 0.5)
    if until > calendar.now:
        steps, end = max(1, steps - 1), StageKind.OPEN
        until = born + (calendar.now - born) * random.uniform(0.1, 0.9)
    return Plan(
        contact=contact,
        title=title,
        cents=round(random.triangular(low, high, low + (high - low) / 3) / 100) * 10_000,
        seller=seller,
        source=contact["source"],
        tags=[tag],
        born=born,
        until=until,
        steps=steps,
        end=end,
        reason=random.choice(people()["lost_reasons"]) if end == StageKind.LOST else "",
    )


def _fate(builder: Builder, funnel: Funnel, days: float, *, losing: bool) -> tuple[int, StageKind]:
    """Return how many open stages a deal of that age has entered, and how it ended."""
    random = builder.calendar.random
    shares = [stage["share"] for stage in funnel.raw["stages"][:-1]]
    steps = 1
    while steps < len(funnel.open) and random.random() * 100 < shares[steps]:
        steps += 1
    if steps == len(funnel.open) and days > 9 and random.random() * 100 < shares[-1] * (0.55 if losing else 1):
        return steps, StageKind.WON
    gone = random.random() < (0.85 if losing else 0.3) and days > 6
    return steps, StageKind.LOST if gone else StageKind.OPEN


def _moments(builder: Builder, plan: Plan, count: int) -> list[datetime]:
    """Return when a deal entered each of its stages: born in the first, in the last at `until`."""
    if count == 1:
        return [plan.born]
    span = max(plan.until - plan.born, timedelta(seconds=30))
    parts = sorted(builder.calendar.random.uniform(0.08, 0.9) for _ in range(count - 2))
    return [plan.born, *(plan.born + span * part for part in parts), plan.born + span]


def _add_deals(builder: Builder, funnel: Funnel, plans: Sequence[Plan]) -> None:
    columns: dict[UUID, list[Row]] = defaultdict(list)
    for plan in plans:
        row = _add_deal(builder, funnel, plan)
        columns[row["stage_id"]].append(row)
    for column in columns.values():
        column.sort(key=lambda row: row["entered_stage_at"], reverse=True)
        for row, rank in zip(column, ranks_for(len(column)), strict=True):
            row["rank"] = rank


def _add_deal(builder: Builder, funnel: Funnel, plan: Plan) -> Row:
    stages = list(funnel.open[: plan.steps])
    if plan.end != StageKind.OPEN:
        stages.append(funnel.won if plan.end == StageKind.WON else funnel.lost)
    moments = _moments(builder, plan, len(stages))
    closed = plan.end != StageKind.OPEN
    ahead = timedelta(days=builder.calendar.random.randrange(-3, 34))
    user_id = builder.team.ids.get(plan.seller or "")
    row = builder.add(
        Deal,
        plan.born,
        pipeline_id=funnel.id,
        stage_id=stages[-1]["id"],
        contact_id=plan.contact["id"],
        owner_id=user_id,
        title=plan.title,
        value_cents=plan.cents,
        source=plan.source,
        tags=list(plan.tags),
        expected_close_on=(moments[-1] if closed else builder.calendar.now + ahead).date(),
        entered_stage_at=moments[-1],
        closed_at=moments[-1] if closed else None,
        lost_reason=plan.reason,
        updated_at=moments[-1],
        version=len(stages),
    )
    _add_history(builder, row, plan, list(zip(stages, moments, strict=True)), user_id)
    return row


def _add_history(
    builder: Builder, deal: Row, plan: Plan, way: Sequence[tuple[Row, datetime]], user_id: UUID | None
) -> None:
    before: Row | None = None
    for stage, moment in way:
        builder.add(
            StageHistory,
            moment,
            deal_id=deal["id"],
            from_stage_id=before["id"] if before else None,
            to_stage_id=stage["id"],
            user_id=user_id,
            value_cents=plan.cents,
            moved_at=moment,
        )
        told = {"title": plan.title, "value_cents": plan.cents}
        if before:
            told = {"title": plan.title, "from": before["name"], "to": stage["name"]}
        kind = "deal.moved" if before else "deal.created"
        builder.note(plan.contact, moment, kind, user_id, deal["id"], told)
        before = stage
