"""/health, at the root: can the warehouse be read?"""

from __future__ import annotations

from litestar import get
from litestar.datastructures import State

from api.common import SERVER_ERROR, TheWarehouse
from api.models import Health, shaped


@get(
    "/health",
    sync_to_thread=True,
    tags=["Health"],
    summary="Can the warehouse be read?",
    responses=SERVER_ERROR,
)
def health(warehouse: TheWarehouse, state: State) -> Health:
    """200 while the warehouse can be read; `troubled` tells that something beside it should be looked at."""
    return shaped(Health, warehouse.health(state.workers))
