"""Files: a local folder, or a bucket of S3 and its kin, behind the same few calls.

A key is `<organization>/<first two of the hash>/<SHA-256 of the bytes>`: the same file stored twice takes its
place once, a key never crosses organizations, and what a key names never changes. Buckets take their credentials
from the usual AWS variables (`AWS_ACCESS_KEY_ID`, `AWS_ENDPOINT_URL`, …).
"""

import hashlib
from collections.abc import AsyncIterator
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING
from urllib.parse import unquote, urlsplit
from uuid import UUID

import obstore
from obstore.exceptions import BaseError
from obstore.store import LocalStore, ObjectStore, from_url

from crm_app.config import get_settings, private_folder
from crm_app.core.errors import NotFound, Unavailable
from crm_app.core.ids import new_id
from crm_app.core.visiting import refuse_read_only

if TYPE_CHECKING:  # obstore has these names for type checkers only
    from obstore import GetOptions, GetResult

CHUNK_BYTES = 256 * 1024


@dataclass(frozen=True, slots=True)
class Stored:
    """A file in the storage; `size` in bytes."""

    key: str
    sha256: str
    size: int


@dataclass(frozen=True, slots=True)
class Opened:
    """A part of a file: bytes `start` to `end` (exclusive) of `total`, in chunks."""

    start: int
    end: int
    total: int
    chunks: AsyncIterator[bytes]


_open: dict[str, ObjectStore] = {}


def _store() -> ObjectStore:
    url = get_settings().media_url
    if url not in _open:
        _open[url] = _open_store(url)
    return _open[url]


def _open_store(url: str) -> ObjectStore:
    parts = urlsplit(url)
    if parts.scheme == "file":
        return LocalStore(private_folder(Path(unquote(parts.path))))
    return from_url(url)


async def put(organization_id: UUID, data: bytes) -> Stored:
    """Keep `data` for an organization and return where. Raises `Unavailable` when the storage does not take it."""
    refuse_read_only()
    place = place_of(organization_id, data)
    try:
        await obstore.put_async(_store(), place.key, data)
    except (BaseError, OSError) as error:
        raise Unavailable("errors.storage") from error
    return place


def place_of(organization_id: UUID, data: bytes) -> Stored:
    """Return where `put` keeps this file, without storing it."""
    digest = hashlib.sha256(data).hexdigest()
    return Stored(f"{organization_id}/{digest[:2]}/{digest}", digest, len(data))


async def read(key: str) -> bytes:
    """Return the whole file. Raises `NotFound` or `Unavailable`."""
    return b"".join([chunk async for chunk in (await open_file(key)).chunks])


async def open_file(key: str, *, start: int = 0, end: int | None = None) -> Opened:
    """Open a file, or its bytes from `start` to `end` (exclusive, both within the file), for streaming.

    Raises `NotFound` or `Unavailable`.
    """
    options: GetOptions = {}
    if end is not None:
        options = {"range": (start, end)}
    elif start:
        options = {"range": {"offset": start}}
    try:
        found = await obstore.get_async(_store(), key, options=options)
    except FileNotFoundError as error:
        raise NotFound(kind="file") from error
    except (BaseError, OSError, ValueError) as error:
        raise Unavailable("errors.storage") from error
    first, last = found.range
    return Opened(first, last, found.meta["size"], _chunks(found))


async def _chunks(found: "GetResult") -> AsyncIterator[bytes]:
    async for chunk in found.stream(min_chunk_size=CHUNK_BYTES):
        yield bytes(chunk)


async def delete(key: str) -> None:
    """Remove a file; harmless when it is gone already. Raises `Unavailable`."""
    refuse_read_only()
    try:
        await obstore.delete_async(_store(), key)
    except FileNotFoundError:
        return
    except (BaseError, OSError) as error:
        raise Unavailable("errors.storage") from error


async def check_storage() -> None:
    """Write, read and remove a probe. Raises `Unavailable` when the storage does not work."""
    data = b"prumo"
    probe = await put(new_id(), data)
    try:
        if await read(probe.key) != data:
            raise Unavailable("errors.storage")
    finally:
        await delete(probe.key)
