"""Proves that an organization's audit trail, or the platform's record, is as it was written, without trusting the
database's own functions.

Every entry's hash is SHA-256 over the hash before it (32 zero bytes before the first) and the entry's content, a
JSON array as `jsonb` prints it (docs/adr/0012). The walk sees one snapshot, only reads, and holds a few entries at
a time.
"""

import hashlib
from collections.abc import AsyncIterator
from dataclasses import dataclass
from enum import StrEnum
from uuid import UUID

from crm_app.core.database import Driver, lent_driver, psycopg_errors
from crm_app.core.tenancy import Actor
from crm_app.domains.accounts.schemas import View

FIRST_HASH = bytes(32)
BATCH = 2000

_SNAPSHOT = "SET TRANSACTION ISOLATION LEVEL REPEATABLE READ, READ ONLY"
_TENANT = "SELECT set_config('app.organization_id', %s, true)"
_HEAD = "SELECT sequence, hash FROM audit_chain WHERE organization_id = %(of)s"
# What `audit_append` hashes (`audit_content`), written out: a changed function must not hide a changed entry.
_ENTRIES = """
SELECT sequence, id, hash, jsonb_build_array(
    'prumo-audit-1', organization_id, sequence, id, (extract(epoch FROM created_at) * 1000000)::bigint, user_id,
    on_behalf_of, action, entity_type, entity_id, before, after, ip, trace_id
)::text
FROM audit_entry WHERE organization_id = %(of)s ORDER BY sequence, id"""
_PLATFORM_HEAD = "SELECT sequence, hash FROM platform_chain"
_PLATFORM_ENTRIES = """
SELECT sequence, id, hash, jsonb_build_array(
    'prumo-platform-1', sequence, id, (extract(epoch FROM created_at) * 1000000)::bigint, user_id, action,
    concerns, before, after, ip, trace_id
)::text
FROM platform_entry ORDER BY sequence, id"""

Entry = tuple[int, UUID, bytes, str]
Noted = tuple[int, str]
"""Number and hash (hexadecimal) of an entry as the operator has kept them outside of the database."""


class Problem(StrEnum):
    """What is wrong with the first bad entry."""

    CHANGED = "changed"
    """The entry, its number or its hash is not as it was written, or it was put between others."""
    MISSING = "missing"
    """The entry with this number is gone."""
    INSERTED = "inserted"
    """An entry that was never appended: its number is taken, or lies behind the head."""
    TRUNCATED = "truncated"
    """The end is gone: the head has seen entries from this number on."""
    HEAD = "head"
    """The head is gone, or does not hold the last entry's hash."""
    NOT_AS_NOTED = "not_as_noted"
    """The hash is not the one that the operator has noted elsewhere: the whole trail was written anew."""


class Verification(View):
    """What the walk has found. `hash` is the head's; noted elsewhere, it proves the record up to `entries`.

    Without an organization it is the platform's record.
    """

    organization_id: UUID | None
    ok: bool
    entries: int
    hash: str
    problem: Problem | None = None
    sequence: int | None = None
    entry_id: UUID | None = None


@dataclass(slots=True)
class _Walk:
    """Where the walk stands: the last good entry."""

    sequence: int = 0
    hash: bytes = FIRST_HASH

    def step(self, entry: Entry) -> Problem | None:
        """Take one more entry, or tell what is wrong with it."""
        sequence, _, stored, content = entry
        if sequence != self.sequence + 1:
            return Problem.INSERTED if sequence <= self.sequence else Problem.MISSING
        if hashlib.sha256(self.hash + content.encode()).digest() != stored:
            return Problem.CHANGED
        self.sequence, self.hash = sequence, stored
        return None


async def verify_chain(actor: Actor, *, noted: Noted | None = None) -> Verification:
    """Walk through the whole trail of the actor's organization and compare it with its head.

    Raises `Forbidden` without `audit.read`.
    """
    actor.require("audit.read")
    async with lent_driver() as driver, driver.transaction():
        with psycopg_errors(_ENTRIES):
            await driver.execute(_SNAPSHOT)
            await driver.execute(_TENANT, (str(actor.organization_id),))
            return await _verify(driver, actor.organization_id, noted)


async def verify_platform_chain(owner: Driver, *, noted: Noted | None = None) -> Verification:
    """Walk through the platform's record and compare it with its head.

    `owner` is a connection of the owner of the tables, for the application's role cannot read the record.
    """
    async with owner.transaction():
        await owner.execute(_SNAPSHOT)
        return await _verify(owner, None, noted)


async def _verify(driver: Driver, organization_id: UUID | None, noted: Noted | None) -> Verification:
    head_of, entries_of = (_HEAD, _ENTRIES) if organization_id else (_PLATFORM_HEAD, _PLATFORM_ENTRIES)
    head = await (await driver.execute(head_of, {"of": organization_id})).fetchone()
    last, digest = head or (0, b"")

    def bad(problem: Problem, sequence: int, entry_id: UUID | None = None) -> Verification:
        return Verification(
            organization_id=organization_id, ok=False, entries=last, hash=digest.hex(), problem=problem,
            sequence=sequence, entry_id=entry_id,
        )  # fmt: skip

    walk = _Walk()
    async for entry in _walked(driver, entries_of, organization_id):
        problem = walk.step(entry)
        if problem is None and head and walk.sequence > last:
            problem = Problem.INSERTED
        if problem is None and noted and noted[0] == walk.sequence and noted[1].lower() != walk.hash.hex():
            problem = Problem.NOT_AS_NOTED
        if problem is not None:
            missing = problem is Problem.MISSING
            return bad(problem, walk.sequence + 1 if missing else entry[0], None if missing else entry[1])
    if head is None or (last == walk.sequence and digest != walk.hash):
        return bad(Problem.HEAD, walk.sequence)
    if walk.sequence < max(last, noted[0] if noted else 0):
        return bad(Problem.TRUNCATED, walk.sequence + 1)
    return Verification(organization_id=organization_id, ok=True, entries=last, hash=digest.hex())


async def _walked(driver: Driver, entries_of: str, organization_id: UUID | None) -> AsyncIterator[Entry]:
    """Yield the entries in their order through a server-side cursor."""
    async with driver.cursor(name="audit_entries") as cursor:
        cursor.itersize = BATCH
        await cursor.execute(entries_of, {"of": organization_id}, binary=True)
        async for entry in cursor:
            yield entry
