"""Plans, and what organizations have of them, are written by the platform alone, through doors of the database."""

from alembic import op

revision = "0018"
down_revision = "0017"
branch_labels = None
depends_on = None

SAFE = "SET search_path = pg_catalog, public, pg_temp"
DOOR = f"LANGUAGE plpgsql SECURITY DEFINER {SAFE} AS $$"
# The policies bind the owner, too: a door sets the tenant for itself and gives the caller's back at its end.
CALLERS = "callers text := coalesce(current_setting('app.organization_id', true), '');"
ENTER = "PERFORM set_config('app.organization_id', organization::text, true);"
GIVE_BACK = "PERFORM set_config('app.organization_id', callers, true);"
PERSON = "person uuid := public.platform_operator(operator_session);"

# An organization without a plan has everything; at its birth it gets the plan for new ones, and never by itself again.
BEGIN = f"""
CREATE FUNCTION begin_plan() RETURNS void {DOOR}
BEGIN
    INSERT INTO public.organization_plan (organization_id, id, created_at, plan_id, since)
        SELECT NULLIF(current_setting('app.organization_id', true), '')::uuid, gen_random_uuid(), now(), p.id, now()
        FROM public.plan p WHERE p.is_default
        ON CONFLICT DO NOTHING;
END $$
"""

SAVE = f"""
CREATE FUNCTION platform_save_plan(
    operator_session uuid, plan_key varchar, plan_name varchar, plan_modules jsonb, plan_limits jsonb,
    place integer, for_new boolean, was integer
) RETURNS boolean {DOOR}
DECLARE
    {PERSON}
BEGIN
    IF for_new THEN
        UPDATE public.plan SET is_default = false WHERE is_default AND key <> plan_key;
    END IF;
    IF was = 0 THEN
        INSERT INTO public.plan
            (id, key, name, modules, limits, position, is_default, version, created_at, updated_at)
            VALUES (gen_random_uuid(), plan_key, plan_name, plan_modules, plan_limits, place, for_new, 1, now(), now())
            ON CONFLICT (key) DO NOTHING;
    ELSE
        UPDATE public.plan SET name = plan_name, modules = plan_modules, limits = plan_limits, position = place,
            is_default = is_default OR for_new, version = version + 1, updated_at = now()
            WHERE key = plan_key AND version = was;
    END IF;
    RETURN FOUND;
END $$
"""

CHANGE = f"""
CREATE FUNCTION platform_change_plan(operator_session uuid, organization uuid, plan_key varchar)
RETURNS boolean {DOOR}
DECLARE
    {PERSON}
    {CALLERS}
    changed boolean;
BEGIN
    {ENTER}
    INSERT INTO public.organization_plan (organization_id, id, created_at, plan_id, since)
        SELECT organization, gen_random_uuid(), now(), p.id, now() FROM public.plan p WHERE p.key = plan_key
        ON CONFLICT (organization_id) DO UPDATE SET plan_id = excluded.plan_id, since = excluded.since;
    changed := FOUND;
    {GIVE_BACK}
    RETURN changed;
END $$
"""

GRANT = f"""
CREATE FUNCTION platform_grant(
    operator_session uuid, organization uuid, what varchar, about varchar, more integer, only_chosen boolean,
    why varchar, till timestamptz
) RETURNS uuid {DOOR}
DECLARE
    {PERSON}
    {CALLERS}
    made uuid := gen_random_uuid();
BEGIN
    {ENTER}
    INSERT INTO public.module_grant (organization_id, id, created_at, kind, subject, amount, chosen_only, reason,
                                     given_by, given_by_name, expires_at)
        SELECT organization, made, now(), what, about, more, only_chosen, why, u.id, u.name, till
        FROM public.app_user u WHERE u.id = person;
    {GIVE_BACK}
    RETURN made;
END $$
"""

REVOKE = f"""
CREATE FUNCTION platform_revoke_grant(operator_session uuid, organization uuid, which uuid) RETURNS boolean {DOOR}
DECLARE
    {PERSON}
    {CALLERS}
    changed boolean;
BEGIN
    {ENTER}
    UPDATE public.module_grant g SET revoked_at = now()
        WHERE g.organization_id = organization AND g.id = which AND g.revoked_at IS NULL;
    changed := FOUND;
    {GIVE_BACK}
    RETURN changed;
END $$
"""

DOORS = {
    "begin_plan()": BEGIN,
    "platform_save_plan(uuid, varchar, varchar, jsonb, jsonb, integer, boolean, integer)": SAVE,
    "platform_change_plan(uuid, uuid, varchar)": CHANGE,
    "platform_grant(uuid, uuid, varchar, varchar, integer, boolean, varchar, timestamptz)": GRANT,
    "platform_revoke_grant(uuid, uuid, uuid)": REVOKE,
}


def upgrade() -> None:
    """Apply."""
    for signature, door in DOORS.items():
        op.execute(door)
        op.execute(f"REVOKE EXECUTE ON FUNCTION {signature} FROM PUBLIC")
        op.execute(f"GRANT EXECUTE ON FUNCTION {signature} TO prumo_app")
    op.execute("REVOKE INSERT, UPDATE, DELETE ON organization_plan, module_grant FROM prumo_app")


def downgrade() -> None:
    """Take back."""
    op.execute("GRANT INSERT, UPDATE, DELETE ON organization_plan, module_grant TO prumo_app")
    for signature in DOORS:
        op.execute(f"DROP FUNCTION {signature}")
