"""What can go wrong while signing in or changing an organization."""

from crm_app.core.errors import Conflict, Invalid, Unauthenticated


class WrongCredentials(Unauthenticated):
    """The e-mail and the password do not belong together; which one is wrong is not told."""

    code = "wrong_credentials"
    key = "errors.accounts.wrong_credentials"


class NoOrganization(Unauthenticated):
    """The person is a member of no organization, or of none that is active."""

    code = "no_organization"
    key = "errors.accounts.no_organization"


class SecondFactorNeeded(Unauthenticated):
    """The first factor was right; `totp`, `passkey` and `recovery` say which second ones the person has."""

    code = "second_factor_needed"
    key = "errors.accounts.second_factor_needed"


class EmailTaken(Conflict):
    """Another user has this e-mail address."""

    code = "email_taken"
    key = "errors.accounts.email_taken"


class WeakPassword(Invalid):
    """The password has too few characters; `minimum` says how many it needs."""

    code = "weak_password"
    key = "errors.accounts.weak_password"


class BadEmail(Invalid):
    """The text is not an e-mail address."""

    code = "bad_email"
    key = "errors.accounts.bad_email"
