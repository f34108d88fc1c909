"""Use case: why a member sees a record, or does not."""

from uuid import UUID

from sqlalchemy.ext.asyncio import AsyncSession

from crm_app.core.errors import Forbidden, NotFound
from crm_app.core.tenancy import Actor
from crm_app.domains.accounts import service as accounts
from crm_app.domains.accounts.members import queries as member_queries
from crm_app.domains.accounts.roles import access
from crm_app.domains.contacts import service as contacts
from crm_app.domains.explain.rules import explain_contact, explain_owner
from crm_app.domains.explain.schemas import Explanation, RecordKind, Rule
from crm_app.domains.inbox import service as inbox
from crm_app.domains.inbox.schemas import ConversationFilter
from crm_app.domains.pipeline import service as pipeline


async def explain_access(
    session: AsyncSession, actor: Actor, *, user_id: UUID, kind: RecordKind, record_id: UUID
) -> Explanation:
    """Say which rule shows a record to a member, or which ones hide it. Reads only.

    Permission `roles.manage`. Raises `NotFound` for a member, or for a record that the actor does not see either.
    """
    actor.require("roles.manage")
    membership = await member_queries.find_place(session, actor.organization_id, user_id)
    if membership is None or not membership.is_active:
        raise NotFound(kind="member")
    names = {one.user_id: one.name for one in await accounts.list_members(session, actor)}
    who = await access.actor_of(session, membership)
    explain = {
        RecordKind.DEAL: _deal,
        RecordKind.CONVERSATION: _conversation,
        RecordKind.CONTACT: _contact,
    }[kind]
    title, rules = await explain(session, actor, who, record_id, names)
    return Explanation(
        kind=kind,
        record_id=record_id,
        title=title,
        member=names.get(user_id, ""),
        visible=any(rule.shows for rule in rules),
        rules=tuple(rules),
    )


Answer = tuple[str, list[Rule]]
Names = dict[UUID, str]


async def _deal(session: AsyncSession, actor: Actor, who: Actor, record_id: UUID, names: Names) -> Answer:
    deal = await pipeline.get_deal(session, actor, deal_id=record_id)
    owner = names.get(deal.owner_id, "") if deal.owner_id else ""
    return deal.title, explain_owner(who, "deals.read", "deals.pickup", deal.owner_id, owner)


async def _conversation(session: AsyncSession, actor: Actor, who: Actor, record_id: UUID, _names: Names) -> Answer:
    found = await inbox.get_conversation(session, actor, conversation_id=record_id)
    owner_id, owner = (found.assignee.id, found.assignee.name) if found.assignee else (None, "")
    rules = explain_owner(who, "conversations.read", "conversations.pickup", owner_id, owner)
    return found.contact_name, rules


async def _contact(session: AsyncSession, actor: Actor, who: Actor, record_id: UUID, names: Names) -> Answer:
    contact = await contacts.get_contact(session, actor, contact_id=record_id)
    owner = names.get(contact.owner_id, "") if contact.owner_id else ""
    own = explain_owner(who, "contacts.read", "contacts.pickup", contact.owner_id, owner)
    rules = explain_contact(
        own,
        owned=contact.owner_id is not None,
        deals=await _has_deal(session, who, record_id),
        conversations=await _has_conversation(session, who, record_id),
        linked=await _has_deal(session, actor, record_id) or await _has_conversation(session, actor, record_id),
    )
    return contact.name, rules


async def _has_deal(session: AsyncSession, who: Actor, contact_id: UUID) -> bool:
    try:
        return bool(await pipeline.list_deals_of_contact(session, who, contact_id=contact_id))
    except Forbidden:
        return False


async def _has_conversation(session: AsyncSession, who: Actor, contact_id: UUID) -> bool:
    wanted = ConversationFilter(contact_id=contact_id, status=None)
    try:
        return bool((await inbox.list_conversations(session, who, filters=wanted, limit=1)).items)
    except Forbidden:
        return False
