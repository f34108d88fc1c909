"""What can go wrong where organizations are looked after."""

from crm_app.core.errors import Conflict


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
