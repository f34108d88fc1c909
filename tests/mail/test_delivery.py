"""From the transaction to the server: not lost, not twice, given up in time, nothing told to the wrong people."""

import ssl
from collections.abc import Awaitable, Callable
from datetime import timedelta
from pathlib import Path
from typing import Any
from uuid import UUID

import psycopg
import pytest

from crm_app.config import use_settings
from crm_app.core.clock import utc_now
from crm_app.core.database import system_unit_of_work, unit_of_work
from crm_app.core.errors import Forbidden, NotFound
from crm_app.core.mail import Letter, MailOff, mail_mode, send_mail
from crm_app.core.mail import sending as sending_module
from crm_app.core.mail.outbox import NotRetriable, forget_old_mail, list_demo_mail, list_own_mail, retry_mail
from crm_app.core.mail.sending import LEASE, MOST_ATTEMPTS, DeliverLater, backoff, deliver_mail
from crm_app.core.postgres import EmbeddedPostgres
from crm_app.core.tenancy import Actor
from tests.conftest import MakeActor, Tenant
from tests.mail.conftest import FROM
from tests.mail.server import PASSWORD, USER, MailServer, certificate, running

LETTER = Letter(kind="reset", to="ana@exemplo.com.br", language="pt-BR", link="https://crm.example/reset#segredo")


def row_of(db: EmbeddedPostgres, mail_id: UUID) -> dict[str, Any]:
    """Return a letter's row, whatever the walls."""
    with psycopg.connect(db.admin_url, row_factory=psycopg.rows.dict_row) as connection:
        row = connection.execute("SELECT * FROM outbound_mail WHERE id = %s", (mail_id,)).fetchone()
    assert row
    return row


def change(db: EmbeddedPostgres, mail_id: UUID, assignment: str, *values: Any) -> None:
    """Change a letter's row, whatever the walls."""
    with psycopg.connect(db.admin_url, autocommit=True) as connection:
        connection.execute(f"UPDATE outbound_mail SET {assignment} WHERE id = %s", (*values, mail_id))  # type: ignore[arg-type]


async def post(letter: Letter = LETTER) -> UUID:
    """Commit a letter of nobody's organization."""
    async with system_unit_of_work() as session:
        return await send_mail(session, letter)


async def test_a_letter_arrives_whole(
    db: EmbeddedPostgres, server: MailServer, run_jobs: Callable[[], Awaitable[None]]
) -> None:
    mail_id = await post()
    assert b"segredo" not in bytes(row_of(db, mail_id)["content"])  # sealed: the link opens an account
    await run_jobs()
    (message,) = [one for one in server.taken if str(mail_id) in one["Message-ID"]]
    assert server.recipients[message["Message-ID"]] == ["ana@exemplo.com.br"]
    assert message["From"] == FROM
    assert message["Subject"] == "Escolha uma nova senha no Prumo"
    plain, html = (part.get_content() for part in message.iter_parts())
    assert "https://crm.example/reset#segredo" in plain
    assert "https://crm.example/reset#segredo" in html
    row = row_of(db, mail_id)
    assert (row["status"], row["attempts"], row["content"]) == ("sent", 1, None)


async def test_what_is_rolled_back_is_never_sent(
    db: EmbeddedPostgres, server: MailServer, run_jobs: Callable[[], Awaitable[None]]
) -> None:
    async def fails_at_the_end() -> None:
        async with system_unit_of_work() as session:
            written.append(await send_mail(session, LETTER))
            raise RuntimeError

    written: list[UUID] = []
    with pytest.raises(RuntimeError):
        await fails_at_the_end()
    await run_jobs()
    assert not [one for one in server.taken if str(written[0]) in one["Message-ID"]]


async def test_a_job_that_runs_again_sends_nothing(
    db: EmbeddedPostgres, server: MailServer, run_jobs: Callable[[], Awaitable[None]]
) -> None:
    mail_id = await post()
    await run_jobs()
    await deliver_mail(mail_id)
    assert [one["Message-ID"] for one in server.taken].count(f"<{mail_id}@agencia.com.br>") == 1


@pytest.mark.parametrize(
    ("answers", "where"), [("451 greylisted", "recipient"), ("452 full", "data"), (None, "recipient")]
)
async def test_what_is_refused_for_now_is_tried_again(
    answers: str | None, where: str, db: EmbeddedPostgres, server: MailServer
) -> None:
    mail_id = await post()
    getattr(server, f"{where}_answers").append(answers)
    with pytest.raises(DeliverLater) as later:
        await deliver_mail(mail_id)
    assert timedelta(seconds=7) <= later.value.delay <= timedelta(seconds=15)
    assert row_of(db, mail_id)["status"] == "waiting"
    assert server.taken == []
    await deliver_mail(mail_id)
    assert len(server.taken) == 1
    assert row_of(db, mail_id)["status"] == "sent"


@pytest.mark.parametrize(("where", "answer"), [("recipient", "550 no such user"), ("data", "554 spam")])
async def test_what_is_refused_for_good_is_given_up(
    where: str, answer: str, db: EmbeddedPostgres, server: MailServer
) -> None:
    mail_id = await post()
    getattr(server, f"{where}_answers").append(answer)
    await deliver_mail(mail_id)
    row = row_of(db, mail_id)
    assert (row["status"], row["error"]) == ("failed", answer)
    await deliver_mail(mail_id)
    assert server.taken == []


async def test_a_connection_lost_after_the_last_line_is_resolved_by_the_message_id(
    db: EmbeddedPostgres, server: MailServer
) -> None:
    """The server had it, the sender could not know: SMTP wants it sent again; receivers drop it by its id."""
    mail_id = await post()
    server.data_answers.append(None)
    with pytest.raises(DeliverLater):
        await deliver_mail(mail_id)
    await deliver_mail(mail_id)
    assert len(server.taken) == 2
    assert {message["Message-ID"] for message in server.taken} == {f"<{mail_id}@agencia.com.br>"}


async def test_a_letter_in_the_hands_of_another_process_waits_for_its_lease(
    db: EmbeddedPostgres, server: MailServer
) -> None:
    mail_id = await post()
    change(db, mail_id, "status = 'sending', attempts = 1, claimed_at = %s", utc_now())
    with pytest.raises(DeliverLater) as later:
        await deliver_mail(mail_id)
    assert later.value.delay > LEASE - timedelta(minutes=1)
    assert server.taken == []
    change(db, mail_id, "claimed_at = %s", utc_now() - LEASE - timedelta(seconds=1))  # that process is dead
    await deliver_mail(mail_id)
    assert len(server.taken) == 1


async def test_a_server_that_is_away_is_tried_until_the_attempts_are_used_up(db: EmbeddedPostgres) -> None:
    async with running() as gone:
        port = gone.port
    use_settings(smtp_url=f"smtp://127.0.0.1:{port}?tls=none", mail_from=FROM)
    mail_id = await post()
    with pytest.raises(DeliverLater):
        await deliver_mail(mail_id)
    change(db, mail_id, "attempts = %s", MOST_ATTEMPTS - 1)
    await deliver_mail(mail_id)
    assert row_of(db, mail_id)["status"] == "failed"


async def test_a_letter_whose_link_has_expired_is_not_sent(db: EmbeddedPostgres, server: MailServer) -> None:
    mail_id = await post()
    change(db, mail_id, "useful_until = %s", utc_now())
    await deliver_mail(mail_id)
    assert (row_of(db, mail_id)["status"], row_of(db, mail_id)["error"]) == ("failed", "expired")
    assert server.taken == []


async def test_an_address_that_cannot_be_written_to_is_given_up(db: EmbeddedPostgres, server: MailServer) -> None:
    mail_id = await post()
    change(db, mail_id, "recipient = %s", "a@b.example\r\nBcc: c@d.example")
    await deliver_mail(mail_id)
    assert row_of(db, mail_id)["status"] == "failed"
    assert server.taken == []


def test_waiting_doubles_up_to_an_hour() -> None:
    waits = [backoff(attempt, chance=1).total_seconds() for attempt in range(1, MOST_ATTEMPTS)]
    assert waits[:4] == [15, 30, 60, 120]
    assert waits[-1] == 3600
    assert backoff(3, chance=0).total_seconds() == 30


@pytest.mark.parametrize("scheme", ["smtp", "smtps"])
async def test_tls_with_a_password(
    scheme: str, db: EmbeddedPostgres, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    context, trusted = certificate(tmp_path)
    monkeypatch.setenv("SSL_CERT_FILE", str(trusted))
    both = {"tls": context} if scheme == "smtps" else {"start_tls": context}
    async with running(auth=True, **both) as server:
        word = PASSWORD.replace(":", "%3A").replace("/", "%2F")
        use_settings(smtp_url=f"{scheme}://{USER}:{word}@localhost:{server.port}", mail_from=FROM)
        await deliver_mail(await post())
        assert len(server.taken) == 1
        assert server.encrypted == [True]
        assert server.users == [USER]


async def test_an_untrusted_certificate_gets_neither_letter_nor_password(
    db: EmbeddedPostgres, tmp_path: Path
) -> None:
    context, _ = certificate(tmp_path)
    async with running(start_tls=context, auth=True) as server:
        use_settings(smtp_url=f"smtp://{USER}:x@localhost:{server.port}", mail_from=FROM)
        mail_id = await post()
        with pytest.raises(DeliverLater):
            await deliver_mail(mail_id)
    assert (server.taken, server.users) == ([], [])


async def test_a_server_without_starttls_gets_nothing(db: EmbeddedPostgres) -> None:
    async with running() as server:
        use_settings(smtp_url=f"smtp://localhost:{server.port}", mail_from=FROM)
        with pytest.raises(DeliverLater):
            await deliver_mail(await post())
    assert server.taken == []


async def test_a_wrong_password_is_the_operators_to_mend_and_not_told(
    db: EmbeddedPostgres, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    context, trusted = certificate(tmp_path)
    monkeypatch.setenv("SSL_CERT_FILE", str(trusted))
    async with running(tls=context, auth=True) as server:
        use_settings(smtp_url=f"smtps://{USER}:palavra-errada@localhost:{server.port}", mail_from=FROM)
        mail_id = await post()
        with pytest.raises(DeliverLater):
            await deliver_mail(mail_id)
    assert row_of(db, mail_id)["error"].startswith("535")
    told = capsys.readouterr()
    assert "palavra-errada" not in told.out + told.err + row_of(db, mail_id)["error"]


async def test_an_organization_sees_its_own_letters_and_nothing_of_their_links(
    server: MailServer, tenant: Tenant, other_tenant: Tenant, make_actor: MakeActor
) -> None:
    async with unit_of_work(tenant.owner) as session:
        mail_id = await send_mail(session, LETTER, organization_id=tenant.organization.id)
    await post()
    async with unit_of_work(tenant.owner) as session:
        (mine,) = await list_own_mail(session, tenant.owner)
    assert (mine.id, mine.status, mine.text, mine.html) == (mail_id, "waiting", "", "")
    async with unit_of_work(other_tenant.owner) as session:
        assert await list_own_mail(session, other_tenant.owner) == []
        with pytest.raises(NotFound):
            await retry_mail(session, other_tenant.owner, mail_id=mail_id)
    seller = await make_actor("sales")
    async with unit_of_work(seller) as session:
        with pytest.raises(Forbidden):
            await list_own_mail(session, seller)


async def test_a_failed_letter_is_sent_again_on_request(
    db: EmbeddedPostgres, server: MailServer, actor: Actor, run_jobs: Callable[[], Awaitable[None]]
) -> None:
    async with unit_of_work(actor) as session:
        mail_id = await send_mail(session, LETTER, organization_id=actor.organization_id)
    server.recipient_answers.append("550 not yet")
    await deliver_mail(mail_id)
    async with unit_of_work(actor) as session:
        assert [(one.status, one.can_retry) for one in await list_own_mail(session, actor)] == [("failed", True)]
        await retry_mail(session, actor, mail_id=mail_id)
    await run_jobs()
    assert [one["Message-ID"] for one in server.taken].count(f"<{mail_id}@agencia.com.br>") == 1
    async with unit_of_work(actor) as session:
        with pytest.raises(NotRetriable):
            await retry_mail(session, actor, mail_id=mail_id)


async def test_without_a_server_the_demo_shows_letters_and_others_refuse_them(db: EmbeddedPostgres) -> None:
    use_settings(demo=True, smtp_url=None)
    assert mail_mode() == "outbox"
    mail_id = await post()
    async with system_unit_of_work() as session:
        shown = {one.id: one for one in await list_demo_mail(session)}
    assert "https://crm.example/reset#segredo" in shown[mail_id].text
    for real in ({"demo": False}, {"public_url": "https://crm.example.com"}, {"host": "0.0.0.0"}):
        use_settings(**{"demo": True, "public_url": "", "host": "127.0.0.1", **real})
        assert mail_mode() == "off"
        with pytest.raises(MailOff):
            await post()
        async with system_unit_of_work() as session:
            with pytest.raises(NotFound):
                await list_demo_mail(session)


async def test_with_a_server_nobody_reads_others_letters(server: MailServer) -> None:
    use_settings(demo=True)
    async with system_unit_of_work() as session:
        with pytest.raises(NotFound):
            await list_demo_mail(session)


async def test_old_letters_are_forgotten_and_new_ones_stay(db: EmbeddedPostgres, server: MailServer) -> None:
    old, new = await post(), await post()
    change(db, old, "created_at = %s", utc_now() - timedelta(days=8))
    async with system_unit_of_work() as session:
        assert await forget_old_mail(session) == 1
    assert row_of(db, new)
    with pytest.raises(AssertionError):
        row_of(db, old)


async def test_a_key_that_is_gone_ends_it(
    db: EmbeddedPostgres, server: MailServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    mail_id = await post()
    change(db, mail_id, "key_id = %s", "another")
    await deliver_mail(mail_id)
    assert row_of(db, mail_id)["status"] == "failed"


def test_a_letter_is_leased_for_longer_than_handing_it_over_may_take() -> None:
    assert timedelta(seconds=sending_module.WHOLE_SECONDS) < LEASE
    assert ssl.create_default_context().verify_mode == ssl.CERT_REQUIRED
