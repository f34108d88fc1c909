"""Lists by cursor: the same two parameters and the same two fields in every list of the API."""

from typing import Annotated, Generic, TypeVar

from fastapi import Query
from pydantic import BaseModel, Field

from crm_app.core.repository import Page

Item = TypeVar("Item")

MAX_PAGE_SIZE = 200

Cursor = Annotated[
    str | None,
    Query(max_length=1000, description="`next_cursor` of the page before; leave it out for the first page."),
]
Limit = Annotated[int, Query(ge=1, le=MAX_PAGE_SIZE, description="How many items at most.")]


class PageView(BaseModel, Generic[Item]):
    """A window of a list."""

    items: list[Item]
    next_cursor: str | None = Field(description="Pass it as `cursor` for the next page; null on the last one.")


def page_view(page: Page[Item]) -> PageView[Item]:
    """Turn a service's page into the answer."""
    return PageView.model_construct(items=list(page.items), next_cursor=page.next_cursor)
