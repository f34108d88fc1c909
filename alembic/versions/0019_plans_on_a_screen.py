"""How many organizations have each plan, and the end of a plan that nobody has."""

from alembic import op

revision = "0019"
down_revision = "0018"
branch_labels = None
depends_on = None

SAFE = "SET search_path = pg_catalog, public, pg_temp"
DOOR = f"LANGUAGE plpgsql SECURITY DEFINER {SAFE} AS $$"
FALLBACK_PLAN = "0193e000-0000-7000-8000-000000000001"

# The policies bind the owner, too: organizations are listed first, then visited one by one. Those without a row have
# the plan with everything.
HOLDERS = f"""
CREATE FUNCTION platform_plan_holders(operator_session uuid) RETURNS TABLE (plan_id uuid, organizations bigint) {DOOR}
DECLARE
    callers text := coalesce(current_setting('app.organization_id', true), '');
    known uuid[];
    one uuid;
    held uuid[] := '{{}}';
BEGIN
    PERFORM public.platform_operator(operator_session);
    PERFORM set_config('app.organization_id', '', true), set_config('app.directory', 'on', true);
    known := ARRAY(SELECT o.id FROM public.organization o);
    PERFORM set_config('app.directory', '', true);
    FOREACH one IN ARRAY known LOOP
        PERFORM set_config('app.organization_id', one::text, true);
        held := held || coalesce(
            (SELECT p.plan_id FROM public.organization_plan p WHERE p.organization_id = one), '{FALLBACK_PLAN}'
        );
    END LOOP;
    PERFORM set_config('app.organization_id', callers, true);
    RETURN QUERY SELECT x.id, count(*) FROM unnest(held) AS x(id) GROUP BY x.id;
END $$
"""

# The reference from what organizations have decides whether anybody has it: it sees all of them, also one that gets
# the plan in this very moment.
RETIRE = f"""
CREATE FUNCTION platform_retire_plan(operator_session uuid, plan_key varchar, was integer) RETURNS varchar {DOOR}
BEGIN
    PERFORM public.platform_operator(operator_session);
    DELETE FROM public.plan p
        WHERE p.key = plan_key AND p.version = was AND NOT p.is_default AND p.id <> '{FALLBACK_PLAN}';
    RETURN CASE WHEN FOUND THEN 'retired' ELSE 'changed' END;
EXCEPTION WHEN foreign_key_violation THEN
    RETURN 'held';
END $$
"""

DOORS = {
    "platform_plan_holders(uuid)": HOLDERS,
    "platform_retire_plan(uuid, varchar, integer)": RETIRE,
}


def upgrade() -> None:
    """Apply."""
    for signature, door in DOORS.items():
        op.execute(door)
        op.execute(f"REVOKE EXECUTE ON FUNCTION {signature} FROM PUBLIC")
        op.execute(f"GRANT EXECUTE ON FUNCTION {signature} TO prumo_app")


def downgrade() -> None:
    """Take back."""
    for signature in DOORS:
        op.execute(f"DROP FUNCTION {signature}")
