"""Who may pass on what belongs to somebody: the reassign lock."""

from uuid import UUID

from crm_app.core.sight import Sight
from crm_app.core.tenancy import Actor
from crm_app.domains.accounts.errors import ReassignLocked


def may_hand_over(actor: Actor, module: str, before: UUID | None, after: UUID | None) -> bool:
    """Tell whether `check_handover` lets the actor do it: a way back that is shut is not offered."""
    try:
        check_handover(actor, module, before, after)
    except ReassignLocked:
        return False
    return True


def check_handover(actor: Actor, module: str, before: UUID | None, after: UUID | None) -> None:
    """Raise `ReassignLocked` unless the actor may make `after` the owner of what is `before`'s (None: nobody's).

    `<module>.reassign` allows any change, `<module>.pickup` only to take for oneself what is nobody's.
    """
    if before == after or actor.can(f"{module}.reassign"):
        return
    picks_up = before is None and after == actor.user_id
    if not picks_up or not actor.can(f"{module}.pickup"):
        raise ReassignLocked(module=module)


def owner_of_new(actor: Actor, module: str, sight: Sight, owner_id: UUID | None) -> UUID | None:
    """Return the owner of a thing that the actor makes: whoever would lose sight of it at once owns it.

    Raises `ReassignLocked` for somebody else's name without `<module>.reassign`.
    """
    if owner_id is None:
        return None if sight.covers(None) else actor.user_id
    if owner_id != actor.user_id:
        check_handover(actor, module, None, owner_id)
    return owner_id
