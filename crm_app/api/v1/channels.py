"""The numbers and accounts through which customers write."""

from typing import Annotated
from uuid import UUID

from fastapi import APIRouter, Query

from crm_app.api.deps import CurrentActor
from crm_app.api.pagination import PageView
from crm_app.core.database import unit_of_work
from crm_app.domains.channels import service
from crm_app.domains.channels.views import ChannelView

router = APIRouter(prefix="/api/v1/channels", tags=["channels"])

Archived = Annotated[bool, Query(description="The closed ones too.")]


@router.get("")
async def list_channels(actor: CurrentActor, archived: Archived = False) -> PageView[ChannelView]:
    """List all channels on one page, the oldest first."""
    async with unit_of_work(actor) as session:
        channels = await service.list_channels(session, actor, archived=archived)
    return PageView(items=channels, next_cursor=None)


@router.get("/{channel_id}")
async def read_channel(actor: CurrentActor, channel_id: UUID) -> ChannelView:
    """Return a channel, never its credentials."""
    async with unit_of_work(actor) as session:
        return await service.access_channel(session, actor, channel_id=channel_id)
