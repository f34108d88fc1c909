"""The matrix of a role: what can be, what is kept, who may give it."""

from uuid import uuid4

import pytest
from hypothesis import given
from hypothesis import strategies as st

from crm_app.core.errors import Invalid
from crm_app.core.sight import Reach
from crm_app.core.tenancy import Actor
from crm_app.domains.accounts.errors import GrantTooHigh, OwnRoleLowered
from crm_app.domains.accounts.models import Role
from crm_app.domains.accounts.permissions import ALL_PERMISSIONS, permissions_of
from crm_app.domains.accounts.roles import matrix

words = st.sampled_from(["none", *Reach])
matrices = st.dictionaries(st.sampled_from(sorted(matrix.KNOWN)), words)


def actor(role: str = "admin", **narrowed: Reach) -> Actor:
    reaches = {name.replace("_", "."): reach for name, reach in narrowed.items()}
    return Actor(uuid4(), uuid4(), role, permissions_of(role), None, reaches)


def test_the_matrix_shows_every_permission_once() -> None:
    shown = [name for module in matrix.MODULES for name in module.permissions]
    assert sorted(shown) == sorted(ALL_PERMISSIONS)


@pytest.mark.parametrize("role", list(Role))
def test_a_built_in_role_reaches_everything_it_holds(role: str) -> None:
    held = matrix.default_matrix(role)
    assert matrix.parse({name: reach.value for name, reach in held.items()}) == held
    assert matrix.resolve(role, {}) == held
    assert matrix.narrowed(held) == {}


@given(st.sampled_from(list(Role)), matrices)
def test_changes_lead_back_to_the_matrix(role: str, given_words: dict[str, str]) -> None:
    try:
        wanted = matrix.parse(given_words)
    except Invalid:
        return
    assert matrix.resolve(role, matrix.changes_from(role, wanted)) == wanted


def test_what_a_later_version_knew_is_left_out() -> None:
    assert matrix.resolve("viewer", {"tasks.read": "all", "deals.read": "galaxy"}) == {
        name: reach for name, reach in matrix.default_matrix("viewer").items() if name != "deals.read"
    }


@pytest.mark.parametrize(
    ("words", "key"),
    [
        ({"deals.fly": "all"}, "errors.roles.unknown"),
        ({"deals.read": "everything"}, "errors.roles.unknown"),
        ({"channels.read": "own"}, "errors.roles.no_reach"),
        ({"deals.write": "own"}, "errors.roles.needs"),
        ({"deals.read": "own", "deals.write": "team"}, "errors.roles.too_far"),
        ({"conversations.read": "own", "messages.send": "all"}, "errors.roles.too_far"),
        ({"channels.manage": "all"}, "errors.roles.needs"),
    ],
)
def test_what_no_role_can_be(words: dict[str, str], key: str) -> None:
    with pytest.raises(Invalid) as failure:
        matrix.parse(words)
    assert failure.value.key == key


def test_nobody_gives_more_than_they_hold() -> None:
    with pytest.raises(GrantTooHigh):
        matrix.check_grant(actor("manager"), {"members.manage": Reach.ALL})
    with pytest.raises(GrantTooHigh):
        matrix.check_grant(actor("manager", deals_read=Reach.TEAM), {"deals.read": Reach.ALL})
    matrix.check_grant(actor("manager", deals_read=Reach.TEAM), {"deals.read": Reach.OWN})


def test_nobody_takes_from_themselves() -> None:
    held = dict(matrix.default_matrix("admin"))
    matrix.check_own(actor(), held)
    with pytest.raises(OwnRoleLowered):
        matrix.check_own(actor(), {**held, "deals.read": Reach.TEAM})
    del held["roles.manage"]
    with pytest.raises(OwnRoleLowered):
        matrix.check_own(actor(), held)
