"""What can go wrong with second factors, passkeys and proofs."""

from crm_app.core.errors import Conflict, Forbidden, Invalid, Unauthenticated


class WrongCode(Invalid):
    """The code or the password does not fit, or was used before."""

    code = "wrong_code"
    key = "errors.accounts.wrong_code"


class EntryOver(Unauthenticated):
    """The sign-in that waited for its second factor is over: too late, too many attempts, or another browser."""

    code = "entry_over"
    key = "errors.accounts.entry_over"


class BadPasskey(Invalid):
    """The passkey's answer does not fit what was asked."""

    code = "bad_passkey"
    key = "errors.accounts.bad_passkey"


class TooManyPasskeys(Conflict):
    """A person has `most` passkeys at most."""

    code = "too_many_passkeys"
    key = "errors.accounts.too_many_passkeys"


class ProofNeeded(Forbidden):
    """What is delicate wants a fresh proof of who is at the keyboard."""

    code = "proof_needed"
    key = "errors.accounts.proof_needed"


class FactorRequired(Forbidden):
    """The organization asks for two factors, and this person has only one: nothing else before that."""

    code = "factor_required"
    key = "errors.accounts.factor_required"


class FactorStays(Conflict):
    """The last second factor cannot go while the organization asks for one."""

    code = "factor_stays"
    key = "errors.accounts.factor_stays"


class FactorExists(Conflict):
    """There is an authenticator app already."""

    code = "factor_exists"
    key = "errors.accounts.factor_exists"


class NoFactor(Conflict):
    """This needs a second factor first."""

    code = "no_factor"
    key = "errors.accounts.no_factor"
