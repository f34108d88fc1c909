"""Every use case, called by somebody whose reach is narrow: what belongs to a colleague does not exist.

As in `tests/attacks`, nothing is a list of what to test: use cases are found by their signature, so that a new one
is attacked the day it is written. What behaves otherwise is named below, with the reason.
"""

import dataclasses
import inspect
from collections.abc import Callable
from typing import Any, get_type_hints

import pytest
from sqlalchemy.exc import IntegrityError

from crm_app.core.errors import CrmError, NotFound
from crm_app.core.tenancy import Reach
from crm_app.domains.contacts.schemas import ContactFilter, ContactOrder
from tests.attacks.examples import TABLE_OF, Arguments, Place, id_places
from tests.attacks.household import PERSONAL
from tests.attacks.test_isolation import call, use_cases
from tests.attacks.world import World, build_world
from tests.conftest import MakeActor, Tenant
from tests.reach.conftest import reaching, world_of

HIDDEN = {"contact", "deal", "conversation", "message", "attachment"}

# Where an id out of reach is no error, and why. What comes back holds nothing of the colleague's all the same.
OTHERWISE = {
    "channels.simulator.service.react message_id": "an id of the simulator's own network",
    "contacts.identities.reserve for_contact": "who may keep an address; nobody is looked up",
    "contacts.service.get_summaries contact_ids": "many at once: only what is seen is in the answer",
    "contacts.timeline.record_activity contact_id": "other domains write it down; who calls has been let in",
    "inbox.services.conversations.list_conversations filters.contact_id": "a filter",
    "pipeline.by_contact.summarize_deals contact_ids": "many at once: only what is seen is in the answer",
    "pipeline.moving.move_deal move.after": "a neighbour that is not seen still gives the place",
    "pipeline.moving.move_deal move.before": "a neighbour that is not seen still gives the place",
    "pipeline.service.list_deals contact_id": "a filter",
    "pipeline.service.list_deals_of_contact contact_id": "a filter",
    "pipeline.service.list_steps deal_id": "a list: no steps",
    "pipeline.service.load_changes deal_ids": "many at once: only what is seen is in the answer",
    "pipeline.service.load_column after": "a position in one's own column",
}
# What is not found in the team either, and why.
NEVER = {
    "inbox.services.sending.send_message reply_to": "a message of another conversation cannot be quoted",
    "inbox.services.sending.undo_send message_id": "only one's own message is taken back",
    "inbox.services.thread.get_thread around": "a message of another conversation",
}
READS = ("get_", "list_", "count_", "load_", "search_", "summarize_", "access_", "dashboard", "explain_")
# What may be different when a colleague's things appear, and why.
DIFFERENT = {
    "inbox.services.traffic.channel_traffic": "how much a channel carries, not whose it is",
}


def table_of(place: Place) -> str:
    """Return the table in which the id at a place is looked for."""
    name = place[-1].removesuffix("s")
    return TABLE_OF.get(name, name.removesuffix("_id"))


ATTACKS = [
    (name, function, place)
    for name, function in use_cases()
    for place in id_places(function)
    if table_of(place) in HIDDEN and "session" in inspect.signature(function).parameters
]
"""Without those that open transactions of their own: they are jobs, which act for the system."""


@pytest.mark.parametrize("reach", [Reach.OWN, Reach.TEAM])
@pytest.mark.parametrize(
    ("name", "function", "place"), ATTACKS, ids=[f"{name}-{'.'.join(place)}" for name, _, place in ATTACKS]
)
async def test_what_is_out_of_reach_does_not_exist(
    name: str, function: Callable[..., Any], place: Place, reach: Reach, ana: World, bruno: World
) -> None:
    seller = reaching(bruno.tenant.owner, reach)
    arguments = Arguments(bruno, ana, place).of(function, seller)
    outcome: Any
    try:
        outcome = await call(function, arguments)
    except (CrmError, IntegrityError) as error:
        outcome = error
    if isinstance(outcome, NotFound):
        return
    assert f"{name} {'.'.join(place)}" in OTHERWISE, repr(outcome)
    shown = repr(outcome)
    assert ana.secret not in shown
    hidden = {own for table, own in ana.ids.items() if table in PERSONAL}
    assert not [own for own in hidden if str(own) in shown and str(own) not in repr(arguments)]


@pytest.mark.parametrize(
    ("name", "function", "place"), ATTACKS, ids=[f"{name}-{'.'.join(place)}" for name, _, place in ATTACKS]
)
async def test_what_is_in_the_team_is_found(
    name: str, function: Callable[..., Any], place: Place, ana: World, bruno: World
) -> None:
    """The other half: an attack that fails for another reason would prove nothing."""
    if f"{name} {'.'.join(place)}" in {*OTHERWISE, *NEVER}:
        return
    seller = reaching(bruno.tenant.owner, Reach.TEAM, ana.tenant.owner)
    missing = ""
    try:
        await call(function, Arguments(bruno, ana, place).of(function, seller))
    except (CrmError, IntegrityError) as error:
        missing = error.data.get("kind", "?") if isinstance(error, NotFound) else ""
    assert missing not in HIDDEN


def test_the_attacks_cover_the_house() -> None:
    """A test that found nothing to attack would pass for ever."""
    assert {name.split(".")[0] for name, _, _ in ATTACKS} >= {"contacts", "pipeline", "inbox"}
    assert len(ATTACKS) > 30
    assert set(OTHERWISE) <= {f"{name} {'.'.join(place)}" for name, _, place in ATTACKS}


def readings() -> dict[str, Callable[..., Any]]:
    """Return every use case that only reads."""
    return {name: one for name, one in use_cases() if name.rpartition(".")[2].startswith(READS)}


async def _read_all(seller: Any, world: World) -> dict[str, str]:
    found: dict[str, str] = {}
    for name, function in readings().items():
        if name in DIFFERENT:
            continue
        arguments = Arguments(world, world, ()).of(function, seller)
        for variant in _variants(function, arguments):
            try:
                outcome = await call(function, variant)
            except CrmError as error:
                outcome = error
            found[f"{name} {sorted(variant)} {variant.get('criteria')}"] = repr(outcome)
    return found


def _variants(function: Callable[..., Any], arguments: dict[str, Any]) -> list[dict[str, Any]]:
    """Return arguments that meet the colleague's rows wherever a filter could let them through."""
    if get_type_hints(function).get("criteria") is ContactFilter:
        wanted = [ContactFilter(q=q, order=order) for q in ("", "segredo") for order in ContactOrder]
        return [{**arguments, "criteria": one} for one in wanted]
    return [{**arguments, **({"query": "segredo"} if "query" in arguments else {})}]


@pytest.mark.parametrize("reach", [Reach.OWN, Reach.TEAM])
async def test_no_reading_changes_when_a_colleague_gets_something(
    reach: Reach, tenant: Tenant, make_actor: MakeActor
) -> None:
    """Lists, searches, counts, totals and figures, before and after: the same to the letter."""
    common = await build_world(tenant)
    bruno = await world_of(await make_actor("manager"), tenant, common)
    seller = reaching(bruno.tenant.owner, reach)
    newcomer = await make_actor("manager")
    before = await _read_all(seller, bruno)
    ana = await world_of(newcomer, tenant, common)
    after = await _read_all(seller, bruno)
    assert len(before) > 25
    assert {name: (text, after[name]) for name, text in before.items() if after[name] != text} == {}
    team = dataclasses.replace(seller, narrowed={})
    everything = await _read_all(team, bruno)
    assert sum(ana.secret in text for text in everything.values()) > 5, "whoever sees all sees it"
