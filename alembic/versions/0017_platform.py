"""The platform's own area: its doors into the database, its record, and sessions of people without an organization."""

from alembic import op

revision = "0017"
down_revision = "0016"
branch_labels = None
depends_on = None

SAFE = "SET search_path = pg_catalog, public, pg_temp"
DOOR = f"LANGUAGE plpgsql SECURITY DEFINER {SAFE} AS $$"
# The policies bind the owner, too: a door sets the tenant for itself and gives the caller's back at its end.
CALLERS = "callers text := coalesce(current_setting('app.organization_id', true), '');"
GIVE_BACK = "PERFORM set_config('app.organization_id', callers, true);"
BEGIN_LIST = """PERFORM public.platform_operator(operator_session);
    PERFORM set_config('app.organization_id', '', true), set_config('app.directory', 'on', true);"""
END_LIST = f"PERFORM set_config('app.directory', '', true);\n    {GIVE_BACK}"

# Numbers about one organization, and nothing that anybody wrote. Only the doors below may call it.
FIGURES = f"""
CREATE FUNCTION platform_figures(organization uuid, since timestamptz, till timestamptz) RETURNS TABLE (
    members bigint, channels bigint, messages_in bigint, messages_out bigint, last_activity timestamptz
) LANGUAGE plpgsql {SAFE} AS $$
DECLARE
    {CALLERS}
BEGIN
    PERFORM set_config('app.organization_id', organization::text, true);
    RETURN QUERY SELECT
        (SELECT count(*) FROM public.membership m WHERE m.organization_id = organization AND m.is_active),
        (SELECT count(*) FROM public.channel c WHERE c.organization_id = organization AND c.archived_at IS NULL),
        count(*) FILTER (WHERE x.direction = 'in'), count(*) FILTER (WHERE x.direction = 'out'),
        (SELECT max(l.occurred_at) FROM public.message l WHERE l.organization_id = organization)
        FROM public.message x
        WHERE x.organization_id = organization AND x.occurred_at >= since AND x.occurred_at < till;
    {GIVE_BACK}
END $$
"""

LIST = f"""
CREATE FUNCTION platform_organizations(
    operator_session uuid, words varchar, wanted varchar, before uuid, most integer
) RETURNS TABLE (
    id uuid, name varchar, slug varchar, state varchar, state_since timestamptz, created_at timestamptz,
    members bigint, channels bigint, messages bigint, last_activity timestamptz
) {DOOR}
DECLARE
    {CALLERS}
    one public.organization;
BEGIN
    {BEGIN_LIST}
    FOR one IN SELECT o.* FROM public.organization o
        WHERE (words = '' OR strpos(lower(o.name), lower(words)) > 0 OR strpos(o.slug, lower(words)) > 0
               OR o.id::text = lower(words))
        AND (wanted = '' OR o.state = wanted) AND (before IS NULL OR o.id < before)
        ORDER BY o.id DESC LIMIT most
    LOOP
        RETURN QUERY SELECT one.id, one.name, one.slug, one.state, one.state_since, one.created_at,
            f.members, f.channels, f.messages_in + f.messages_out, f.last_activity
            FROM public.platform_figures(one.id, date_trunc('month', now(), one.time_zone), 'infinity') f;
    END LOOP;
    {END_LIST}
END $$
"""

DETAIL = f"""
CREATE FUNCTION platform_organization(operator_session uuid, organization uuid) RETURNS TABLE (
    id uuid, name varchar, slug varchar, state varchar, state_since timestamptz, state_reason varchar,
    created_at timestamptz, time_zone varchar, currency varchar, locale varchar,
    members bigint, channels bigint, messages_in bigint, messages_out bigint, last_activity timestamptz,
    contacts bigint, deals bigint, stored_bytes bigint, failed_messages bigint, failed_events bigint, waiting bigint
) {DOOR}
DECLARE
    {CALLERS}
BEGIN
    PERFORM public.platform_operator(operator_session);
    PERFORM set_config('app.organization_id', organization::text, true);
    RETURN QUERY SELECT o.id, o.name, o.slug, o.state, o.state_since, o.state_reason, o.created_at, o.time_zone,
        o.currency, o.locale, f.members, f.channels, f.messages_in, f.messages_out, f.last_activity,
        (SELECT count(*) FROM public.contact c WHERE c.organization_id = o.id AND c.archived_at IS NULL),
        (SELECT count(*) FROM public.deal d WHERE d.organization_id = o.id AND d.archived_at IS NULL),
        (SELECT coalesce(sum(a.size_bytes), 0)::bigint FROM public.attachment a WHERE a.organization_id = o.id),
        (SELECT count(*) FROM public.message m WHERE m.organization_id = o.id AND m.status = 'failed'),
        (SELECT count(*) FROM public.inbound_event e WHERE e.organization_id = o.id AND e.status = 'failed'),
        (SELECT count(*) FROM public.procrastinate_jobs j WHERE j.status = 'todo'
         AND j.args->>'organization_id' = o.id::text)
        FROM public.organization o,
        LATERAL public.platform_figures(o.id, date_trunc('month', now(), o.time_zone), 'infinity') f
        WHERE o.id = organization;
    {GIVE_BACK}
END $$
"""

OWNERS = f"""
CREATE FUNCTION platform_owners(operator_session uuid, organization uuid) RETURNS TABLE (
    name varchar, email varchar, last_seen_at timestamptz
) {DOOR}
DECLARE
    {CALLERS}
BEGIN
    PERFORM public.platform_operator(operator_session);
    PERFORM set_config('app.organization_id', organization::text, true);
    RETURN QUERY SELECT u.name, u.email, (SELECT max(s.last_seen_at) FROM public.user_session s
            WHERE s.user_id = u.id AND s.organization_id = organization)
        FROM public.membership m JOIN public.app_user u ON u.id = m.user_id
        WHERE m.organization_id = organization AND m.role = 'owner' AND m.is_active ORDER BY m.created_at, u.id;
    {GIVE_BACK}
END $$
"""

STEPS = f"""
CREATE FUNCTION platform_steps(operator_session uuid, organization uuid) RETURNS TABLE (
    created_at timestamptz, before varchar, after varchar, reason varchar, by_name varchar
) {DOOR}
DECLARE
    {CALLERS}
BEGIN
    PERFORM public.platform_operator(operator_session);
    PERFORM set_config('app.organization_id', organization::text, true);
    RETURN QUERY SELECT s.created_at, s.before, s.after, s.reason, coalesce(u.name, '')
        FROM public.life_cycle_step s LEFT JOIN public.app_user u ON u.id = s.by_user
        WHERE s.organization_id = organization ORDER BY s.created_at DESC, s.id LIMIT 200;
    {GIVE_BACK}
END $$
"""

USAGE = f"""
CREATE FUNCTION platform_usage(operator_session uuid, month date) RETURNS TABLE (
    id uuid, name varchar, state varchar, members bigint, channels bigint, messages_in bigint, messages_out bigint,
    previous bigint
) {DOOR}
DECLARE
    {CALLERS}
    one public.organization;
BEGIN
    {BEGIN_LIST}
    FOR one IN SELECT o.* FROM public.organization o ORDER BY o.id LOOP
        RETURN QUERY SELECT one.id, one.name, one.state, f.members, f.channels, f.messages_in, f.messages_out,
            p.messages_in + p.messages_out
            FROM public.platform_figures(one.id, month::timestamp AT TIME ZONE one.time_zone,
                (month + interval '1 month')::timestamp AT TIME ZONE one.time_zone) f,
            public.platform_figures(one.id, (month - interval '1 month')::timestamp AT TIME ZONE one.time_zone,
                month::timestamp AT TIME ZONE one.time_zone) p;
    END LOOP;
    {END_LIST}
END $$
"""

DEAD_LETTERS = f"""
CREATE FUNCTION platform_dead_letters(operator_session uuid) RETURNS TABLE (messages bigint, events bigint) {DOOR}
DECLARE
    {CALLERS}
    known uuid[];
    one uuid;
    more_messages bigint;
    more_events bigint;
BEGIN
    {BEGIN_LIST}
    known := ARRAY(SELECT o.id FROM public.organization o);
    messages := 0;
    events := 0;
    FOREACH one IN ARRAY known LOOP
        PERFORM set_config('app.organization_id', one::text, true);
        SELECT count(*) INTO more_messages FROM public.message m WHERE m.organization_id = one AND m.status = 'failed';
        SELECT count(*) INTO more_events FROM public.inbound_event e
            WHERE e.organization_id = one AND e.status = 'failed';
        messages := messages + more_messages;
        events := events + more_events;
    END LOOP;
    {END_LIST}
    RETURN NEXT;
END $$
"""

# What an administrator of the platform does; the application only ever adds to it.
NOTE = f"""
CREATE FUNCTION platform_note(
    person uuid, what varchar, about uuid, was jsonb, became jsonb, address varchar, trace varchar
) RETURNS void {DOOR}
BEGIN
    IF NOT public.is_platform_admin(person) THEN
        RAISE EXCEPTION 'not an administrator of the platform' USING ERRCODE = 'insufficient_privilege';
    END IF;
    INSERT INTO public.platform_entry (id, created_at, user_id, action, concerns, before, after, ip, trace_id)
        VALUES (gen_random_uuid(), clock_timestamp(), person, what, about, was, became, address, trace);
END $$
"""

ENTRIES = f"""
CREATE FUNCTION platform_entries(operator_session uuid, till timestamptz, most integer) RETURNS TABLE (
    id uuid, created_at timestamptz, user_name varchar, action varchar, concerns uuid, organization varchar,
    before jsonb, after jsonb, ip varchar, trace_id varchar
) {DOOR}
DECLARE
    {CALLERS}
BEGIN
    {BEGIN_LIST}
    RETURN QUERY SELECT e.id, e.created_at, coalesce(u.name, ''), e.action, e.concerns, coalesce(o.name, ''),
        e.before, e.after, e.ip, e.trace_id
        FROM public.platform_entry e LEFT JOIN public.app_user u ON u.id = e.user_id
        LEFT JOIN public.organization o ON o.id = e.concerns
        WHERE e.created_at < till ORDER BY e.created_at DESC, e.id LIMIT most;
    {END_LIST}
END $$
"""

KEEP = f"""
CREATE FUNCTION platform_entry_keep() RETURNS trigger LANGUAGE plpgsql {SAFE} AS $$
BEGIN
    RAISE EXCEPTION 'the record of the platform is append-only: % refused', TG_OP
        USING ERRCODE = 'insufficient_privilege';
END $$
"""

DOORS = {
    "platform_organizations(uuid, varchar, varchar, uuid, integer)": LIST,
    "platform_organization(uuid, uuid)": DETAIL,
    "platform_owners(uuid, uuid)": OWNERS,
    "platform_steps(uuid, uuid)": STEPS,
    "platform_usage(uuid, date)": USAGE,
    "platform_dead_letters(uuid)": DEAD_LETTERS,
    "platform_note(uuid, varchar, uuid, jsonb, jsonb, varchar, varchar)": NOTE,
    "platform_entries(uuid, timestamptz, integer)": ENTRIES,
}


def upgrade() -> None:
    """Apply."""
    op.execute("SET LOCAL lock_timeout = '5s'")
    op.execute("ALTER TABLE user_session ALTER COLUMN organization_id DROP NOT NULL")
    op.execute(
        """
        CREATE TABLE platform_entry (
            id uuid PRIMARY KEY,
            created_at timestamptz NOT NULL,
            user_id uuid,
            action varchar(60) NOT NULL,
            concerns uuid,
            before jsonb,
            after jsonb,
            ip varchar(64) NOT NULL,
            trace_id varchar(64) NOT NULL
        )
        """
    )
    op.execute("CREATE INDEX ix_platform_entry_recent ON platform_entry (created_at DESC, id)")
    op.execute(KEEP)
    op.execute(
        "CREATE TRIGGER platform_entry_keep BEFORE UPDATE OR DELETE OR TRUNCATE ON platform_entry "
        "EXECUTE FUNCTION platform_entry_keep()"
    )
    op.execute(FIGURES)
    op.execute("REVOKE EXECUTE ON FUNCTION platform_figures(uuid, timestamptz, timestamptz) FROM PUBLIC")
    for signature, door in DOORS.items():
        op.execute(door)
        op.execute(f"REVOKE EXECUTE ON FUNCTION {signature} FROM PUBLIC")
        op.execute(f"GRANT EXECUTE ON FUNCTION {signature} TO prumo_app")


def downgrade() -> None:
    """Take back: the record of the platform goes, and sessions outside of every organization end."""
    for signature in DOORS:
        op.execute(f"DROP FUNCTION {signature}")
    op.execute("DROP FUNCTION platform_figures(uuid, timestamptz, timestamptz)")
    op.execute("DROP TABLE platform_entry")
    op.execute("DROP FUNCTION platform_entry_keep")
    op.execute("DELETE FROM user_session WHERE organization_id IS NULL")
    op.execute("ALTER TABLE user_session ALTER COLUMN organization_id SET NOT NULL")
