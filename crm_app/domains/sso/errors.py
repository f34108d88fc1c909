"""Why a sign-in through an identity provider did not work, or its settings cannot."""

from crm_app.core.errors import CrmError


class SsoError(CrmError):
    """Something between us and the identity provider."""

    code = "sso_failed"
    status = 400
    key = "errors.sso.failed"


class SsoUnknown(SsoError):
    """This organization has no identity provider, or no organization has this address."""

    code = "sso_unknown"
    status = 404
    key = "errors.sso.unknown"


class OwnersChoose(SsoError):
    """Whoever chooses the provider decides who is let in as whom, owners included."""

    code = "sso_owners_choose"
    status = 403
    key = "errors.sso.owners_choose"


class ProviderAway(SsoError):
    """The provider does not answer, or not as OpenID Connect wants it."""

    code = "sso_provider_away"
    status = 502
    key = "errors.sso.provider_away"


class SsoStale(SsoError):
    """The sign-in was begun elsewhere, too long ago, or has been used."""

    code = "sso_stale"
    status = 410
    key = "errors.sso.stale"


class SsoDenied(SsoError):
    """The person said no at the provider, or the provider did."""

    code = "sso_denied"
    status = 403
    key = "errors.sso.denied"


class BadIdToken(SsoError):
    """What the provider says about the person cannot be trusted: signature, issuer, audience, time or nonce."""

    code = "sso_bad_token"
    status = 403
    key = "errors.sso.bad_token"


class EmailNotProven(SsoError):
    """The provider does not vouch for the person's address."""

    code = "sso_email_not_proven"
    status = 403
    key = "errors.sso.email_not_proven"


class ForeignDomain(SsoError):
    """The person's address does not belong to the organization's domains."""

    code = "sso_foreign_domain"
    status = 403
    key = "errors.sso.foreign_domain"


class NotInvited(SsoError):
    """The person is no member, and the organization does not let people join by themselves."""

    code = "sso_not_invited"
    status = 403
    key = "errors.sso.not_invited"
