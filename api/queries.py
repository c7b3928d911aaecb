"""GET /queries/{name}: the SQL behind an answer."""

from __future__ import annotations

from typing import Annotated, Literal

from litestar import get
from litestar.params import PathParameter, QueryParameter

from api.common import BAD_PARAMETER, NOT_FOUND, SERVER_ERROR
from warehouse import sqlfiles
from warehouse.errors import NotFoundError


@get(
    "/queries/{name:str}",
    sync_to_thread=True,
    tags=["SQL"],
    summary="The SQL behind an answer",
    responses=BAD_PARAMETER | NOT_FOUND | SERVER_ERROR,
    media_type="text/plain",
)
def query(
    name: Annotated[str, PathParameter(description="A file of the folder, without its ending.")],
    folder: Annotated[
        Literal["endpoints", "audits", "manifest", "recommendations"],
        QueryParameter(description="The folder of sql/ that it lies in."),
    ] = "endpoints",
) -> str:
    """The text of one query of sql/. Its parameters are named as $hours."""
    if name not in sqlfiles.names(folder):
        raise NotFoundError(f"there is no query {name[:80]!r} in {folder}")
    return sqlfiles.read(folder, name)
