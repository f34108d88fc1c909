"""Who may look through whose eyes, and what of their permissions a visitor keeps. Pure rules."""

from datetime import timedelta
from typing import Final

from crm_app.core.sight import Sight
from crm_app.core.tenancy import Actor
from crm_app.domains.accounts.models import Role
from crm_app.domains.accounts.visits.errors import ViewsMore, ViewsOwner, ViewsSelf

VIEW_AS: Final = "members.view_as"
VIEW_AS_LASTS: Final = timedelta(minutes=30)
SUPPORT_MINUTES: Final = (15, 30, 60)

_SHOWS: Final = (".read", ".pickup", ".manage", ".use")
"""Endings of permissions that decide what is seen: things, those that are nobody's, screens of the settings."""


def barred(permissions: frozenset[str]) -> frozenset[str]:
    """Return what a visitor does not get: everything but what decides what is seen.

    What a new permission is for nobody knows here, so it is barred. What lets a screen of the settings be seen
    is kept although it also lets it be changed: that the transaction is read-only holds beneath it all.
    """
    return frozenset(name for name in permissions if not name.endswith(_SHOWS))


def check_view_as(visitor: Actor, member: Actor) -> None:
    """Raise unless `visitor` may see the app as `member` does: never as an owner, never more than they see.

    Raises `ViewsSelf`, `ViewsOwner` or `ViewsMore`.
    """
    if visitor.user_id == member.user_id:
        raise ViewsSelf
    if member.role == Role.OWNER and visitor.role != Role.OWNER:
        raise ViewsOwner
    # What only a missing module takes from the visitor, their role gives: that is no lack of rights.
    for permission in sorted(member.permissions - visitor.withheld.keys()):
        if not visitor.can(permission) or not _within(member, visitor, permission):
            raise ViewsMore(permission=permission)


def _within(member: Actor, visitor: Actor, permission: str) -> bool:
    pickup = f"{permission.partition('.')[0]}.pickup"
    return _covers(visitor.sight(permission, pickup), member.sight(permission, pickup))


def _covers(wider: Sight, narrower: Sight) -> bool:
    if wider.people is None:
        return True
    return narrower.people is not None and set(narrower.people) <= set(wider.people)
