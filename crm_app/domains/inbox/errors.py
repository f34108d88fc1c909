"""What can go wrong in the inbox; each names a sentence of the catalogue."""

from datetime import timedelta

from crm_app.core.errors import Conflict, Invalid, Unavailable


class EmptyMessage(Invalid):
    """There is neither text nor file."""

    key = "errors.inbox.empty_message"


class TextTooLong(Invalid):
    """The text is longer than the channel takes; `data["limit"]` in characters."""

    key = "errors.inbox.text_too_long"


class FileRefused(Invalid):
    """The file is empty, too large (`data["limit"]` in bytes) or of a kind that the channel does not take."""

    key = "errors.inbox.file_refused"


class UploadExpired(Invalid):
    """The upload's token is forged, of somebody else, or too old."""

    key = "errors.inbox.upload_expired"


class CannotQuote(Invalid):
    """The message to answer is not of this conversation, or unknown to the vendor."""

    key = "errors.inbox.cannot_quote"


class WindowClosed(Conflict):
    """The vendor takes no free text this long after the customer's last message."""

    code = "window_closed"
    key = "errors.inbox.window_closed"


class ChannelGone(Conflict):
    """The channel of the conversation was archived."""

    code = "channel_archived"
    key = "errors.inbox.channel_archived"


class NoAddress(Invalid):
    """The contact has no address that the channel can reach."""

    key = "errors.inbox.no_address"


class AlreadySent(Conflict):
    """The message has left, or is about to."""

    code = "already_sent"
    key = "errors.inbox.already_sent"


class NotFailed(Conflict):
    """There is nothing to try again."""

    code = "not_failed"
    key = "errors.inbox.not_failed"


class TryLater(Unavailable):
    """A job's work is not done: run it again after `delay`."""

    code = "try_later"

    def __init__(self, delay: timedelta, key: str) -> None:
        super().__init__(key)
        self.delay = delay
