"""Every use case and every route that takes an id, called with an id of another organization: it does not exist.

Nothing here is a list of what to test: use cases are found by their signature, routes by the description of the
API. Whatever is added is attacked the day it is written. What behaves otherwise is named below, with the reason.
"""

import importlib
import inspect
import pkgutil
from collections.abc import Callable, Iterator
from typing import Any

import pytest
from sqlalchemy.exc import IntegrityError

import crm_app.domains
from crm_app.core.database import unit_of_work
from crm_app.core.errors import CrmError, NotFound
from crm_app.core.repository import TenantTable
from tests.attacks.examples import Arguments, Place, id_places
from tests.attacks.world import Watchman, World

NOT_USE_CASES = ("models", "repository", "queries", "schemas", "providers", "listing", "views")

# Where an id of another organization is no error, and why. What comes back holds nothing of theirs all the same.
OTHERWISE = {
    "accounts.members.holdings.give_all giver": "owns nothing here, so nothing moves",
    "accounts.members.holdings.give_all receiver": "the database refuses an owner from elsewhere",
    "accounts.members.holdings.give_back giver": "nothing is named that could move",
    "accounts.members.holdings.give_back receiver": "nothing is named that could move",
    "accounts.members.holdings.give_back items": "many at once: only what is one's own moves",
    "accounts.trail.reading.list_entries criteria.user_id": "a filter",
    "accounts.trail.table.begin_export criteria.user_id": "a filter, written down in one's own trail",
    "analytics.service.dashboard owner_id": "a filter",
    "channels.event_log.list_inbound_events channel_id": "a filter",
    "channels.simulator.service.react message_id": "a job: not the last message, so there is nothing to say",
    "contacts.service.list_contacts criteria.owner_id": "a filter",
    "contacts.service.count_contacts criteria.owner_id": "a filter",
    "contacts.service.get_summaries contact_ids": "many at once: only what exists is in the answer",
    "contacts.identities.reserve for_contact": "who may keep an address; nobody is looked up",
    "inbox.services.arriving.receive_echo channel_id": "the event is one's own; the database refuses",
    "inbox.services.arriving.receive_message channel_id": "the event is one's own; the database refuses",
    "inbox.services.conversations.list_conversations filters.channel_id": "a filter",
    "inbox.services.conversations.list_conversations filters.contact_id": "a filter",
    "inbox.services.conversations.list_conversations filters.assignee_id": "a filter",
    "inbox.services.conversations.mark_answered message_id": "a job: what is gone answers nothing",
    "inbox.services.conversations.show_read before": "a place in one's own conversation",
    "inbox.services.conversations.show_typing conversation_id": "a job: what is gone needs no sign",
    "inbox.services.delivery.deliver_message message_id": "a job: what is gone needs no delivery",
    "inbox.services.delivery.store_receipt message_id": "a job: what is gone needs no receipt",
    "inbox.services.media.fetch_attachment attachment_id": "a job: what is gone needs no file",
    "inbox.services.placing.claim_provider_id channel_id": "a lock of one's own organization",
    "inbox.services.reports.apply_report channel_id": "kept in one's own organization until its message comes",
    "inbox.services.reports.find_by_reference channel_id": "looks for one's own message",
    "pipeline.by_contact.summarize_deals contact_ids": "many at once: only what exists is in the answer",
    "pipeline.moving.move_deal move.after": "a neighbour that is gone: the deal goes where the other one says",
    "pipeline.moving.move_deal move.before": "a neighbour that is gone: the deal goes where the other one says",
    "pipeline.service.ensure_deal_for_contact owner_id": "the contact has a deal already, nothing is written",
    "pipeline.service.get_board wanted.owner_id": "a filter",
    "pipeline.service.list_deals contact_id": "a filter",
    "pipeline.service.list_deals pipeline_id": "a filter",
    "pipeline.service.list_deals stage_id": "a filter",
    "pipeline.service.list_deals_of_contact contact_id": "a filter",
    "pipeline.service.list_steps deal_id": "a list: no steps",
    "pipeline.service.load_changes deal_ids": "many at once: only what exists is in the answer",
    "pipeline.service.load_changes stage_ids": "many at once: only what exists is in the answer",
    "pipeline.service.load_changes wanted.owner_id": "a filter",
    "pipeline.service.load_column after": "a position in one's own column",
    "pipeline.service.load_column wanted.owner_id": "a filter",
}


def use_cases() -> Iterator[tuple[str, Callable[..., Any]]]:
    """Yield every coroutine function of the domains that acts for an actor, with its short name."""
    for module in pkgutil.walk_packages(crm_app.domains.__path__, "crm_app.domains."):
        if module.name.rpartition(".")[2].endswith(NOT_USE_CASES) or ".providers" in module.name:
            continue
        for name, function in vars(importlib.import_module(module.name)).items():
            public = inspect.iscoroutinefunction(function) and not name.startswith("_")
            if public and function.__module__ == module.name and _acts(function):
                yield f"{module.name.removeprefix('crm_app.domains.')}.{name}", function


def _acts(function: Callable[..., Any]) -> bool:
    """Tell whether it takes an actor and no loaded row: whoever has a row has been let in already."""
    hints = inspect.get_annotations(function, eval_str=True)
    rows = any(inspect.isclass(hint) and issubclass(hint, TenantTable) for hint in hints.values())
    return "actor" in hints and not rows


ATTACKS = [(name, function, place) for name, function in use_cases() for place in id_places(function)]


class RollBack(Exception):
    """Ends a unit of work without a trace."""


async def call(function: Callable[..., Any], arguments: dict[str, Any]) -> Any:
    """Call a use case as a request would, and undo what it did."""
    if "session" not in inspect.signature(function).parameters:
        return await function(**arguments)
    result = None
    try:
        async with unit_of_work(arguments["actor"]) as session:
            result = await function(session, **arguments)
            raise RollBack
    except RollBack:
        return result


@pytest.mark.parametrize(
    ("name", "function", "place"), ATTACKS, ids=[f"{name}-{'.'.join(place)}" for name, _, place in ATTACKS]
)
async def test_a_use_case_finds_nothing_of_others(
    name: str,
    function: Callable[..., Any],
    place: Place,
    walls: str,
    watchman: Watchman,
    victim: World,
    intruder: World,
) -> None:
    arguments = Arguments(intruder, victim, place).of(function, intruder.tenant.owner)
    outcome: Any
    try:
        outcome = await call(function, arguments)
    except (CrmError, IntegrityError) as error:
        outcome = error
    watchman.assert_untouched()
    if isinstance(outcome, NotFound):
        return
    assert f"{name} {'.'.join(place)}" in OTHERWISE, outcome
    shown = repr(outcome)
    assert victim.secret not in shown
    assert not [own for own in victim.ids.values() if str(own) in shown and str(own) not in repr(arguments)]


def test_the_attacks_cover_the_house() -> None:
    """A test that found nothing to attack would pass for ever."""
    attacked = {name.split(".")[0] for name, _, _ in ATTACKS}
    assert attacked >= {"accounts", "contacts", "pipeline", "channels", "inbox", "analytics"}
    assert set(OTHERWISE) <= {f"{name} {'.'.join(place)}" for name, _, place in ATTACKS}
