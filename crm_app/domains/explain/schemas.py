"""Why somebody sees a record, or does not."""

from enum import StrEnum
from uuid import UUID

from pydantic import BaseModel, ConfigDict


class RecordKind(StrEnum):
    """What can be asked about."""

    DEAL = "deal"
    CONVERSATION = "conversation"
    CONTACT = "contact"


class Rule(BaseModel):
    """One rule and whether it shows the record. `key` names the sentence `explain.<key>`, `name` fills it."""

    model_config = ConfigDict(frozen=True)

    key: str
    shows: bool
    name: str = ""


class Explanation(BaseModel):
    """Whether a member sees a record: when any rule shows it. The rules stand in the order in which they count."""

    model_config = ConfigDict(frozen=True)

    kind: RecordKind
    record_id: UUID
    title: str
    member: str
    visible: bool
    rules: tuple[Rule, ...]
