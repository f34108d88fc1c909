"""From an actor's reach and a record's owner to the rules that show or hide it. Pure."""

from uuid import UUID

from crm_app.core.sight import Reach
from crm_app.core.tenancy import Actor
from crm_app.domains.explain.schemas import Rule


def explain_owner(who: Actor, permission: str, pickup: str, owner_id: UUID | None, owner: str) -> list[Rule]:
    """Return why `who` sees a thing of this owner under `permission`, or does not. `owner` is the owner's name."""
    if not who.can(permission):
        return [Rule(key="no_permission", shows=False)]
    reach = who.reach(permission)
    if reach is Reach.ALL:
        return [Rule(key="reach_all", shows=True)]
    if owner_id is None:
        held = who.can(pickup)
        return [Rule(key="pickup" if held else "no_pickup", shows=held)]
    if owner_id == who.user_id:
        return [Rule(key="own", shows=True)]
    if owner_id in who.led:
        return [Rule(key="leads", shows=True, name=owner)]
    if reach is Reach.TEAM:
        together = owner_id in who.colleagues
        return [Rule(key="team" if together else "not_team", shows=together, name=owner)]
    return [Rule(key="not_own", shows=False, name=owner)]


def explain_contact(own: list[Rule], *, owned: bool, deals: bool, conversations: bool, linked: bool) -> list[Rule]:
    """Return why a contact is seen: by itself (`own`), or through a deal or conversation that is seen.

    `owned`: it has an owner; `linked`: it has any deal or conversation, seen or not.
    """
    direct = own[0]
    if direct.key == "no_permission" or direct.key == "reach_all":
        return own
    if not owned and linked:
        own = []  # it is not nobody's: whoever sees what hangs on it sees it
    through = [
        Rule(key="through_deal" if deals else "no_deal", shows=deals),
        Rule(key="through_conversation" if conversations else "no_conversation", shows=conversations),
    ]
    return [*own, *through]
