"""Whoever needs a permission to change something leaves an entry in the audit trail, readable as a sentence.

A new use case that demands a permission to write audits, or stands below with the reason why not.
"""

from crm_app.core.i18n import has_sentence
from tests.architecture.auditing import acts, auditing, demanding, words_written
from tests.architecture.source import Source, sources

READS_ONLY = {
    "accounts.factors.policy.read_factor_roles": "reads",
    "accounts.members.service.count_holdings": "reads",
    "accounts.invitations.service.list_invitations": "reads",
    "accounts.members.service.get_person": "reads",
    "accounts.members.service.list_people": "reads",
    "accounts.members.ownership.find_offer": "reads",
    "accounts.roles.service.get_role": "reads",
    "accounts.roles.service.list_roles": "reads",
    "accounts.members.seats.count_seats": "reads",
    "accounts.roles.teams.list_teams": "reads",
    "channels.service.count_channels": "reads",
    "channels.event_log.load_inbound_event": "reads, for the job",
    "channels.service.read_configuration": "reads",
    "explain.rules.explain_owner": "explains what one may do",
    "explain.service.explain_access": "explains what one may do",
    "modules.service.read_modules": "reads",
    "onboarding.service.get_checklist": "reads",
    "sso.settings.read_provider": "reads",
}
WRITTEN_ELSEWHERE = {
    "accounts.members.holdings.give_all": "a step of members.hand_over and remove_member, which audit",
    "accounts.members.holdings.give_back": "a step of members.undo_hand_over, which audits",
    "accounts.entry.sso_only.require_sso": "a step of sso.settings, which audits",
    "contacts.timeline.add_note": "is itself a line in the contact's timeline, with author and time",
    "contacts.timeline.record_activity": "is itself a line in the contact's timeline",
    "inbox.services.conversations.start_conversation": "the message in it is its own record, with its author",
    "inbox.services.sending.add_note": "a note is its own record, with its author",
}
THE_SYSTEM_ITSELF = {
    "channels.event_log.forget_old_events": "a job: upkeep",
    "channels.event_log.mark_failed": "a job: the event keeps its own error",
    "inbox.services.upkeep.drop_unsent_files": "a job: upkeep",
    "inbox.services.upkeep.forget_early_reports": "a job: upkeep",
}
NOT_CRITICAL = {
    "inbox.services.access.access_to_write": "only asks whether one may",
    "inbox.services.conversations.announce_typing": "a sign of a moment",
    "inbox.services.conversations.mark_answered": "the counter of one's own unread messages",
    "inbox.services.conversations.mark_read": "the counter of one's own unread messages",
    "inbox.services.conversations.mark_unread": "the counter of one's own unread messages",
    "inbox.services.media.store_upload": "nothing is sent yet; forgotten after a day",
    "inbox.services.sending.undo_send": "one's own message, before it left",
    "pipeline.moving.access_deal": "only asks whether one may",
}
SIMULATOR = {
    f"channels.simulator.service.{name}": "the demo's telephone, not the organization's data"
    for name in (
        "customer_reads", "customer_sends", "customer_types", "list_phone_messages", "list_phones", "open_phone",
        "react", "read_phone_file", "say_first", "start_script", "stop_script", "switch_phone",
    )
}  # fmt: skip
WITHOUT_AN_ENTRY = READS_ONLY | WRITTEN_ELSEWHERE | THE_SYSTEM_ITSELF | NOT_CRITICAL | SIMULATOR


def silent(files: tuple[Source, ...]) -> set[str]:
    """Return public functions that demand a permission to write and leave no entry."""
    found = acts(files)
    writes, notes = demanding(found), auditing(found)
    return {
        f"{act.module}.{act.name}"
        for act in found
        if act.public and (act.module, act.name) in writes and (act.module, act.name) not in notes
    }


def test_who_needs_a_permission_to_write_audits() -> None:
    assert silent(sources()) == set(WITHOUT_AN_ENTRY)


def test_every_action_has_a_sentence() -> None:
    found = words_written(acts(sources()))
    assert len(found) > 40
    dumb = {name for name in found if not has_sentence(f"audit.action.{name.replace('.', '_')}")}
    assert not dumb, f"add audit.action.<name> to both catalogues, and <kind>: {sorted(dumb)}"


def test_the_checks_can_fail() -> None:
    text = """
NEEDED = "things.write"
async def quiet(session, actor):
    actor.require("things.write")
async def named(session, actor):
    actor.require(NEEDED)
async def through(session, actor):
    await _load(session, actor)
async def _load(session, actor):
    actor.require("things.write")
async def reads(session, actor):
    actor.require("things.read")
async def loud(session, actor):
    actor.require("things.write")
    await audit(session, actor, "thing.change", "thing")
async def helped(session, actor):
    actor.require("things.write")
    await _note(session, actor, "thing.remove")
async def _note(session, actor, action):
    await accounts.audit(session, actor, action, "thing")
"""
    files = (Source("crm_app/domains/things/service.py", text),)
    assert silent(files) == {f"things.service.{name}" for name in ("quiet", "named", "through")}
    assert words_written(acts(files)) == {"thing.change", "thing.remove"}
