"""Why somebody may not look through somebody's eyes."""

from crm_app.core.errors import Conflict, Forbidden, Invalid


class ViewsSelf(Conflict):
    """One sees the app as oneself already."""

    code = "views_self"
    key = "errors.visits.self"


class ViewsOwner(Forbidden):
    """Only an owner sees the app as another owner does."""

    code = "views_owner"
    key = "errors.visits.owner"


class ViewsMore(Forbidden):
    """The member may do or see something that the visitor may not: `permission`."""

    code = "views_more"
    key = "errors.visits.more"


class ReasonMissing(Invalid):
    """Nobody enters for support without saying why."""

    code = "reason_missing"
    key = "errors.visits.reason"
