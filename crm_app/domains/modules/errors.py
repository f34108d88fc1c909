"""What cannot be chosen."""

from crm_app.core.errors import Conflict


class NotByInvitation(Conflict):
    """The organization has the module for everybody, or not at all: there is nobody to choose."""

    code = "not_by_invitation"
    key = "errors.module_choice"
