"""The audit trail is chained: every entry carries a SHA-256 over itself and the entry before it.

Old rows are chained in batches while the application goes on writing; only the last few rows and the trigger need
a lock, for a moment. Whatever was done before a failure stays done, so that the migration can be started again.
"""

import sqlalchemy as sa
from alembic import op

revision = "0009"
down_revision = "0008"
branch_labels = None
depends_on = None

CURRENT_ORGANIZATION = "NULLIF(current_setting('app.organization_id', true), '')::uuid"
BATCH = 5000
SAFE = "SET search_path = pg_catalog, public, pg_temp"

# What is hashed. `jsonb` prints one value always alike: no setting, language or time zone changes it.
CONTENT = """
CREATE OR REPLACE FUNCTION audit_content(entry audit_entry, number bigint) RETURNS text LANGUAGE sql STABLE AS $$
    SELECT jsonb_build_array(
        'prumo-audit-1', entry.organization_id, number, entry.id,
        (extract(epoch FROM entry.created_at) * 1000000)::bigint, entry.user_id, entry.on_behalf_of,
        entry.action, entry.entity_type, entry.entity_id, entry.before, entry.after, entry.ip, entry.trace_id
    )::text
$$
"""

# The head is locked until the commit: entries of one organization are written one after the other.
APPEND = f"""
CREATE OR REPLACE FUNCTION audit_append() RETURNS trigger LANGUAGE plpgsql SECURITY DEFINER {SAFE} AS $$
BEGIN
    UPDATE public.audit_chain c SET
        sequence = c.sequence + 1,
        hash = sha256(c.hash || convert_to(public.audit_content(NEW, c.sequence + 1), 'UTF8'))
        WHERE c.organization_id = NEW.organization_id
        RETURNING c.sequence, c.hash INTO NEW.sequence, NEW.hash;
    IF NOT FOUND AND NEW.organization_id IS NOT NULL THEN
        RAISE EXCEPTION 'organization % has no audit chain', NEW.organization_id USING ERRCODE = 'data_corrupted';
    END IF;
    RETURN NEW;
END $$
"""

BEGIN_CHAIN = f"""
CREATE OR REPLACE FUNCTION audit_begin() RETURNS trigger LANGUAGE plpgsql SECURITY DEFINER {SAFE} AS $$
BEGIN
    INSERT INTO public.audit_chain (organization_id, id, created_at, sequence, hash)
        VALUES (NEW.id, NEW.id, now(), 0, decode(repeat('00', 32), 'hex')) ON CONFLICT DO NOTHING;
    RETURN NULL;
END $$
"""

# Entries leave only together with their organization (its row is gone already when a cascade comes here). The rights
# of the caller count, so that whoever sees the row to delete also sees its organization. Heads move only from within
# a trigger, which is `audit_append`.
KEEP = f"""
CREATE OR REPLACE FUNCTION audit_keep() RETURNS trigger LANGUAGE plpgsql {SAFE} AS $$
BEGIN
    IF TG_OP = 'DELETE' AND NOT EXISTS (SELECT FROM public.organization o WHERE o.id = OLD.organization_id) THEN
        RETURN OLD;
    END IF;
    RAISE EXCEPTION 'the audit trail is append-only: % on % refused', TG_OP, TG_TABLE_NAME
        USING ERRCODE = 'insufficient_privilege';
END $$
"""

CHAIN_EXISTING = f"""
CREATE OR REPLACE FUNCTION audit_chain_existing(organization uuid, most integer) RETURNS integer
LANGUAGE plpgsql {SAFE} AS $$
DECLARE
    head public.audit_chain;
    entry public.audit_entry;
    done integer := 0;
BEGIN
    PERFORM set_config('app.organization_id', organization::text, true);
    SELECT * INTO head FROM public.audit_chain c WHERE c.organization_id = organization FOR NO KEY UPDATE;
    IF NOT FOUND THEN
        RETURN 0;
    END IF;
    FOR entry IN SELECT * FROM public.audit_entry e WHERE e.organization_id = organization AND e.sequence IS NULL
        ORDER BY e.created_at, e.id LIMIT most
    LOOP
        head.sequence := head.sequence + 1;
        head.hash := sha256(head.hash || convert_to(public.audit_content(entry, head.sequence), 'UTF8'));
        UPDATE public.audit_entry e SET sequence = head.sequence, hash = head.hash
            WHERE e.organization_id = organization AND e.id = entry.id;
        done := done + 1;
    END LOOP;
    UPDATE public.audit_chain c SET sequence = head.sequence, hash = head.hash WHERE c.organization_id = organization;
    RETURN done;
END $$
"""

INDEXES = {
    "uq_audit_entry_sequence": "UNIQUE INDEX {} ON audit_entry (organization_id, sequence)",
    "ix_audit_entry_recent": "INDEX {} ON audit_entry (organization_id, created_at DESC, id DESC)",
    "ix_audit_entry_person": "INDEX {} ON audit_entry (organization_id, user_id, created_at DESC, id DESC)",
    "ix_audit_entry_action": "INDEX {} ON audit_entry (organization_id, action, created_at DESC, id DESC)",
    "ix_audit_entry_kind": "INDEX {} ON audit_entry (organization_id, entity_type, created_at DESC, id DESC)",
    "ix_audit_entry_thing": "INDEX {} ON audit_entry (organization_id, entity_id)",
}  # fmt: skip
UNCHAINED = "INDEX {} ON audit_entry (organization_id, created_at, id) WHERE sequence IS NULL"

GUARDS = (
    "CREATE TRIGGER audit_append BEFORE INSERT ON audit_entry FOR EACH ROW EXECUTE FUNCTION audit_append()",
    "CREATE TRIGGER audit_keep BEFORE UPDATE OR DELETE ON audit_entry FOR EACH ROW EXECUTE FUNCTION audit_keep()",
    "CREATE TRIGGER audit_keep_all BEFORE TRUNCATE ON audit_entry EXECUTE FUNCTION audit_keep()",
    "CREATE TRIGGER audit_keep BEFORE DELETE ON audit_chain FOR EACH ROW EXECUTE FUNCTION audit_keep()",
    "CREATE TRIGGER audit_keep_head BEFORE UPDATE ON audit_chain FOR EACH ROW WHEN (pg_trigger_depth() = 0) "
    "EXECUTE FUNCTION audit_keep()",
    "CREATE TRIGGER audit_keep_all BEFORE TRUNCATE ON audit_chain EXECUTE FUNCTION audit_keep()",
    # not even a session that replays a replication leaves them out
    "ALTER TABLE audit_entry ENABLE ALWAYS TRIGGER audit_append, ENABLE ALWAYS TRIGGER audit_keep, "
    "ENABLE ALWAYS TRIGGER audit_keep_all",
    "ALTER TABLE audit_chain ENABLE ALWAYS TRIGGER audit_keep, ENABLE ALWAYS TRIGGER audit_keep_head, "
    "ENABLE ALWAYS TRIGGER audit_keep_all",
    "ALTER TABLE audit_entry ADD CONSTRAINT uq_audit_entry_sequence UNIQUE USING INDEX uq_audit_entry_sequence",
    "ALTER TABLE audit_entry ADD CONSTRAINT chained CHECK (sequence IS NOT NULL AND hash IS NOT NULL) NOT VALID",
    "REVOKE DELETE ON organization FROM prumo_app",
)


def upgrade() -> None:
    """Apply."""
    if not _is_guarded():
        _prepare()
        with op.get_context().autocommit_block():
            # first the old rows: every index that is there makes changing them dearer
            _create_index("ix_audit_entry_unchained", UNCHAINED)
            _chain_existing()
            for name, definition in INDEXES.items():
                _create_index(name, definition)
        op.execute("SET LOCAL lock_timeout = '5s'")
        op.execute("LOCK TABLE audit_entry IN SHARE ROW EXCLUSIVE MODE")
        _chain_existing()
        for guard in GUARDS:
            op.execute(guard)
    with op.get_context().autocommit_block():
        for index in ("ix_audit_entry_unchained", "ix_audit_entry_time", "ix_audit_entry_entity"):
            op.execute(f"DROP INDEX CONCURRENTLY IF EXISTS {index}")
    op.execute("ALTER TABLE audit_entry VALIDATE CONSTRAINT chained")
    op.execute("ALTER TABLE audit_entry ALTER COLUMN sequence SET NOT NULL, ALTER COLUMN hash SET NOT NULL")
    op.execute("ALTER TABLE audit_entry DROP CONSTRAINT chained")
    op.execute("DROP FUNCTION audit_chain_existing")


def _is_guarded() -> bool:
    """Tell whether an attempt before this one came as far as the trigger."""
    known = "SELECT EXISTS (SELECT FROM pg_trigger WHERE tgname = 'audit_append' AND tgrelid = 'audit_entry'::regclass)"
    return bool(op.get_bind().execute(sa.text(known)).scalar())


def _prepare() -> None:
    op.execute("SET LOCAL lock_timeout = '5s'")
    for column in ("on_behalf_of uuid", "sequence bigint", "hash bytea"):
        op.execute(f"ALTER TABLE audit_entry ADD COLUMN IF NOT EXISTS {column}")
    _create_chain()
    for function in (CONTENT, APPEND, BEGIN_CHAIN, KEEP, CHAIN_EXISTING):
        op.execute(function)
    op.execute("REVOKE EXECUTE ON FUNCTION audit_chain_existing(uuid, integer) FROM PUBLIC")
    op.execute("DROP TRIGGER IF EXISTS audit_begin ON organization")
    op.execute(
        "CREATE TRIGGER audit_begin AFTER INSERT ON organization FOR EACH ROW EXECUTE FUNCTION audit_begin()"
    )
    op.execute("SELECT set_config('app.directory', 'on', true)")  # the owner, too, is bound by the policies
    op.execute(
        "INSERT INTO audit_chain (organization_id, id, created_at, sequence, hash) "
        "SELECT id, id, now(), 0, decode(repeat('00', 32), 'hex') FROM organization ON CONFLICT DO NOTHING"
    )


def _create_index(name: str, definition: str) -> None:
    op.execute(f"DROP INDEX CONCURRENTLY IF EXISTS {name}")
    op.execute("CREATE " + definition.format(name).replace("INDEX ", "INDEX CONCURRENTLY ", 1))


def _create_chain() -> None:
    op.execute(
        """
        CREATE TABLE IF NOT EXISTS audit_chain (
            organization_id uuid NOT NULL REFERENCES organization (id) ON DELETE CASCADE,
            id uuid NOT NULL,
            created_at timestamptz NOT NULL,
            sequence bigint NOT NULL,
            hash bytea NOT NULL,
            PRIMARY KEY (organization_id, id),
            CONSTRAINT uq_audit_chain UNIQUE (organization_id)
        )
        """
    )
    op.execute("ALTER TABLE audit_chain ENABLE ROW LEVEL SECURITY")
    op.execute("ALTER TABLE audit_chain FORCE ROW LEVEL SECURITY")
    for policy in ("tenant", "keeper"):
        op.execute(f"DROP POLICY IF EXISTS {policy} ON audit_chain")
    op.execute(f"CREATE POLICY tenant ON audit_chain FOR SELECT USING (organization_id = {CURRENT_ORGANIZATION})")
    # `audit_append` and `audit_begin` run as the owner of the tables
    op.execute("CREATE POLICY keeper ON audit_chain TO CURRENT_USER USING (true) WITH CHECK (true)")
    op.execute("GRANT SELECT ON audit_chain TO prumo_app")


def _chain_existing() -> None:
    """Chain what is not chained yet, by time, a batch at a time."""
    connection = op.get_bind()
    for (organization,) in connection.execute(sa.text("SELECT organization_id FROM audit_chain")).all():
        call = sa.text("SELECT audit_chain_existing(:organization, :most)")
        while connection.execute(call, {"organization": organization, "most": BATCH}).scalar() == BATCH:
            pass


def downgrade() -> None:
    """Take back; the entries stay, their order and hashes go."""
    op.execute("GRANT DELETE ON organization TO prumo_app")
    op.execute("DROP TRIGGER audit_begin ON organization")
    for trigger in ("audit_append", "audit_keep", "audit_keep_all"):
        op.execute(f"DROP TRIGGER {trigger} ON audit_entry")
    op.execute("DROP FUNCTION audit_append, audit_content")
    op.execute("DROP TABLE audit_chain")
    op.execute("DROP FUNCTION audit_begin, audit_keep")
    op.execute("ALTER TABLE audit_entry DROP COLUMN sequence, DROP COLUMN hash, DROP COLUMN on_behalf_of")
    for name in ("recent", "person", "action", "kind", "thing"):
        op.execute(f"DROP INDEX ix_audit_entry_{name}")
    op.execute("CREATE INDEX ix_audit_entry_time ON audit_entry (organization_id, created_at DESC)")
    op.execute("CREATE INDEX ix_audit_entry_entity ON audit_entry (organization_id, entity_type, entity_id)")
