"""Which contacts somebody sees.

A contact is seen by its owner, and by whoever sees one of its deals or conversations: they see with whom it is. A
contact without owner, deal and conversation is nobody's. Deals and conversations are named by their tables, as in
foreign keys, so that nothing is imported from above.
"""

import json
from dataclasses import dataclass

from crm_app.core.sight import UNLIMITED, Condition, Sight
from crm_app.core.tenancy import Actor
from crm_app.domains.accounts.roles.sights import sight_of_contacts, sight_of_conversations, sight_of_deals


@dataclass(frozen=True, slots=True)
class ContactSight:
    """Whose contacts, deals and conversations make a contact seen."""

    contacts: Sight
    deals: Sight
    conversations: Sight

    @property
    def everything(self) -> bool:
        """Tell whether no contact is hidden."""
        return self.contacts.everything

    def as_json(self) -> str | None:
        """Return what the database's search takes; None when no contact is hidden."""
        if self.everything:
            return None
        kinds = {"contacts": self.contacts, "deals": self.deals, "conversations": self.conversations}
        return json.dumps({name: sight.as_json() for name, sight in kinds.items()})

    def where(self, alias: str = "contact") -> Condition:
        """Return the condition on a row of `contact` that goes by `alias` in the statement."""
        if self.contacts.everything:
            return UNLIMITED
        owned, values = Sight(self.contacts.people, nobody=False).where(f"{alias}.owner_id", "contacts_seen")
        ways = [
            owned.removeprefix("AND "),
            _through("deal", "reach_deal", alias, self.deals.where("reach_deal.owner_id", "deals_seen")),
            _through(
                "conversation",
                "reach_talk",
                alias,
                self.conversations.where("reach_talk.assignee_id", "conversations_seen"),
            ),
        ]
        if self.contacts.nobody:
            ways.append(
                f"({alias}.owner_id IS NULL AND NOT {_through('deal', 'reach_deal', alias, UNLIMITED)}"
                f" AND NOT {_through('conversation', 'reach_talk', alias, UNLIMITED)})"
            )
        values = values | self.deals.where("reach_deal.owner_id", "deals_seen")[1]
        values = values | self.conversations.where("reach_talk.assignee_id", "conversations_seen")[1]
        return f"AND ({' OR '.join(ways)})", values


def _through(table: str, name: str, alias: str, seen: Condition) -> str:
    return (
        f"EXISTS (SELECT FROM {table} {name} WHERE {name}.organization_id = {alias}.organization_id "
        f"AND {name}.contact_id = {alias}.id {seen[0]})"
    )


def contact_sight(actor: Actor, permission: str = "contacts.read") -> ContactSight:
    """Return which contacts the actor sees, or may change with `permission`."""
    if permission == "contacts.read":
        return ContactSight(sight_of_contacts(actor), sight_of_deals(actor), sight_of_conversations(actor))
    return ContactSight(
        sight_of_contacts(actor, permission),
        sight_of_deals(actor, "deals.write"),
        sight_of_conversations(actor, "messages.send"),
    )


def activities_seen(sight: ContactSight) -> Condition:
    """Return the condition on lines of a timeline: those about deals and conversations that are seen."""
    found = ""
    values: dict[str, object] = {}
    for kind, table, name, seen in (
        ("deal.", "deal", "reach_deal", sight.deals.where("reach_deal.owner_id", "deals_seen")),
        (
            "conversation.",
            "conversation",
            "reach_talk",
            sight.conversations.where("reach_talk.assignee_id", "conversations_seen"),
        ),
    ):
        if seen[0]:
            found += (
                f" AND (NOT starts_with(activity.kind, '{kind}') OR EXISTS (SELECT FROM {table} {name} WHERE "
                f"{name}.organization_id = activity.organization_id AND {name}.id = activity.entity_id {seen[0]}))"
            )
            values |= seen[1]
    return found.strip(), values
