"""One organization with a member of every role: some see everything, some their own, one is about to leave."""

from collections.abc import Mapping
from dataclasses import dataclass
from uuid import UUID

from sqlalchemy.ext.asyncio import AsyncSession

from crm_app.core.database import unit_of_work
from crm_app.core.tenancy import Actor, Reach
from crm_app.domains.accounts.models import Membership, Role, User
from crm_app.domains.accounts.roles import matrix
from crm_app.domains.accounts.roles.models import OwnRole
from tests.attacks.world import World, build_world
from tests.conftest import PASSWORD_HASH, Tenant

PERSONAL = {
    "activity",
    "attachment",
    "contact",
    "contact_identity",
    "conversation",
    "deal",
    "message",
    "message_status",
    "stage_history",
}
"""Tables whose rows belong to somebody, by themselves or through what they hang on."""

WIDE = (Role.ADMIN, Role.MANAGER, Role.SALES, Role.VIEWER)
NARROW = (Role.MANAGER, Role.SALES)
"""Who reaches only their own. The manager holds all that can be held with that reach (what a seller or a viewer
may do, a manager may do, too) but the right to pick up what belongs to nobody, so that nothing at all is theirs.
The seller has that right, which puts `IS NULL` beside the owner in every statement."""


@dataclass(frozen=True, slots=True)
class Household:
    """The organization, a colleague with rows of her own, and whoever may want to look at them.

    `members` maps a role, or a role with the reach `own` (`manager, own`), to somebody who has it.
    """

    world: World
    colleague: World
    members: Mapping[str, Actor]

    def watched(self) -> dict[str, UUID]:
        """Return the colleague's own rows, by table."""
        return {name: row for name, row in self.colleague.ids.items() if name in PERSONAL}


async def build_household(tenant: Tenant) -> Household:
    """Commit it."""
    world = await build_world(tenant)
    async with unit_of_work(tenant.owner) as session:
        ana = await add_member(session, tenant, "ana", Role.MANAGER)
        members = {role.value: await add_member(session, tenant, role.value, role) for role in WIDE}
        for role in NARROW:
            members[f"{role.value}, own"] = await add_member(session, tenant, f"{role.value}-own", role, own=True)
        members["leaver"] = await add_member(session, tenant, "leaver", Role.ADMIN)
    shared = {name: row for name, row in world.ids.items() if name not in PERSONAL}
    colleague = await build_world(Tenant(tenant.organization, ana, ""), shared)
    return Household(world, colleague, members)


async def add_member(session: AsyncSession, tenant: Tenant, name: str, role: Role, *, own: bool = False) -> Actor:
    """Add somebody with a role, who with `own` reaches what is their own alone."""
    organization_id = tenant.organization.id
    user = User(email=f"{name}-{organization_id.hex}@exemplo.com.br", name=name, password_hash=PASSWORD_HASH)
    session.add(user)
    picks_up = role == Role.SALES
    changes = _only_own(role, picks_up=picks_up)
    narrow = OwnRole(organization_id=organization_id, name=name, based_on=role, changes=changes)
    if own:
        session.add(narrow)
    await session.flush()
    session.add(
        Membership(organization_id=organization_id, user_id=user.id, role=role, role_id=narrow.id if own else None)
    )
    await session.flush()
    held = matrix.resolve(role, narrow.changes if own else {})
    return Actor(organization_id, user.id, role, frozenset(held), narrowed=matrix.narrowed(held))


def _only_own(role: Role, *, picks_up: bool) -> dict[str, str]:
    """Return the changes that leave a role what is its own, with or without what belongs to nobody."""
    held = matrix.default_matrix(role)
    narrowed = {name: Reach.OWN.value for name in held if name in matrix.REACHING}
    return narrowed | {name: matrix.NONE for name in held if name.endswith(".pickup") and not picks_up}
