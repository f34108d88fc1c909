"""What a search through everything found."""

from pydantic import BaseModel, ConfigDict

from crm_app.domains.contacts.schemas import ContactView
from crm_app.domains.inbox.schemas import ConversationRow, MessageHit
from crm_app.domains.pipeline.schemas import DealView


class Found(BaseModel):
    """A few of each kind, the best first; a kind that the actor may not read is empty."""

    model_config = ConfigDict(frozen=True)

    contacts: tuple[ContactView, ...] = ()
    deals: tuple[DealView, ...] = ()
    conversations: tuple[ConversationRow, ...] = ()
    messages: tuple[MessageHit, ...] = ()
