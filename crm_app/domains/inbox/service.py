"""The inbox's use cases, gathered from `services/`; everybody outside this domain imports this module."""

from crm_app.domains.inbox.services import handing_over as handing_over
from crm_app.domains.inbox.services.conversations import (
    announce_typing,
    assign_conversation,
    count_conversations,
    get_conversation,
    list_conversations,
    mark_read,
    mark_unread,
    reopen_conversation,
    resolve_conversation,
    start_conversation,
)
from crm_app.domains.inbox.services.delivery import (
    list_failed_deliveries,
    replay_message,
)
from crm_app.domains.inbox.services.media import access_linked_file, replay_attachment, store_upload
from crm_app.domains.inbox.services.search import search_inbox
from crm_app.domains.inbox.services.sending import add_note, send_message, undo_send
from crm_app.domains.inbox.services.thread import get_message, get_thread
from crm_app.domains.inbox.services.traffic import channel_traffic

__all__ = [
    "access_linked_file",
    "add_note",
    "announce_typing",
    "assign_conversation",
    "channel_traffic",
    "count_conversations",
    "get_conversation",
    "get_message",
    "get_thread",
    "list_conversations",
    "list_failed_deliveries",
    "mark_read",
    "mark_unread",
    "reopen_conversation",
    "replay_attachment",
    "replay_message",
    "resolve_conversation",
    "search_inbox",
    "send_message",
    "start_conversation",
    "store_upload",
    "undo_send",
]
