"""Files: fetched from the vendor, uploaded by people, served by links that say nothing and run nothing."""

from pathlib import Path
from typing import Any
from uuid import uuid4

import pytest

from crm_app.api import media as media_api
from crm_app.core import signing, storage
from crm_app.core.errors import NotFound, Unavailable
from crm_app.core.tenancy import Actor
from crm_app.domains.channels.providers.base import Rejected, RetryLater
from crm_app.domains.inbox import service
from crm_app.domains.inbox.errors import FileRefused, NotFailed, UploadExpired
from crm_app.domains.inbox.models import AttachmentStatus, MessageKind
from crm_app.domains.inbox.schemas import AttachmentView
from crm_app.domains.inbox.services import media
from tests.api.clients import ClientFor, api_app, client_for
from tests.conftest import MakeActor
from tests.inbox.conftest import Desk, inbound
from tests.inbox.test_rules import PNG, jpeg, png

__all__ = ["api_app", "client_for"]
HTML = b"<html><script>alert(document.cookie)</script></html>"


def with_file(reference: str = "f-1", **more: Any) -> dict[str, Any]:
    described = {"kind": "image", "reference": reference, "mime_type": "image/png", "filename": "loja.png"} | more
    return inbound(content={"kind": "media", "text": "Nossa fachada", "media": described})


async def received(desk: Desk, data: bytes = PNG, **more: Any) -> AttachmentView:
    desk.network.files["f-1"] = data
    await desk.hear(with_file(**more))
    (message,) = await desk.thread()
    (attachment,) = message.attachments
    return attachment


async def test_a_customers_file_comes_home(desk: Desk, client_for: ClientFor) -> None:
    attachment = await received(desk)
    assert (attachment.status, attachment.kind) == (AttachmentStatus.STORED, MessageKind.IMAGE)
    assert (attachment.mime_type, attachment.file_name, attachment.inline) == ("image/png", "loja.png", True)
    answer = await (await client_for(None)).get(attachment.url)
    assert (answer.status_code, answer.content) == (200, PNG)
    assert answer.headers["content-type"] == "image/png"
    assert answer.headers["x-content-type-options"] == "nosniff"
    assert "sandbox" in answer.headers["content-security-policy"]
    assert answer.headers["content-disposition"].startswith("inline;")
    row = await desk.only()
    assert row.last_message_preview == "Nossa fachada"


@pytest.mark.parametrize("data", [HTML, b"<svg xmlns='http://www.w3.org/2000/svg'><script/></svg>", b"%PDF-1.7"])
async def test_what_could_run_is_only_downloaded(desk: Desk, client_for: ClientFor, data: bytes) -> None:
    attachment = await received(desk, data, mime_type="text/html", filename="x.html")
    answer = await (await client_for(None)).get(attachment.url)
    assert answer.content == data
    assert answer.headers["content-type"] == "application/octet-stream"
    assert answer.headers["content-disposition"].startswith("attachment;")
    assert answer.headers["content-security-policy"] == "default-src 'none'; sandbox"
    assert not attachment.inline


async def test_a_failed_download_keeps_the_message_and_can_be_replayed(desk: Desk) -> None:
    desk.network.file_mood = [Rejected("errors.channels.media_gone")]
    failed = await received(desk)
    assert (failed.status, failed.error_key, failed.url) == (
        AttachmentStatus.FAILED,
        "errors.channels.media_gone",
        "",
    )
    await desk.call(service.replay_attachment, attachment_id=failed.id)
    await desk.run_jobs()
    (message,) = await desk.thread()
    assert message.attachments[0].status is AttachmentStatus.STORED
    with pytest.raises(NotFailed):
        await desk.call(service.replay_attachment, attachment_id=failed.id)


async def test_a_download_is_tried_again(desk: Desk) -> None:
    await desk.post(with_file())
    ((attachment_id,),) = await _process(desk)
    desk.network.file_mood = [RetryLater(), RetryLater()]
    with pytest.raises(RetryLater):
        await media.fetch_attachment(desk.system, attachment_id=attachment_id, last_try=False)
    await media.fetch_attachment(desk.system, attachment_id=attachment_id, last_try=True)
    (message,) = await desk.thread()
    assert message.attachments[0].status is AttachmentStatus.FAILED


async def _process(desk: Desk) -> list[Any]:
    from crm_app.domains.inbox.services.inbound import process_event

    ((event_id,),) = await desk.sql("SELECT id FROM inbound_event")
    await process_event(desk.system, event_id=event_id, last_try=True)
    return await desk.sql("SELECT id FROM attachment")


async def test_a_file_that_the_vendor_will_not_give_is_told(desk: Desk) -> None:
    attachment = await received(desk, available=False)
    assert (attachment.status, attachment.error_key) == (AttachmentStatus.FAILED, "errors.inbox.file_unavailable")


async def test_an_upload_is_sent_with_its_text(desk: Desk, client_for: ClientFor) -> None:
    await desk.hear(inbound("Oi"))
    client = await client_for(desk.actor)
    answer = await client.post("/api/media", files={"file": ("../proposta.png", PNG, "text/html")})
    assert answer.status_code == 201
    upload = answer.json()
    assert (upload["kind"], upload["mime_type"], upload["file_name"]) == ("image", "image/png", "proposta.png")
    sent = await desk.send("Segue", attachments=[upload["token"]])
    await desk.run_jobs()
    (taken,) = desk.network.taken()
    assert (taken["text"], taken["media"]) == ("Segue", "proposta.png")
    assert (sent.kind, sent.attachments[0].size_bytes) == (MessageKind.IMAGE, len(PNG))


async def test_pictures_know_their_size_before_they_load(desk: Desk) -> None:
    attachment = await received(desk, png(640, 480))
    assert (attachment.width, attachment.height) == (640, 480)
    upload = await desk.call(service.store_upload, file_name="foto.jpg", data=jpeg(4000, 3000, orientation=6))
    sent = await desk.send("Segue", attachments=[upload.token])
    assert (sent.attachments[0].width, sent.attachments[0].height) == (3000, 4000)
    plain = await desk.call(service.store_upload, file_name="texto.txt", data=b"texto")
    sent = await desk.send("E o texto", attachments=[plain.token])
    assert (sent.attachments[0].width, sent.attachments[0].height) == (None, None)


async def test_a_poisoned_picture_comes_home_without_a_size(desk: Desk) -> None:
    attachment = await received(desk, png(640, 480)[:20])
    assert (attachment.status, attachment.kind) == (AttachmentStatus.STORED, MessageKind.IMAGE)
    assert (attachment.width, attachment.height) == (None, None)


async def test_several_files_become_several_messages_in_order(desk: Desk) -> None:
    await desk.hear(inbound("Oi"))
    tokens = [
        (await desk.call(service.store_upload, file_name=f"{n}.png", data=PNG + bytes([n]))).token
        for n in range(3)
    ]
    await desk.send("Três fotos", attachments=tokens)
    await desk.run_jobs()
    assert [(t["text"], t["media"]) for t in desk.network.taken()] == [
        ("Três fotos", "0.png"),
        ("", "1.png"),
        ("", "2.png"),
    ]


async def test_sound_carries_no_words(desk: Desk) -> None:
    await desk.hear(inbound("Oi"))
    voice = await desk.call(service.store_upload, file_name="voz.ogg", data=b"OggS" + bytes(60))
    await desk.send("Ouça", attachments=[voice.token])
    await desk.run_jobs()
    assert [(t["text"], t["media"]) for t in desk.network.taken()] == [("Ouça", None), ("", "voz.ogg")]


async def test_a_file_that_vanished_is_told(desk: Desk) -> None:
    await desk.hear(inbound("Oi"))
    upload = await desk.call(service.store_upload, file_name="a.png", data=PNG)
    sent = await desk.send("Segue", attachments=[upload.token])
    ((key,),) = await desk.sql("SELECT storage_key FROM attachment")
    await storage.delete(key)
    await desk.run_jobs()
    assert (await desk.call(service.get_message, message_id=sent.id)).error_key == "errors.inbox.file_lost"


async def test_uploads_are_personal_and_limited(
    desk: Desk, make_actor: MakeActor, monkeypatch: pytest.MonkeyPatch
) -> None:
    await desk.hear(inbound("Oi"))
    seller = await make_actor("sales")
    upload = await desk.call(service.store_upload, file_name="a.png", data=PNG)
    with pytest.raises(UploadExpired):
        media.open_upload(seller, upload.token)
    for token in ("", "x", "x.y", upload.token[:-2], upload.token + "A", "." + upload.token):
        with pytest.raises(UploadExpired):
            await desk.send("Segue", attachments=[token])
    with pytest.raises(FileRefused):
        await desk.send("Segue", attachments=[upload.token] * 11)
    monkeypatch.setattr(media, "MAX_UPLOAD_BYTES", 10)
    for data in (b"", b"x" * 11):
        with pytest.raises(FileRefused):
            await desk.call(service.store_upload, file_name="a", data=data)


async def test_links_expire_and_cannot_be_forged(
    desk: Desk, client_for: ClientFor, monkeypatch: pytest.MonkeyPatch
) -> None:
    attachment = await received(desk)
    client = await client_for(None)
    token = attachment.url.rpartition("/")[2]
    other = signing.sign("upload", {"o": uuid4().hex, "a": attachment.id.hex}, expires_at=2**40)
    foreign = signing.sign("media", {"o": uuid4().hex, "a": attachment.id.hex}, expires_at=2**40)
    for wrong in (token[:-1], token[1:], f"{token}x", "x", "é", other, foreign, "a.b", "." * 500):
        assert (await client.get(f"/api/media/{wrong}")).status_code == 404
    moment = signing.utc_now()
    monkeypatch.setattr(signing, "utc_now", lambda: moment.replace(year=moment.year + 1))
    assert (await client.get(attachment.url)).status_code == 404


async def test_links_stay_the_same_for_a_while(desk: Desk) -> None:
    first = await received(desk)
    (message,) = await desk.thread()
    assert message.attachments[0].url == first.url


RANGES = {
    "bytes=0-3": (206, 0, 4),
    "bytes=4-": (206, 4, None),
    "bytes=-5": (206, -5, None),
    "bytes=0-": (200, 0, None),
    "bytes=2-99999999": (206, 2, None),
    "bytes=-99999": (200, 0, None),
    "bytes=0-1,3-4": (200, 0, None),
    "lines=0-1": (200, 0, None),
    "bytes=-": (200, 0, None),
}


@pytest.mark.parametrize("asked", RANGES)
async def test_parts_of_a_file(desk: Desk, client_for: ClientFor, asked: str) -> None:
    attachment = await received(desk)
    status, start, end = RANGES[asked]
    answer = await (await client_for(None)).get(attachment.url, headers={"range": asked})
    assert answer.status_code == status
    assert answer.content == PNG[start:end]
    if status == 206:
        first = len(PNG) + start if start < 0 else start
        assert answer.headers["content-range"] == f"bytes {first}-{first + len(answer.content) - 1}/{len(PNG)}"


@pytest.mark.parametrize("asked", ["bytes=99999-", "bytes=5-2", "bytes=-0"])
async def test_a_part_outside_of_the_file(desk: Desk, client_for: ClientFor, asked: str) -> None:
    attachment = await received(desk)
    answer = await (await client_for(None)).get(attachment.url, headers={"range": asked})
    assert (answer.status_code, answer.headers["content-range"]) == (416, f"bytes */{len(PNG)}")


async def test_what_the_browser_has_is_not_sent_again(desk: Desk, client_for: ClientFor) -> None:
    attachment = await received(desk)
    client = await client_for(None)
    first = await client.get(attachment.url)
    again = await client.get(attachment.url, headers={"if-none-match": first.headers["etag"]})
    assert (again.status_code, again.content) == (304, b"")
    changed = await client.get(attachment.url, headers={"range": "bytes=0-1", "if-range": '"other"'})
    assert changed.status_code == 200
    head = await client.head(attachment.url)
    assert (head.status_code, head.headers["content-length"], head.content) == (200, str(len(PNG)), b"")
    saved = await client.get(attachment.url, params={"download": "true"})
    assert saved.headers["content-disposition"].startswith("attachment;")


async def test_names_survive_in_headers() -> None:
    name = 'orça"mento\u202e;\\ 100%.pdf'
    file = media.LinkedFile("k", "h", "image/png", name, 1, inline=True)
    header = media_api._disposition(file, download=False)
    assert header.isascii()
    assert "filename*=UTF-8''or%C3%A7a%22mento" in header


@pytest.mark.parametrize("who", ["nobody", "viewer"])
async def test_strangers_and_viewers_do_not_upload(
    desk: Desk, client_for: ClientFor, make_actor: MakeActor, who: str
) -> None:
    actor: Actor | None = await make_actor("viewer") if who == "viewer" else None
    client = await client_for(actor)
    answer = await client.post("/api/media", files={"file": ("a.png", PNG)})
    assert answer.status_code == (403 if actor else 401)


async def test_another_site_cannot_upload(desk: Desk, client_for: ClientFor) -> None:
    client = await client_for(desk.actor)
    answer = await client.post(
        "/api/media", files={"file": ("a.png", PNG)}, headers={"origin": "https://evil.example"}
    )
    assert answer.status_code == 403


async def test_an_upload_that_is_too_large_is_refused(desk: Desk, client_for: ClientFor) -> None:
    client = await client_for(desk.actor)
    answer = await client.post("/api/media", files={"file": ("a.bin", bytes(27 * 1024 * 1024))})
    assert answer.status_code == 413


async def test_the_storage_keeps_one_copy_and_stays_inside_its_folder(tmp_path: Path) -> None:
    organization = uuid4()
    first, second = await storage.put(organization, b"abc"), await storage.put(organization, b"abc")
    assert first == second
    assert await storage.read(first.key) == b"abc"
    with pytest.raises((NotFound, Unavailable)):
        await storage.read("../../../etc/passwd")
    with pytest.raises(NotFound):
        await storage.read(f"{organization}/00/none")
    await storage.delete(first.key)
    await storage.delete(first.key)
    await storage.check_storage()
    assert (tmp_path / "media").stat().st_mode & 0o077 == 0


async def test_a_storage_out_of_reach_is_told(tmp_path: Path) -> None:
    (tmp_path / "media").write_text("a file where the folder should be")
    with pytest.raises((Unavailable, OSError)):
        await storage.put(uuid4(), b"abc")
