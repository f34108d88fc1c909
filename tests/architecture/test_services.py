"""Every use case demands an identity."""

import importlib
import inspect
import pkgutil
from collections.abc import Callable, Iterator
from typing import Any

import crm_app.domains

# what runs before anybody is known, or for nobody
WITHOUT_AN_ACTOR = {
    "accounts.resolve_session": "finds out who acts",
    "accounts.create_organization": "nobody belongs to it yet",
    "accounts.list_organization_ids": "the scheduler acts for nobody",
    "accounts.list_working_organization_ids": "the scheduler acts for nobody",
    "inbox.access_linked_file": "the signature of the link is the permission",
}


def use_cases() -> Iterator[tuple[str, Callable[..., Any]]]:
    """Yield `domain.function` and the function, for everything public in a domain's `service`."""
    for domain in pkgutil.iter_modules(crm_app.domains.__path__):
        if not domain.ispkg:
            continue
        try:
            service = importlib.import_module(f"crm_app.domains.{domain.name}.service")
        except ModuleNotFoundError:
            continue
        gathered = getattr(service, "__all__", ())
        for name, function in vars(service).items():
            public = name in gathered or getattr(function, "__module__", "") == service.__name__
            if public and inspect.iscoroutinefunction(function) and not name.startswith("_"):
                yield f"{domain.name}.{name}", function


def takes_an_actor(function: Callable[..., Any]) -> bool:
    """Tell whether the arguments begin with `(session, actor)`, or `(actor)` for one with its own transactions."""
    names = list(inspect.signature(function).parameters)
    return names[:2] == ["session", "actor"] or names[:1] == ["actor"]


def test_every_use_case_takes_an_actor() -> None:
    found = {name for name, function in use_cases() if not takes_an_actor(function)}
    assert found == set(WITHOUT_AN_ACTOR)


def test_there_are_use_cases_to_look_at() -> None:
    assert {"accounts.sign_out", "pipeline.create_deal"} <= {name for name, _ in use_cases()}


def test_the_rule_can_fail() -> None:
    async def without(session: object, deal_id: object) -> None: ...
    async def late(session: object, deal_id: object, actor: object) -> None: ...
    async def right(session: object, actor: object, *, deal_id: object) -> None: ...

    assert [takes_an_actor(one) for one in (without, late, right)] == [False, False, True]
