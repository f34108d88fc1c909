"""One letter over SMTP (RFC 5321), and what the server's answer means."""

import ssl
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from email.headerregistry import Address
from email.message import EmailMessage
from email.policy import SMTP as LINES
from email.utils import format_datetime, parseaddr
from urllib.parse import unquote, urlsplit

import aiosmtplib
from aiosmtplib import SMTP, SMTPException

from crm_app.config import Settings
from crm_app.core.mail.letter import Rendered

TIMEOUT_SECONDS = 30.0
"""For each answer of the server."""


class MailDelayed(Exception):
    """The letter has not been accepted, or nobody knows; it may be later."""


class MailRefused(Exception):
    """The server will never accept this letter (a 5xx answer about its recipient or its content)."""


@dataclass(frozen=True, slots=True)
class Server:
    """Where letters are handed over."""

    host: str
    port: int
    username: str | None
    password: str | None
    tls: bool
    start_tls: bool


def server_of(settings: Settings) -> Server | None:
    """Return the server of `PRUMO_SMTP_URL`, or None when there is none."""
    if settings.smtp_url is None:
        return None
    parts = urlsplit(settings.smtp_url.get_secret_value())
    tls = parts.scheme == "smtps"
    start_tls = not tls and parts.query != "tls=none"
    return Server(
        host=parts.hostname or "",
        port=parts.port or (465 if tls else 587 if start_tls else 25),
        username=unquote(parts.username) if parts.username else None,
        password=unquote(parts.password) if parts.password else None,
        tls=tls,
        start_tls=start_tls,
    )


def compose(rendered: Rendered, *, sender: str, to: str, message_id: str, at: datetime) -> EmailMessage:
    """Return the message. `message_id` stays the same when it is sent again, so that receivers know it."""
    name, address = parseaddr(sender)
    message = EmailMessage(policy=LINES)
    message["From"] = Address(display_name=name, addr_spec=address)
    message["To"] = Address(addr_spec=to)
    message["Subject"] = " ".join(rendered.subject.split())
    message["Date"] = format_datetime(at)
    message["Message-ID"] = f"<{message_id}@{address.rpartition('@')[2]}>"
    message["Auto-Submitted"] = "auto-generated"
    message["X-Auto-Response-Suppress"] = "All"
    message.set_content(rendered.text)
    message.add_alternative(rendered.html, subtype="html")
    return message


async def hand_over(
    server: Server, message: EmailMessage, *, context: Callable[[], ssl.SSLContext] = ssl.create_default_context
) -> None:
    """Give the message to the server. Returning means that the server is responsible for it from now on.

    A connection that breaks after the message's last line leaves open whether it was taken; RFC 5321 section
    4.1.1.4 makes the sender try again. Raises `MailDelayed` or `MailRefused`, whose text is fit for people.
    """
    encrypted = server.tls or server.start_tls
    client = SMTP(
        hostname=server.host,
        port=server.port,
        username=server.username,
        password=server.password,
        use_tls=server.tls,
        start_tls=server.start_tls,
        tls_context=context() if encrypted else None,
        timeout=TIMEOUT_SECONDS,
    )
    try:
        async with client:
            await client.send_message(message)
    except aiosmtplib.SMTPRecipientsRefused as refused:
        first = refused.recipients[0]
        raise _judged(first.code, first.message) from refused
    except aiosmtplib.SMTPDataError as refused:
        raise _judged(refused.code, refused.message) from refused
    except aiosmtplib.SMTPResponseException as refused:
        # Signing in, the sender's address: wrong for every letter, and the operator's to mend.
        raise MailDelayed(f"{refused.code} {refused.message}") from refused
    except (SMTPException, OSError, ValueError) as failed:
        raise MailDelayed(str(failed) or type(failed).__name__) from failed


def _judged(code: int, words: str) -> MailDelayed | MailRefused:
    kind = MailRefused if 500 <= code < 600 else MailDelayed
    return kind(f"{code} {words}")
