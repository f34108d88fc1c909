"""A mail server on this machine that keeps what it takes, refuses what it is told to, or hangs up."""

import asyncio
import datetime
import ssl
import warnings
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from email import message_from_bytes
from email.message import EmailMessage
from email.policy import default
from pathlib import Path
from typing import Any, cast

from aiosmtpd.smtp import SMTP, AuthResult, Envelope, LoginPassword, Session
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID

USER, PASSWORD = "prumo", "s3nha:do/servidor"


@dataclass
class MailServer:
    """What the server has taken, and how it answers next. An answer of `None` hangs up."""

    port: int = 0
    taken: list[EmailMessage] = field(default_factory=list)
    recipients: dict[str, list[str]] = field(default_factory=dict)  # by Message-ID, as the envelope named them
    recipient_answers: list[str | None] = field(default_factory=list)
    data_answers: list[str | None] = field(default_factory=list)
    encrypted: list[bool] = field(default_factory=list)
    users: list[str] = field(default_factory=list)

    async def handle_RCPT(  # noqa: N802  named by aiosmtpd
        self, server: SMTP, session: Session, envelope: Envelope, address: str, options: list[str]
    ) -> str:
        """Answer to a recipient."""
        answer = self.recipient_answers.pop(0) if self.recipient_answers else "250 OK"
        if answer is None:
            server.transport.abort()
            return "250 OK"
        if answer.startswith("2"):
            envelope.rcpt_tos.append(address)
        return answer

    async def handle_DATA(self, server: SMTP, session: Session, envelope: Envelope) -> str:  # noqa: N802
        """Keep the message, and answer. Hanging up here leaves the sender in doubt: it was taken."""
        answer = self.data_answers.pop(0) if self.data_answers else "250 OK"
        if answer is None or answer.startswith("2"):
            message = cast(EmailMessage, message_from_bytes(cast(bytes, envelope.content), policy=default))
            self.taken.append(message)
            self.recipients[str(message["Message-ID"])] = list(envelope.rcpt_tos)
            self.encrypted.append(server.transport.get_extra_info("sslcontext") is not None)
        if answer is None:
            server.transport.abort()
        return answer or "250 OK"

    def authenticate(self, server: Any, session: Any, envelope: Any, mechanism: str, data: Any) -> AuthResult:
        """Let in whoever knows the password."""
        right = isinstance(data, LoginPassword) and data == LoginPassword(USER.encode(), PASSWORD.encode())
        if right:
            self.users.append(USER)
        return AuthResult(success=right, handled=right)


@asynccontextmanager
async def running(
    *, tls: ssl.SSLContext | None = None, start_tls: ssl.SSLContext | None = None, auth: bool = False
) -> AsyncIterator[MailServer]:
    """Run a server for the time of the block, on a port of its own."""
    mail = MailServer()
    loop = asyncio.get_running_loop()

    def protocol() -> SMTP:
        with warnings.catch_warnings():
            warnings.filterwarnings("ignore", "Requiring AUTH while not requiring TLS")  # TLS is there already
            return SMTP(
                mail,
                loop=loop,
                hostname="localhost",
                tls_context=start_tls,
                require_starttls=start_tls is not None,
                authenticator=mail.authenticate if auth else None,
                auth_required=auth,
                auth_require_tls=tls is None,
                enable_SMTPUTF8=True,
            )

    listening = await loop.create_server(cast(Callable[[], asyncio.Protocol], protocol), "127.0.0.1", 0, ssl=tls)
    mail.port = listening.sockets[0].getsockname()[1]
    try:
        yield mail
    finally:
        listening.close()
        await listening.wait_closed()


def certificate(folder: Path) -> tuple[ssl.SSLContext, Path]:
    """Make a certificate for localhost; returns the server's context and the file that trusts it."""
    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "localhost")])
    now = datetime.datetime.now(datetime.UTC)
    made = (
        x509.CertificateBuilder()
        .subject_name(name)
        .issuer_name(name)
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(now - datetime.timedelta(days=1))
        .not_valid_after(now + datetime.timedelta(days=1))
        .add_extension(x509.SubjectAlternativeName([x509.DNSName("localhost")]), critical=False)
        .sign(key, hashes.SHA256())
    )
    public, private = folder / "server.pem", folder / "server.key"
    public.write_bytes(made.public_bytes(serialization.Encoding.PEM))
    private.write_bytes(
        key.private_bytes(
            serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
        )
    )
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(public, private)
    return context, public
