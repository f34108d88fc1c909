"""What can go wrong where organizations are looked after."""

from crm_app.core.errors import Conflict, NotFound


class BadTransition(Conflict):
    """An organization does not go from the state in which it is to the wanted one."""

    code = "bad_transition"
    key = "errors.platform.bad_transition"


class StateChangedMeanwhile(Conflict):
    """Somebody else has changed the organization's state in this very moment."""

    code = "state_changed"
    key = "errors.platform.state_changed"


class EverythingStays(Conflict):
    """The plan with everything is what organizations without another one have; its name alone can change."""

    code = "everything_stays"
    key = "errors.platform.everything_stays"


class PlanKeyTaken(Conflict):
    """A new plan was to have the key of one that exists."""

    code = "plan_key_taken"
    key = "errors.platform.plan_key_taken"


class PlanChangedMeanwhile(Conflict):
    """Somebody else has saved the plan since it was read."""

    code = "plan_changed"
    key = "errors.platform.plan_changed"


class PlanGone(NotFound):
    """There is no such plan, or no more."""

    code = "plan_gone"
    key = "errors.platform.plan_gone"


class PlanHeld(Conflict):
    """Organizations have the plan, so it stays."""

    code = "plan_held"
    key = "errors.platform.plan_held"


class PlanStays(Conflict):
    """New organizations, or those without another plan, have it, so it stays."""

    code = "plan_stays"
    key = "errors.platform.plan_stays"
