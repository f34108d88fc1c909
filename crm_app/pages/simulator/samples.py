"""Files that lie ready on the demo phone, made by us: a picture, a voice note, a document."""

from dataclasses import dataclass
from pathlib import Path

from crm_app.domains.channels.schemas import MediaKind
from crm_app.domains.channels.simulator.views import PhoneFile

_FOLDER = Path(__file__).resolve().parent / "samples"


@dataclass(frozen=True, slots=True)
class Sample:
    """A file that the customer can send with one press."""

    kind: MediaKind
    mime_type: str
    file_name: str
    caption: str = ""
    duration_ms: int | None = None

    def read(self) -> PhoneFile:
        """Return the file with its bytes."""
        data = (_FOLDER / self.file_name).read_bytes()
        return PhoneFile(
            kind=self.kind,
            mime_type=self.mime_type,
            file_name=self.file_name,
            data=data,
            duration_ms=self.duration_ms,
        )


SAMPLES = {
    "photo": Sample(MediaKind.IMAGE, "image/jpeg", "fachada-loja.jpg", "Essa é a fachada hoje"),
    "voice": Sample(MediaKind.VOICE, "audio/wav", "recado.wav", duration_ms=4200),
    "document": Sample(MediaKind.DOCUMENT, "application/pdf", "orcamento.pdf"),
}
