"""Files on the demo phone: what the customer sends from this device, and what stands in the chat."""

from urllib.parse import quote
from uuid import UUID

from fastapi import APIRouter, Response, UploadFile

from crm_app.api.deps import CurrentActor
from crm_app.core.database import unit_of_work
from crm_app.core.errors import Invalid
from crm_app.domains.channels.schemas import MediaKind
from crm_app.domains.channels.simulator import service
from crm_app.domains.channels.simulator.views import PhoneFile, PhoneMessage

router = APIRouter(prefix="/api/simulator", tags=["simulator"])

LARGEST_FILE = 16 * 1024 * 1024
_SHOWN = ("image/png", "image/jpeg", "image/webp", "image/gif", "audio/", "video/")
_KINDS = {"image": MediaKind.IMAGE, "audio": MediaKind.AUDIO, "video": MediaKind.VIDEO}


@router.post("/phones/{phone_id}/files", status_code=201)
async def send_file(actor: CurrentActor, phone_id: UUID, file: UploadFile) -> PhoneMessage:
    """Send a file to the business as the customer with this phone."""
    data = await file.read(LARGEST_FILE + 1)
    if not data or len(data) > LARGEST_FILE:
        raise Invalid("errors.channels.media_too_large", field="file", limit=LARGEST_FILE)
    declared = (file.content_type or "application/octet-stream")[:120]
    sent = PhoneFile(
        kind=_KINDS.get(declared.split("/")[0], MediaKind.DOCUMENT),
        mime_type=declared,
        file_name=(file.filename or "")[:200],
        data=data,
    )
    async with unit_of_work(actor) as session:
        return await service.customer_sends(session, actor, phone_id=phone_id, file=sent)


@router.get("/files/{message_id}", response_class=Response)
async def read_file(actor: CurrentActor, message_id: UUID) -> Response:
    """Return the file of a message on a phone; anything but pictures, sound and film is only downloaded."""
    async with unit_of_work(actor) as session:
        file = await service.read_phone_file(session, actor, message_id=message_id)
    shown = file.mime_type.startswith(_SHOWN)
    name = quote(file.file_name or "arquivo")
    headers = {
        "Content-Disposition": f"{'inline' if shown else 'attachment'}; filename*=UTF-8''{name}",
        "Cache-Control": "private, max-age=3600",
        "X-Content-Type-Options": "nosniff",
        "Content-Security-Policy": "default-src 'none'; sandbox",
    }
    return Response(file.data, media_type=file.mime_type if shown else "application/octet-stream", headers=headers)
