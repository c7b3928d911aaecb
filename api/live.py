"""GET /live: what happens, told as it happens, as Server-Sent Events.

One task per process looks for changes while anybody listens, however many they are.
"""

from __future__ import annotations

import asyncio
import logging
from collections.abc import AsyncIterator
from typing import Any

import msgspec
from litestar import Request, get
from litestar.response import ServerSentEvent, ServerSentEventMessage

from api.common import SERVER_ERROR
from api.models import LogEntry, shaped
from warehouse.logquery import LogFilter
from warehouse.service import Warehouse
from warehouse.worker import log_failure

log = logging.getLogger("api.live")

#: Seconds between looks at the manifest (0.1 ms each), and between signs of life to those who listen.
_LOOK = 0.5
_ALIVE = 15.0
#: Lines that are told of at once, and events that wait for one listener: a slow one starts anew.
_LINES = 50
_WAITING = 100


class LiveHub:
    """Tells every listener of each new generation, of the alerts, and of the newest log lines."""

    def __init__(self, warehouse: Warehouse) -> None:
        self._warehouse = warehouse
        self._listeners: set[asyncio.Queue[ServerSentEventMessage | None]] = set()
        self._task: asyncio.Task[None] | None = None
        self._pulse: dict[str, Any] = {}
        self._newest = 0

    def close(self) -> None:
        """End every stream, so that the server can stop."""
        if self._task is not None:
            self._task.cancel()
        for queue in self._listeners:
            _end(queue)

    async def listen(self, last_id: str | None) -> AsyncIterator[ServerSentEventMessage]:
        """The events for one listener; who has seen `last_id` is told at once what it missed since."""
        queue: asyncio.Queue[ServerSentEventMessage | None] = asyncio.Queue(_WAITING)
        self._listeners.add(queue)
        if self._task is None or self._task.done():
            self._task = asyncio.create_task(self._watch())
        try:
            pulse = await asyncio.to_thread(self._warehouse.pulse)
            if str(pulse["generation"]) != last_id:
                yield _event("generation", pulse, pulse["generation"])
            while True:
                try:
                    message = await asyncio.wait_for(queue.get(), _ALIVE)
                except TimeoutError:
                    yield ServerSentEventMessage(comment="alive")
                    continue
                if message is None:
                    return
                yield message
        finally:
            self._listeners.discard(queue)

    async def _watch(self) -> None:
        self._pulse = {}
        while self._listeners:
            try:
                await self._look()
            except Exception as error:  # noqa: BLE001 - it must not end what comes after
                log_failure(log, "nobody can be told what happens", error)
            await asyncio.sleep(_LOOK)

    async def _look(self) -> None:
        pulse, before = await asyncio.to_thread(self._warehouse.pulse), self._pulse
        if pulse == before:
            return
        self._pulse = pulse
        committed = pulse["generation"] != before.get("generation")
        if before:
            self._tell(_event("generation" if committed else "alerts", pulse, pulse["generation"]))
        if committed:
            latest = await self._latest()
            fresh = [shaped(LogEntry, entry) for entry in latest if entry["timestamp"] > self._newest]
            self._newest = max((entry["timestamp"] for entry in latest), default=0)
            if before and fresh:
                self._tell(_event("lines", {"logs": fresh}, pulse["generation"]))

    async def _latest(self) -> list[dict[str, Any]]:
        found = await asyncio.to_thread(self._warehouse.logs, LogFilter(limit=_LINES))
        latest: list[dict[str, Any]] = found["logs"]
        return latest

    def _tell(self, message: ServerSentEventMessage) -> None:
        for queue in self._listeners:
            if queue.full():
                # Its connection stands still: it comes again with Last-Event-ID.
                _end(queue)
            else:
                queue.put_nowait(message)


def _end(queue: asyncio.Queue[ServerSentEventMessage | None]) -> None:
    if queue.full():
        queue.get_nowait()
    queue.put_nowait(None)


def _event(name: str, data: Any, number: int) -> ServerSentEventMessage:
    return ServerSentEventMessage(data=msgspec.json.encode(data).decode(), event=name, id=number)


@get(
    "/live",
    tags=["Live"],
    summary="What happens, as it happens",
    responses=SERVER_ERROR,
    media_type="text/event-stream",
)
async def live(request: Request[Any, Any, Any]) -> ServerSentEvent:
    """Events `generation` (a commit), `alerts` and `lines` (new log entries); resumes with Last-Event-ID."""
    hub: LiveHub = request.app.state.live
    return ServerSentEvent(hub.listen(request.headers.get("last-event-id")))
