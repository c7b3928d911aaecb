"""What the `type` of a problem leads to: one line of JSON about that kind of problem."""

from __future__ import annotations

import inspect
from collections.abc import Iterator
from functools import cache
from http import HTTPStatus
from typing import Annotated

from litestar import get
from litestar.exceptions import NotFoundException
from litestar.params import PathParameter
from msgspec import Struct

from api.paths import PROBLEMS
from api.problems import FAULT_SLUG, FAULT_TITLE, slug_of, status_of
from warehouse.errors import WarehouseError


class Kind(Struct):
    """A kind of problem; `type` and `title` are those of its problems."""

    type: str
    title: str
    status: int
    description: str


@get(PROBLEMS + "/{slug:str}", include_in_schema=False, sync_to_thread=False)
def kind(slug: Annotated[str, PathParameter()]) -> Kind:
    """One kind of problem."""
    found = _kinds().get(slug)
    if found is None:
        raise NotFoundException
    return found


@cache
def _kinds() -> dict[str, Kind]:
    """Every kind by its slug: our own errors, those of HTTP itself, and faults of ours."""
    kinds = {slug_of(status): Kind("", status.phrase, status, status.description) for status in _refusals()}
    kinds[FAULT_SLUG] = Kind(
        "", FAULT_TITLE, HTTPStatus.INTERNAL_SERVER_ERROR, "The server's log tells why, under the requestId."
    )
    for error in _and_below(WarehouseError):
        kinds[error.slug] = Kind("", error.title, status_of(error), _described(error))
    for slug, one in kinds.items():
        one.type = f"{PROBLEMS}/{slug}"
        one.description = one.description or one.title
    return kinds


def _refusals() -> Iterator[HTTPStatus]:
    return (status for status in HTTPStatus if 400 <= status < 500)


def _and_below(error: type[WarehouseError]) -> Iterator[type[WarehouseError]]:
    yield error
    for each in error.__subclasses__():
        yield from _and_below(each)


def _described(error: type[WarehouseError]) -> str:
    """The first paragraph of a class's docstring, without what it tells programmers about `field`."""
    paragraph = (inspect.cleandoc(error.__doc__ or "")).partition("\n\n")[0]
    text, _, about_field = " ".join(paragraph.split()).partition("; `field` is ")
    return f"{text}." if about_field else text
