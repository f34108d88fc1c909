"""What an organization, and a member of it, may use: by tables, and for anything that can be made up."""

from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from crm_app.core.i18n import LANGUAGES, has_sentence
from crm_app.domains.accounts.permissions import ALL_PERMISSIONS
from crm_app.domains.plans import entitled
from crm_app.domains.plans.registry import EVERYTHING, KEYS, LIMITS, MODULE_OF, MODULES, Access, Module, Period
from crm_app.domains.plans.rules import ForWhom, Given, State, Why, modules_off, most, state_of

NOW = datetime(2026, 11, 21, 12, tzinfo=UTC)
LATER, BEFORE = NOW + timedelta(days=9), NOW - timedelta(seconds=1)
BASIC, PREMIUM, CREDIT, INVITED = (Module(one, one, frozenset()) for one in Access)

keys = st.sampled_from(sorted(KEYS))
plans = st.one_of(st.just([EVERYTHING]), st.lists(keys, unique=True))
unhurried = settings(suppress_health_check=[HealthCheck.too_slow])
"""Whether the first example comes late is a matter of the machine."""
moments = st.integers(-400, 400).map(lambda days: NOW + timedelta(days=days))
additions = st.builds(
    Given, keys, st.sampled_from([Why.ADD_ON, Why.GRANT]), st.booleans(), st.one_of(st.none(), moments)
)


def test_every_permission_belongs_to_one_module() -> None:
    assert set(MODULE_OF) == set(ALL_PERMISSIONS)
    assert sum(len(module.permissions) for module in MODULES) == len(MODULE_OF)
    assert len(KEYS) == len(MODULES)


def test_every_module_has_its_words() -> None:
    for module in MODULES:
        for kind in ("modules.name", "modules.about", "errors.modules"):
            assert all(has_sentence(f"{kind}.{module.key}", language) for language in LANGUAGES), module.key
    assert all(has_sentence(f"errors.limits.{name}", language) for name in LIMITS for language in LANGUAGES)


def test_credit_is_counted_by_the_month() -> None:
    for module in MODULES:
        assert (module.limit is not None) == (module.access is Access.CREDIT)
        assert module.limit is None or LIMITS[module.limit] is Period.MONTH


@pytest.mark.parametrize(
    ("module", "plan", "given", "for_whom", "why"),
    [
        (BASIC, [], [], ForWhom.EVERYBODY, Why.BASIC),
        (PREMIUM, [], [], ForWhom.NOBODY, Why.MISSING),
        (PREMIUM, ["premium"], [], ForWhom.EVERYBODY, Why.PLAN),
        (CREDIT, ["credit"], [], ForWhom.EVERYBODY, Why.PLAN),
        (CREDIT, ["premium"], [], ForWhom.NOBODY, Why.MISSING),
        (INVITED, ["invitation"], [], ForWhom.CHOSEN, Why.PLAN),
        (INVITED, [EVERYTHING], [], ForWhom.EVERYBODY, Why.PLAN),
        (PREMIUM, [], [Given("premium", Why.GRANT)], ForWhom.EVERYBODY, Why.GRANT),
        (PREMIUM, [], [Given("premium", Why.GRANT, until=LATER)], ForWhom.EVERYBODY, Why.GRANT),
        (PREMIUM, [], [Given("premium", Why.GRANT, until=BEFORE)], ForWhom.NOBODY, Why.MISSING),
        (PREMIUM, [], [Given("premium", Why.GRANT, until=NOW)], ForWhom.NOBODY, Why.MISSING),
        (PREMIUM, [], [Given("premium", Why.ADD_ON, chosen_only=True)], ForWhom.CHOSEN, Why.ADD_ON),
        (PREMIUM, [], [Given("invitation", Why.ADD_ON)], ForWhom.NOBODY, Why.MISSING),
        (INVITED, [], [Given("invitation", Why.ADD_ON)], ForWhom.CHOSEN, Why.ADD_ON),
        (PREMIUM, ["premium"], [Given("premium", Why.GRANT)], ForWhom.EVERYBODY, Why.PLAN),
    ],
)
def test_who_has_a_module_and_why(
    module: Module, plan: list[str], given: list[Given], for_whom: ForWhom, why: Why
) -> None:
    found = state_of(module, plan, given, NOW)
    assert (found.for_whom, found.why) == (for_whom, why)


def test_what_lasts_longest_is_told() -> None:
    short, long = Given("premium", Why.GRANT, until=NOW + timedelta(1)), Given("premium", Why.ADD_ON, until=LATER)
    assert state_of(PREMIUM, [], [short, long], NOW) == State(PREMIUM, ForWhom.EVERYBODY, Why.ADD_ON, LATER)
    for_ever = Given("premium", Why.GRANT)
    assert state_of(PREMIUM, [], [short, long, for_ever], NOW).until is None


@unhurried
@given(plans, st.lists(additions, max_size=6), st.frozensets(keys), moments)
def test_more_never_takes_away(
    plan: list[str], given_: list[Given], chosen: frozenset[str], now: datetime
) -> None:
    off = modules_off(plan, given_, chosen, now)
    assert off <= modules_off(plan, [], (), now)
    assert off <= modules_off([], given_, chosen, now)
    assert not off & {module.key for module in MODULES if module.access is Access.BASIC}
    assert modules_off([EVERYTHING], given_, chosen, now) == frozenset()


@unhurried
@given(plans, st.lists(additions, max_size=6), st.frozensets(keys), moments)
def test_being_chosen_opens_nothing_that_the_organization_has_not(
    plan: list[str], given_: list[Given], chosen: frozenset[str], now: datetime
) -> None:
    for module in MODULES:
        found = state_of(module, plan, given_, now)
        off = modules_off(plan, given_, chosen, now)
        on = found.for_whom is ForWhom.EVERYBODY or (found.for_whom is ForWhom.CHOSEN and module.key in chosen)
        assert (module.key not in off) == on
        assert found.until is None or found.until > now


@unhurried
@given(st.frozensets(st.sampled_from(sorted(ALL_PERMISSIONS))), st.frozensets(keys))
def test_a_permission_is_withheld_with_its_module(held: frozenset[str], off: frozenset[str]) -> None:
    found = entitled.withheld(held, off)
    assert found == {one: MODULE_OF[one] for one in held if MODULE_OF[one] in off}


@pytest.mark.parametrize(
    ("plan", "more", "expected"),
    [
        ({}, [], None),
        ({}, [5], None),
        ({"members": 3}, [], 3),
        ({"members": 3}, [2, 1], 6),
        ({"members": 3}, [-9], 0),
    ],
)
def test_how_many_a_plan_allows(plan: dict[str, int], more: list[int], expected: int | None) -> None:
    assert most("members", plan, more) == expected
