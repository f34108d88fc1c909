"""What every change to a deal leaves behind: an audit entry, a line in the contact's timeline, and a fact."""

from collections.abc import Mapping
from typing import Any
from uuid import UUID

from sqlalchemy.ext.asyncio import AsyncSession

from crm_app.core.events import announce
from crm_app.core.tenancy import Actor
from crm_app.domains.accounts import service as accounts
from crm_app.domains.contacts import service as contacts
from crm_app.domains.pipeline.events import DealFact
from crm_app.domains.pipeline.schemas import DealView


async def record_change(
    session: AsyncSession,
    actor: Actor,
    fact: DealFact,
    *,
    before: Mapping[str, Any] | None = None,
    after: Mapping[str, Any] | None = None,
    timeline: Mapping[str, Any] | None = None,
) -> None:
    """Audit a change under the fact's name and announce it; `timeline` adds a line to the contact's story."""
    await accounts.audit(session, actor, fact.name, "deal", fact.deal_id, before=before, after=after)
    if timeline is not None and fact.contact_id is not None:
        await contacts.record_activity(
            session,
            actor,
            contact_id=fact.contact_id,
            kind=fact.name,
            data=timeline,
            entity_id=fact.deal_id,
        )
    announce(session, fact)


def fact_fields(actor: Actor, deal: DealView, *, before: DealView | None = None) -> dict[str, Any]:
    """Return what every fact about this deal carries; `before` is how it stood when its owner may have changed."""
    return {
        "organization_id": actor.organization_id,
        "deal_id": deal.id,
        "pipeline_id": deal.pipeline_id,
        "stage_id": deal.stage_id,
        "version": deal.version,
        "contact_id": deal.contact_id,
        "actor_id": actor.user_id,
        "owner_id": deal.owner_id,
        "owner_before": (before or deal).owner_id,
    }


def plain(values: Mapping[str, Any]) -> dict[str, Any]:
    """Return values as plain JSON for the audit trail."""
    return {name: _plain(value) for name, value in values.items()}


def _plain(value: Any) -> Any:
    if isinstance(value, UUID):
        return str(value)
    return value.isoformat() if hasattr(value, "isoformat") else value
