"""Every query about things that belong to somebody knows whose are seen, or says here why it need not."""

import importlib
import inspect
import pkgutil
from collections.abc import Callable, Iterator
from typing import Any

DOMAINS = ("contacts", "pipeline", "inbox", "analytics")
QUERIES = ("repository", "queries", "listing")

_INSIDE = "called with a row that was loaded within reach, or by the system"
_WRITES = "writes what its use case has let in"
_NOBODYS = "funnels and stages belong to no person"
# Queries without a sight, and why.
WITHOUT = {
    "analytics.repository.classify_waits": "its window carries the sights",
    "analytics.repository.count_closed": "its window carries the sights",
    "analytics.repository.count_cohort": "its window carries the sights",
    "analytics.repository.count_created": "its window carries the sights",
    "analytics.repository.count_messages": "its window carries the sights",
    "analytics.repository.count_unassigned": "its window carries the sights",
    "analytics.repository.list_pipelines": _NOBODYS,
    "analytics.repository.list_stages": _NOBODYS,
    "analytics.repository.median_waits": "its window carries the sights",
    "analytics.repository.sum_open": "its window carries the sights",
    "contacts.repository.find_identities": "whose an address is, to keep it from a second contact",
    "contacts.repository.insert_activity": _WRITES,
    "contacts.repository.list_identities": _INSIDE,
    "contacts.repository.lock_addresses": "locks names, reads nothing",
    "contacts.repository.remove_identities": _INSIDE,
    "inbox.repository.add_early_report": "of a channel, for a message that is not here yet",
    "inbox.repository.add_status": _WRITES,
    "inbox.repository.count_inbound_after": _INSIDE,
    "inbox.repository.delete_message": _WRITES,
    "inbox.repository.drop_early_reports": "of a channel, for a message that is not here yet",
    "inbox.repository.find_answer_times": _INSIDE,
    "inbox.repository.find_conversation_by_address": "arriving messages, by the system",
    "inbox.repository.find_conversation_by_contact": "its caller goes on through get_conversation",
    "inbox.repository.find_last_message": _INSIDE,
    "inbox.repository.find_message_by_key": "its caller holds the conversation and compares it",
    "inbox.repository.insert_conversation": _WRITES,
    "inbox.repository.insert_message": _WRITES,
    "inbox.repository.list_attachments": _INSIDE,
    "inbox.repository.list_provider_ids": _INSIDE,
    "inbox.repository.list_unread_ids": _INSIDE,
    "inbox.repository.lock_attachment": "its caller goes on through get_message",
    "inbox.repository.lock_message": "its caller holds the conversation, or goes through get_message",
    "inbox.repository.lock_message_by_provider_id": "reports of vendors, by the system",
    "inbox.repository.lock_sent_until": _INSIDE,
    "inbox.repository.lock_uncertain": _INSIDE,
    "inbox.repository.move_statuses": _WRITES,
    "inbox.repository.take_early_reports": "of a channel, for a message that is not here yet",
    "inbox.thread_queries.list_thread": _INSIDE,
    "inbox.traffic_queries.count_traffic": "how much a channel carries, not whose it is",
    "pipeline.move_queries.find_place": "ranks of a column: a neighbour that is not seen still has its place",
    "pipeline.move_queries.lock_column": "puts a column's ranks in order, shows nothing",
    "pipeline.move_queries.move_deal": _WRITES,
    "pipeline.move_queries.rebalance_column": "puts a column's ranks in order, shows nothing",
    "pipeline.repository.find_first_stage": _NOBODYS,
    "pipeline.repository.find_stage": _NOBODYS,
    "pipeline.repository.find_stage_of_kind": _NOBODYS,
    "pipeline.repository.insert_deal": _WRITES,
    "pipeline.repository.insert_pipeline": _NOBODYS,
    "pipeline.repository.insert_stages": _NOBODYS,
    "pipeline.repository.list_pipelines": _NOBODYS,
    "pipeline.repository.update_deal": _WRITES,
}


def queries() -> Iterator[tuple[str, Callable[..., Any]]]:
    """Yield `domain.module.function` and the function, for every query of the domains whose things have owners."""
    for domain in DOMAINS:
        package = importlib.import_module(f"crm_app.domains.{domain}")
        for module in pkgutil.walk_packages(package.__path__, f"{package.__name__}."):
            if not module.name.endswith(QUERIES):
                continue
            for name, function in vars(importlib.import_module(module.name)).items():
                own = inspect.iscoroutinefunction(function) and function.__module__ == module.name
                if own and not name.startswith("_"):
                    yield f"{module.name.removeprefix('crm_app.domains.')}.{name}", function


def takes_a_sight(function: Callable[..., Any]) -> bool:
    """Tell whether a query cannot be called without saying whose things are seen."""
    sight = inspect.signature(function).parameters.get("sight")
    return sight is not None and sight.default is sight.empty


def uses_its_sight(function: Callable[..., Any]) -> bool:
    """Tell whether the sight goes on into the statement."""
    body = inspect.getsource(function).partition('"""')[2].partition('"""')[2]
    return "sight" in body


def test_every_query_takes_a_sight_or_a_reason() -> None:
    found = {name for name, function in queries() if not takes_a_sight(function)}
    assert found == set(WITHOUT)


def test_no_query_forgets_its_sight() -> None:
    assert [name for name, function in queries() if takes_a_sight(function) and not uses_its_sight(function)] == []


def test_there_are_queries_to_look_at() -> None:
    assert sum(takes_a_sight(function) for _, function in queries()) > 20


def test_the_rule_can_fail() -> None:
    async def without(session: object, organization_id: object) -> None:
        """Return."""

    async def optional(session: object, *, sight: object = None) -> None:
        """Return."""
        assert sight is None

    async def forgetful(session: object, *, sight: object) -> None:
        """Return."""

    assert not takes_a_sight(without)
    assert not takes_a_sight(optional)
    assert takes_a_sight(forgetful)
    assert not uses_its_sight(forgetful)
