"""Finding conversations by whom they are with, and messages by what they say."""

import json
import re
from collections.abc import Sequence
from uuid import UUID

from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncSession

from crm_app.core.tenancy import Actor, Sight
from crm_app.domains.accounts.roles.sights import sight_of_conversations
from crm_app.domains.contacts import service as contacts
from crm_app.domains.contacts.schemas import ContactFilter, ContactOrder
from crm_app.domains.inbox import listing, rules, thread_queries
from crm_app.domains.inbox.models import Direction
from crm_app.domains.inbox.schemas import ConversationRow, MessageHit, SearchResult
from crm_app.domains.inbox.services.conversations import row_fields

MAX_WORDS = 8
MAX_QUERY = 200
MAX_LIMIT = 50
_WORD = re.compile(r"[^\W_]+")
_PLURALS = {"oes": "ao", "aes": "ao", "aos": "ao"}

# The words come as parameters: to_tsquery never sees an operator that a person typed.
_STEMMED = (
    "(plainto_tsquery('pg_catalog.portuguese', :w{n}) || plainto_tsquery('pg_catalog.portuguese', :f{n})"
    " || plainto_tsquery('pg_catalog.portuguese', :p{n}) || to_tsquery('pg_catalog.simple', :x{n}))"
)


async def search_inbox(session: AsyncSession, actor: Actor, *, query: str, limit: int = 20) -> SearchResult:
    """Find conversations by contact and messages by words; accents, case and most endings are ignored.

    The last word may be unfinished. `limit` (at most 50) holds for each of the two lists. Permission
    `conversations.read`.
    """
    actor.require("conversations.read")
    size = max(1, min(limit, MAX_LIMIT))
    tidy = rules.clean_incoming(query[:MAX_QUERY]).strip()
    if not tidy:
        return SearchResult(conversations=(), messages=())
    return SearchResult(
        conversations=await _conversations(session, actor, tidy, size),
        messages=await _messages(session, actor, tidy, size),
    )


async def _conversations(
    session: AsyncSession, actor: Actor, query: str, size: int
) -> tuple[ConversationRow, ...]:
    if not actor.can("contacts.read"):
        return ()
    wanted = ContactFilter(q=rules.one_line(query, MAX_QUERY), order=ContactOrder.ACTIVITY)
    found = await contacts.list_contacts(session, actor, criteria=wanted, limit=size)
    ids = [contact.id for contact in found.items]
    rows = (
        await listing.list_conversations_of_contacts(
            session, actor.organization_id, ids, size, sight=sight_of_conversations(actor)
        )
        if ids
        else []
    )
    return tuple(ConversationRow(**row_fields(row)) for row in rows)


async def _messages(session: AsyncSession, actor: Actor, query: str, size: int) -> tuple[MessageHit, ...]:
    words = _WORD.findall(query)[:MAX_WORDS]
    if not words:
        return ()
    sight = sight_of_conversations(actor)
    ids = await _matching_ids(session, words, size, sight)
    hits = await thread_queries.list_hits(session, actor.organization_id, ids, sight=sight)
    rows = {row.id: row for row in hits}
    wanted = [rules.fold(word) for word in words]
    return tuple(
        MessageHit(
            message_id=row.id,
            conversation_id=row.conversation_id,
            contact_name=row.contact_name,
            direction=Direction(row.direction),
            excerpt=rules.excerpt(row.body, wanted),
            occurred_at=row.occurred_at,
        )
        for row in (rows[each] for each in ids if each in rows)
    )


async def _matching_ids(session: AsyncSession, words: Sequence[str], size: int, sight: Sight) -> list[UUID]:
    reach = None if sight.everything else json.dumps({"conversations": sight.as_json()})
    parameters: dict[str, object] = {"most": size, "reach": reach}
    for number, word in enumerate(words):
        folded = rules.fold(word)
        ending = folded[-3:]
        singular = folded[:-3] + _PLURALS[ending] if ending in _PLURALS else folded
        unfinished = number == len(words) - 1
        parameters |= {
            f"w{number}": word,
            f"f{number}": folded,
            f"p{number}": singular,
            f"x{number}": f"'{folded}':*" if unfinished else f"'{folded}'",
        }
    wanted = " && ".join(_STEMMED.format(n=number) for number in range(len(words)))
    # Nothing but the numbers of the parameters is put into the text of the statement.
    statement = text(f"SELECT id FROM search_messages({wanted}, :most, CAST(:reach AS jsonb))")  # noqa: S608
    return list(await session.scalars(statement, parameters))
