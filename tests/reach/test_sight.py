"""The condition that a sight becomes, and the decisions of an actor."""

from uuid import UUID, uuid4

import pytest
from hypothesis import given
from hypothesis import strategies as st

from crm_app.core.errors import Forbidden
from crm_app.core.sight import EVERYBODYS, NOTHING, Reach, Sight
from crm_app.core.tenancy import Actor

ME, HER, HIM = uuid4(), uuid4(), uuid4()
people = st.sampled_from([ME, HER, HIM])
sights = st.builds(Sight, st.none() | st.lists(people, unique=True).map(tuple), st.booleans())
owners = st.none() | people


def actor(reach: Reach = Reach.ALL, *permissions: str, **more: frozenset[UUID]) -> Actor:
    narrowed = {} if reach is Reach.ALL else {"deals.read": reach}
    return Actor(uuid4(), ME, "sales", frozenset({"deals.read", *permissions}), None, narrowed, **more)


def test_whoever_sees_everything_has_no_condition() -> None:
    assert EVERYBODYS.where("d.owner_id", "seen") == ("", {})


def test_one_person_is_compared_with_equality() -> None:
    assert Sight((ME,), False).where("d.owner_id", "seen") == ("AND (d.owner_id = %(seen)s)", {"seen": ME})


def test_nothing_is_false() -> None:
    assert NOTHING.where("d.owner_id", "seen") == ("AND (false)", {})


@pytest.mark.parametrize("column", ["owner_id", "d.owner_id; --", "d.owner_id OR true", "D.OWNER"])
def test_only_a_column_becomes_sql(column: str) -> None:
    with pytest.raises(ValueError, match="not a column"):
        Sight((ME,)).where(column, "seen")


@given(sights, sights, owners)
def test_what_both_see_is_what_each_sees(one: Sight, other: Sight, owner: UUID | None) -> None:
    assert one.narrowed_by(other).covers(owner) == (one.covers(owner) and other.covers(owner))


@given(owners)
def test_without_the_permission_nothing_is_seen(owner: UUID | None) -> None:
    assert not actor().sight("contacts.read", "contacts.pickup").covers(owner)


@pytest.mark.parametrize(
    ("reach", "owner", "seen"),
    [
        (Reach.OWN, ME, True),
        (Reach.OWN, HER, False),
        (Reach.OWN, HIM, False),
        (Reach.OWN, None, False),
        (Reach.TEAM, HER, True),
        (Reach.TEAM, HIM, False),
        (Reach.TEAM, None, False),
        (Reach.ALL, HIM, True),
        (Reach.ALL, None, True),
    ],
)
def test_how_far_a_reach_goes(reach: Reach, owner: UUID | None, seen: bool) -> None:
    somebody = actor(reach, colleagues=frozenset({ME, HER}))
    assert somebody.sight("deals.read", "deals.pickup").covers(owner) is seen


def test_nobodys_things_are_picked_up_with_a_permission() -> None:
    assert actor(Reach.OWN, "deals.pickup").sight("deals.read", "deals.pickup").covers(None)


def test_a_manager_of_a_team_reaches_it_whatever_the_role_says() -> None:
    assert actor(Reach.OWN, led=frozenset({HER})).sight("deals.read", "deals.pickup").covers(HER)


def test_the_reach_of_what_one_does_not_hold_is_refused() -> None:
    assert actor(Reach.TEAM).reach("deals.read") is Reach.TEAM
    with pytest.raises(Forbidden):
        actor().reach("deals.write")
