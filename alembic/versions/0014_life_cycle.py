"""The life cycle of organizations: their state, who changed it and why, and who may: administrators of the platform."""

from alembic import op

revision = "0014"
down_revision = "0013"
branch_labels = None
depends_on = None

CURRENT_ORGANIZATION = "NULLIF(current_setting('app.organization_id', true), '')::uuid"
SAFE = "SET search_path = pg_catalog, public, pg_temp"
# The policies bind the owner, too: a door sets the tenant for itself and gives the caller's back at its end.
CALLERS = "callers text := coalesce(current_setting('app.organization_id', true), '');"
GIVE_BACK = "PERFORM set_config('app.organization_id', callers, true);"

# Read at the beginning of every transaction of a tenant: a function, since its plan is made once per connection.
TENANT_STATE = f"""
CREATE FUNCTION tenant_state() RETURNS varchar LANGUAGE plpgsql STABLE {SAFE} AS $$
BEGIN
    RETURN (SELECT o.state FROM public.organization o
            WHERE o.id = NULLIF(current_setting('app.organization_id', true), '')::uuid);
END $$
"""

# The application never writes a state by itself; the functions below do, as the owner of the table.
KEEP_STATE = f"""
CREATE FUNCTION organization_state_keep() RETURNS trigger LANGUAGE plpgsql {SAFE} AS $$
BEGIN
    IF NOT pg_has_role(current_user, (SELECT relowner FROM pg_class WHERE oid = TG_RELID), 'MEMBER') THEN
        RAISE EXCEPTION 'the state of an organization is changed by the platform alone'
            USING ERRCODE = 'insufficient_privilege';
    END IF;
    RETURN NEW;
END $$
"""

NOTE_STATE = f"""
CREATE FUNCTION organization_state_note() RETURNS trigger LANGUAGE plpgsql SECURITY DEFINER {SAFE} AS $$
DECLARE
    {CALLERS}
BEGIN
    PERFORM set_config('app.organization_id', NEW.id::text, true);
    INSERT INTO public.life_cycle_step (organization_id, id, created_at, before, after, reason, by_user) VALUES (
        NEW.id, gen_random_uuid(), NEW.state_since, CASE WHEN TG_OP = 'UPDATE' THEN OLD.state ELSE '' END,
        NEW.state, NEW.state_reason, NEW.state_by
    );
    {GIVE_BACK}
    RETURN NULL;
END $$
"""

IS_ADMIN = f"""
CREATE FUNCTION is_platform_admin(person uuid) RETURNS boolean LANGUAGE plpgsql STABLE SECURITY DEFINER {SAFE} AS $$
BEGIN
    RETURN EXISTS (SELECT FROM public.platform_admin a WHERE a.user_id = person);
END $$
"""

# Every door of the platform asks this first: the session of an administrator, who has just proven who they are.
OPERATOR = f"""
CREATE FUNCTION platform_operator(operator_session uuid) RETURNS uuid
LANGUAGE plpgsql STABLE SECURITY DEFINER {SAFE} AS $$
DECLARE
    person uuid;
BEGIN
    SELECT s.user_id INTO person FROM public.user_session s
        JOIN public.platform_admin a ON a.user_id = s.user_id
        WHERE s.id = operator_session AND s.revoked_at IS NULL AND s.expires_at > now()
        AND s.proven_at > now() - interval '30 minutes';
    IF person IS NULL THEN
        RAISE EXCEPTION 'not the session of an administrator of the platform' USING ERRCODE = 'insufficient_privilege';
    END IF;
    RETURN person;
END $$
"""

CHANGE_STATE = f"""
CREATE FUNCTION platform_change_state(
    operator_session uuid, organization uuid, was varchar, wanted varchar, why varchar
) RETURNS boolean LANGUAGE plpgsql SECURITY DEFINER {SAFE} AS $$
DECLARE
    person uuid := public.platform_operator(operator_session);
    {CALLERS}
    changed boolean;
BEGIN
    PERFORM set_config('app.organization_id', organization::text, true);
    UPDATE public.organization o SET state = wanted, state_reason = why, state_since = now(), state_by = person
        WHERE o.id = organization AND o.state = was;
    changed := FOUND;
    {GIVE_BACK}
    RETURN changed;
END $$
"""

# An organization that has settled in is active; that one step takes nobody's decision.
SETTLE = f"""
CREATE FUNCTION settle_organization() RETURNS boolean LANGUAGE plpgsql SECURITY DEFINER {SAFE} AS $$
BEGIN
    UPDATE public.organization o SET state = 'active', state_reason = '', state_since = now(), state_by = NULL
        WHERE o.id = {CURRENT_ORGANIZATION} AND o.state = 'onboarding';
    RETURN FOUND;
END $$
"""

# The owner, too, is bound by the policies: organizations are listed first, then visited one by one.
EXISTING = """
DO $$
DECLARE
    known uuid[];
    one uuid;
BEGIN
    PERFORM set_config('app.directory', 'on', true);
    known := ARRAY(SELECT id FROM organization);
    PERFORM set_config('app.directory', '', true);
    FOREACH one IN ARRAY known LOOP
        PERFORM set_config('app.organization_id', one::text, true);
        UPDATE organization SET state = CASE WHEN is_demo THEN 'demo' ELSE 'active' END, state_since = created_at
            WHERE id = one;
        INSERT INTO life_cycle_step (organization_id, id, created_at, before, after, reason)
            SELECT id, gen_random_uuid(), state_since, '', state, '' FROM organization WHERE id = one;
    END LOOP;
    PERFORM set_config('app.organization_id', '', true);
END $$
"""

TRIGGERS = (
    "CREATE TRIGGER organization_state_keep BEFORE UPDATE ON organization FOR EACH ROW "
    "WHEN ((OLD.state, OLD.state_reason, OLD.state_since, OLD.state_by) IS DISTINCT FROM "
    "(NEW.state, NEW.state_reason, NEW.state_since, NEW.state_by)) EXECUTE FUNCTION organization_state_keep()",
    "CREATE TRIGGER organization_state_begin AFTER INSERT ON organization FOR EACH ROW "
    "EXECUTE FUNCTION organization_state_note()",
    "CREATE TRIGGER organization_state_note AFTER UPDATE ON organization FOR EACH ROW "
    "WHEN (OLD.state IS DISTINCT FROM NEW.state) EXECUTE FUNCTION organization_state_note()",
)
FUNCTIONS = (TENANT_STATE, KEEP_STATE, NOTE_STATE, IS_ADMIN, OPERATOR, CHANGE_STATE, SETTLE)


def upgrade() -> None:
    """Apply."""
    op.execute("SET LOCAL lock_timeout = '5s'")
    op.execute(
        "ALTER TABLE organization ADD COLUMN state varchar(20) NOT NULL DEFAULT 'active', "
        "ADD COLUMN state_reason varchar(500) NOT NULL DEFAULT '', "
        "ADD COLUMN state_since timestamptz NOT NULL DEFAULT now(), ADD COLUMN state_by uuid"
    )
    op.execute(
        "ALTER TABLE organization ADD CONSTRAINT known_state CHECK (state IN "
        "('demo', 'onboarding', 'active', 'past_due', 'suspended', 'closed')) NOT VALID"
    )
    op.execute(
        """
        CREATE TABLE life_cycle_step (
            organization_id uuid NOT NULL REFERENCES organization (id) ON DELETE CASCADE,
            id uuid NOT NULL,
            created_at timestamptz NOT NULL,
            before varchar(20) NOT NULL,
            after varchar(20) NOT NULL,
            reason varchar(500) NOT NULL,
            by_user uuid,
            PRIMARY KEY (organization_id, id)
        )
        """
    )
    op.execute("ALTER TABLE life_cycle_step ENABLE ROW LEVEL SECURITY")
    op.execute("ALTER TABLE life_cycle_step FORCE ROW LEVEL SECURITY")
    op.execute(
        f"CREATE POLICY tenant ON life_cycle_step USING (organization_id = {CURRENT_ORGANIZATION}) "
        f"WITH CHECK (organization_id = {CURRENT_ORGANIZATION})"
    )
    op.execute("GRANT SELECT ON life_cycle_step TO prumo_app")
    # Nothing of it for the application: it asks is_platform_admin().
    op.execute(
        """
        CREATE TABLE platform_admin (
            user_id uuid PRIMARY KEY REFERENCES app_user (id) ON DELETE CASCADE,
            granted_at timestamptz NOT NULL
        )
        """
    )
    op.execute(EXISTING)
    for statement in (*FUNCTIONS, *TRIGGERS):
        op.execute(statement)
    op.execute("ALTER TABLE organization VALIDATE CONSTRAINT known_state")


def downgrade() -> None:
    """Take back: whoever was kept out is let in again, and no platform has administrators."""
    for trigger in ("keep", "begin", "note"):
        op.execute(f"DROP TRIGGER organization_state_{trigger} ON organization")
    op.execute(
        "DROP FUNCTION settle_organization, platform_change_state, platform_operator, is_platform_admin, "
        "organization_state_note, organization_state_keep, tenant_state"
    )
    op.execute("DROP TABLE life_cycle_step")
    op.execute("DROP TABLE platform_admin")
    op.execute("ALTER TABLE organization DROP CONSTRAINT known_state")
    for column in ("state", "state_reason", "state_since", "state_by"):
        op.execute(f"ALTER TABLE organization DROP COLUMN {column}")
