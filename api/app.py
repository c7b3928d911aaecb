"""Builds the application: routes, errors, the warehouse's life, and the layer around it all."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import AsyncIterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import asynccontextmanager, suppress

from litestar import Litestar, Router
from litestar.config.compression import CompressionConfig
from litestar.datastructures import State
from litestar.di import Provide

from api import kinds, openapi, pages
from api.alerts import AlertsController
from api.analytics import AnalyticsController
from api.boards import BoardsController
from api.costs import CostsController
from api.downloads import DownloadsController
from api.edge import Edge
from api.gaps import GapsController
from api.health import health
from api.live import LiveHub, live
from api.logs import LogsController
from api.outlook import OutlookController
from api.paths import PREFIX
from api.problems import HANDLERS
from api.quarantine import QuarantineController
from api.queries import query
from api.runs import RunsController
from api.storage import StorageController
from api.system import SystemController
from warehouse.service import Warehouse
from warehouse.settings import Settings
from warehouse.worker import Worker, log_failure

log = logging.getLogger("api")

#: Blocking work at the same time; a sync takes one for its whole length.
_THREADS = 16
_MAX_BODY = 64 * 1024
#: Seconds after which rollups are taken into memory: the first answers, which read the files, come before.
_WARM_AFTER = 1.0


async def _warm(warehouse: Warehouse, stopping: asyncio.Event) -> None:
    with suppress(TimeoutError):
        await asyncio.wait_for(stopping.wait(), _WARM_AFTER)
        return
    try:
        await asyncio.to_thread(warehouse.warm)
    except Exception as failure:  # noqa: BLE001 - nobody waits for this; questions read the files then
        log_failure(log, "rollups are not kept in memory", failure)


def create_app(
    settings: Settings, warehouse: Warehouse | None = None, workers: Sequence[Worker] = ()
) -> Litestar:
    """The application over a warehouse: the one given, which stays open, else one of its own.

    `workers` run beside it; `/health` tells how they are.
    """

    @asynccontextmanager
    async def lifespan(app: Litestar) -> AsyncIterator[None]:
        loop = asyncio.get_running_loop()
        threads = ThreadPoolExecutor(_THREADS, thread_name_prefix="api")
        # Not `loop.run_in_executor(threads, …)` per call: the framework uses the loop's default.
        loop.set_default_executor(threads)
        opened = await asyncio.to_thread(Warehouse, settings) if warehouse is None else warehouse
        app.state.warehouse = opened
        app.state.live = LiveHub(opened)
        stopping = asyncio.Event()
        warming = asyncio.create_task(_warm(opened, stopping))
        try:
            yield
        finally:
            stopping.set()
            await warming
            app.state.live.close()
            if warehouse is None:
                await asyncio.to_thread(opened.close)

    def the_warehouse(state: State) -> Warehouse:
        opened: Warehouse = state.warehouse
        return opened

    app = Litestar(
        route_handlers=[
            health,
            kinds.kind,
            Router(
                PREFIX,
                route_handlers=[
                    LogsController,
                    GapsController,
                    QuarantineController,
                    StorageController,
                    RunsController,
                    AnalyticsController,
                    OutlookController,
                    AlertsController,
                    BoardsController,
                    DownloadsController,
                    CostsController,
                    SystemController,
                    live,
                    query,
                ],
            ),
            openapi.openapi_json,
            openapi.openapi_yaml,
            *pages.handlers(),
        ],
        dependencies={"warehouse": Provide(the_warehouse, sync_to_thread=False)},
        exception_handlers=HANDLERS,
        lifespan=[lifespan],
        openapi_config=openapi.config(),
        state=State({"settings": settings, "workers": workers}),
        logging_config=None,
        # Answers of the API are small, and most of its clients take them as they are.
        compression_config=CompressionConfig(backend="gzip", minimum_size=1_000, exclude=[PREFIX]),
        request_max_body_size=_MAX_BODY,
    )
    app.asgi_handler = Edge(app.asgi_handler, settings)
    return app
