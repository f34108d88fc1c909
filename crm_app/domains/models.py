"""All tables of the house, imported once so that the metadata is whole (Alembic, tests, foreign keys)."""

from sqlmodel import SQLModel

from crm_app.core.mail import models as mail
from crm_app.domains.accounts import models as accounts
from crm_app.domains.accounts.factors import models as factors
from crm_app.domains.accounts.roles import models as roles
from crm_app.domains.accounts.visits import models as visits
from crm_app.domains.channels import models as channels
from crm_app.domains.contacts import models as contacts
from crm_app.domains.inbox import models as inbox
from crm_app.domains.pipeline import models as pipeline
from crm_app.domains.plans import models as plans
from crm_app.domains.sso import models as sso

metadata = SQLModel.metadata

__all__ = [
    "accounts",
    "channels",
    "contacts",
    "factors",
    "inbox",
    "mail",
    "metadata",
    "pipeline",
    "plans",
    "roles",
    "sso",
    "visits",
]
