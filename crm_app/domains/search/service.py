"""Use case: find something again without knowing on which screen it is."""

from sqlalchemy.ext.asyncio import AsyncSession

from crm_app.core.tenancy import Actor
from crm_app.domains.contacts import service as contacts
from crm_app.domains.contacts.schemas import ContactFilter, ContactOrder, ContactView
from crm_app.domains.inbox import service as inbox
from crm_app.domains.inbox.schemas import SearchResult
from crm_app.domains.pipeline import service as pipeline
from crm_app.domains.pipeline.schemas import DealView
from crm_app.domains.search.schemas import Found

MOST = 20


async def search_everything(session: AsyncSession, actor: Actor, *, query: str, limit: int = 5) -> Found:
    """Find contacts, deals, conversations and messages by words, each as its own list finds them.

    `limit` (at most 20) holds for each kind. What the actor may not read is left out; no words find nothing.
    """
    words, size = query.strip(), max(1, min(limit, MOST))
    if not words:
        return Found()
    talks = await _conversations(session, actor, words, size)
    return Found(
        contacts=await _contacts(session, actor, words, size),
        deals=await _deals(session, actor, words, size),
        conversations=talks.conversations,
        messages=talks.messages,
    )


async def _contacts(session: AsyncSession, actor: Actor, words: str, size: int) -> tuple[ContactView, ...]:
    if not actor.can("contacts.read"):
        return ()
    wanted = ContactFilter(q=words, order=ContactOrder.ACTIVITY)
    return tuple((await contacts.list_contacts(session, actor, criteria=wanted, limit=size)).items)


async def _deals(session: AsyncSession, actor: Actor, words: str, size: int) -> tuple[DealView, ...]:
    if not actor.can("deals.read"):
        return ()
    return tuple((await pipeline.list_deals(session, actor, search=words, size=size)).items)


async def _conversations(session: AsyncSession, actor: Actor, words: str, size: int) -> SearchResult:
    if not actor.can("conversations.read"):
        return SearchResult(conversations=(), messages=())
    return await inbox.search_inbox(session, actor, query=words, limit=size)
