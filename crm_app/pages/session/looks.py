"""What support looks at, for the visited organization's trail."""

from crm_app.core.database import system_unit_of_work
from crm_app.core.tenancy import VisitKind
from crm_app.core.visiting import reading_only
from crm_app.domains.accounts.visits import support as support_visits
from crm_app.pages.current import current_actor


async def note_look(page: str) -> None:
    """Write down that support has opened a screen; of anybody else nothing is written."""
    actor = current_actor()
    if actor.visit is None or actor.visit.kind is not VisitKind.SUPPORT:
        return
    with reading_only(False):
        async with system_unit_of_work() as session:
            await support_visits.note_look(session, actor.organization_id, page)
