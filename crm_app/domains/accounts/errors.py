"""What can go wrong while signing in or changing an organization."""

from crm_app.core.errors import Conflict, CrmError, Forbidden, Invalid, TooManyRequests, Unauthenticated


class WrongCredentials(Unauthenticated):
    """The e-mail and the password do not belong together; which one is wrong is not told."""

    code = "wrong_credentials"
    key = "errors.accounts.wrong_credentials"


class NoOrganization(Unauthenticated):
    """The person is a member of no organization, or of none that is active."""

    code = "no_organization"
    key = "errors.accounts.no_organization"


class SsoRequired(Unauthenticated):
    """The organization called `slug` in addresses is entered through its identity provider alone."""

    code = "sso_required"
    key = "errors.accounts.sso_required"


class SecondFactorNeeded(Unauthenticated):
    """The first factor was right; `totp`, `passkey` and `recovery` say which second ones the person has."""

    code = "second_factor_needed"
    key = "errors.accounts.second_factor_needed"


class NotYourAccount(Forbidden):
    """A link that confirms an address is opened where its user is not signed in."""

    code = "not_your_account"
    key = "errors.accounts.not_your_account"


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


class LastOwner(Conflict):
    """The organization would be left without an owner."""

    code = "last_owner"
    key = "errors.members.last_owner"


class OwnPlace(Conflict):
    """Nobody lowers, deactivates or removes themselves."""

    code = "own_place"
    key = "errors.members.own_place"


class OwnersOnly(Forbidden):
    """Only an owner touches the place of an owner."""

    code = "owners_only"
    key = "errors.members.owners_only"


class OwnershipNeedsConsent(Conflict):
    """Ownership is offered and accepted; nobody is made an owner without their word."""

    code = "ownership_needs_consent"
    key = "errors.members.ownership_needs_consent"


class RoleTooHigh(Forbidden):
    """The role may do something that whoever wants to give it may not."""

    code = "role_too_high"
    key = "errors.members.role_too_high"


class SeatsTaken(Conflict):
    """The organization has as many members as it may have; `limit` says how many."""

    code = "seats_taken"
    key = "errors.members.seats_taken"


class NothingToUndo(Conflict):
    """The hand-over was undone already, or too much time has passed."""

    code = "nothing_to_undo"
    key = "errors.members.nothing_to_undo"


class OfferClosed(Conflict):
    """The offer of ownership was withdrawn, answered, has expired, or whoever made it is no owner any more."""

    code = "offer_closed"
    key = "errors.members.offer_closed"


class OfferWaiting(Conflict):
    """Another offer of ownership still waits for its answer."""

    code = "offer_waiting"
    key = "errors.members.offer_waiting"


class ReassignLocked(Forbidden):
    """The role keeps its people from passing on what is theirs (`module` says which kind of thing)."""

    code = "reassign_locked"
    key = "errors.accounts.reassign_locked"


class BadSlug(Invalid):
    """The short name for addresses has characters other than a-z, digits and hyphens, or a bad length."""

    code = "bad_slug"
    key = "errors.accounts.bad_slug"


class SlugTaken(Conflict):
    """Another organization has this short name, or the house needs it itself."""

    code = "slug_taken"
    key = "errors.accounts.slug_taken"


class SignupClosed(Forbidden):
    """The operator does not let strangers create organizations."""

    code = "signup_closed"
    key = "errors.accounts.signup_closed"


class GrantTooHigh(Forbidden):
    """Nobody gives more than they hold; `permission` is what they lack, or do not hold that far."""

    code = "grant_too_high"
    key = "errors.roles.grant_too_high"


class OwnRoleLowered(Conflict):
    """Whoever saves this would take `permission` from themselves."""

    code = "own_role_lowered"
    key = "errors.roles.own_role"


class OwnerStays(Conflict):
    """The owner's role can be neither changed nor copied: it always holds everything."""

    code = "owner_stays"
    key = "errors.roles.owner_stays"


class RoleNameTaken(Conflict):
    """Another role has this name."""

    code = "role_name_taken"
    key = "errors.roles.name_taken"


class RoleInUse(Conflict):
    """Members hold the role (`members` of them), so its deletion needs another one for them."""

    code = "role_in_use"
    key = "errors.roles.in_use"


class RoleChanged(Conflict):
    """Somebody else saved the role since it was read; `version` is the present one."""

    code = "role_changed"
    key = "errors.roles.changed"


class TeamNameTaken(Conflict):
    """Another team has this name."""

    code = "team_name_taken"
    key = "errors.teams.name_taken"


class InvitationGone(CrmError):
    """The invitation was taken back, or belongs to an organization that is no more."""

    code = "invitation_gone"
    status = 410
    key = "errors.invitations.gone"


class InvitationAccepted(CrmError):
    """The invitation has been accepted already."""

    code = "invitation_accepted"
    status = 410
    key = "errors.invitations.accepted"


class InvitationExpired(CrmError):
    """The invitation is too old."""

    code = "invitation_expired"
    status = 410
    key = "errors.invitations.expired"


class WrongAddress(Forbidden):
    """The invitation is for another address (`email`) than the signed-in one (`own`)."""

    code = "wrong_address"
    key = "errors.invitations.wrong_address"


class AccountExists(Conflict):
    """There is an account with this address: its owner signs in to accept."""

    code = "account_exists"
    key = "errors.invitations.account_exists"


class TooManyAddresses(Invalid):
    """More addresses at once than `limit`."""

    code = "too_many_addresses"
    key = "errors.invitations.too_many"


class TooManyInvitations(TooManyRequests):
    """The organization has sent `limit` invitations within a day."""

    code = "too_many_invitations"
    key = "errors.invitations.too_many_today"
