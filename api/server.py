"""Binds the port and runs the application until SIGTERM or SIGINT."""

from __future__ import annotations

import errno
import signal
import socket
from collections.abc import Iterator
from contextlib import closing, contextmanager
from typing import Any

import click
import uvicorn

from api import errorlog
from api.app import create_app
from api.paths import DASHBOARD, DOCS, PREFIX
from warehouse.errors import SettingError, UnavailableError
from warehouse.service import Warehouse
from warehouse.settings import Settings
from warehouse.worker import Worker

_GRACE_SECONDS = 10
_BACKLOG = 2048


def bind(settings: Settings) -> socket.socket:
    """A listening socket.

    Raises SettingError for an address that is not ours, UnavailableError when the port is taken.
    """
    family = socket.AF_INET6 if ":" in settings.host else socket.AF_INET
    try:
        listener = socket.create_server(
            (settings.host.strip("[]"), settings.port), family=family, backlog=_BACKLOG
        )
        # asyncio sets this only on sockets that it made: without it the body of each answer waits for the
        # client to acknowledge the headers, 40 ms on a connection that is kept open.
        listener.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        return listener
    except UnicodeError as error:  # a name that the domain name system cannot hold
        raise _not_ours(settings, "it is no host name") from error
    except OSError as error:
        if error.errno == errno.EADDRINUSE:
            raise UnavailableError(
                f"port {settings.port} on {settings.host} is in use",
                hint="stop what uses it, or choose another with --port or WAREHOUSE_PORT",
            ) from error
        if error.errno == errno.EACCES:
            raise SettingError(
                f"port {settings.port} needs more rights",
                hint="choose one above 1023",
                field="WAREHOUSE_PORT",
            ) from error
        raise _not_ours(settings, error.strerror or str(error)) from error


def _not_ours(settings: Settings, reason: str) -> SettingError:
    return SettingError(
        f"{settings.host} cannot be bound: {reason}",
        hint="WAREHOUSE_HOST takes an address of this machine, for example 127.0.0.1",
        field="WAREHOUSE_HOST",
    )


def serve(settings: Settings, listener: socket.socket) -> None:
    """Serve on a bound socket; returns after SIGTERM or SIGINT, when the open requests are answered.

    Raises UnavailableError when the warehouse cannot be opened, SettingError for a schedule that is none.
    """
    errorlog.configure(settings)
    # Opened here and not by the application, so that a damaged one is an error like every other's and not
    # the traceback of a start that failed.
    with (
        listener,
        closing(Warehouse(settings)) as warehouse,
        _scheduled(settings) as scheduled,
        _alerting(settings, warehouse) as alerting,
    ):
        config = uvicorn.Config(
            create_app(settings, warehouse, [*scheduled, *alerting]),
            log_config=None,
            access_log=False,
            server_header=False,
            lifespan="on",
            timeout_graceful_shutdown=_GRACE_SECONDS,
        )
        server = _Server(config, _address(settings, listener))
        server.run(sockets=[listener])
    if not server.was_ready:
        raise UnavailableError("the server could not start", hint="the lines above say why")


@contextmanager
def _scheduled(settings: Settings) -> Iterator[list[Worker]]:
    """Sync beside the serving whenever WAREHOUSE_SCHEDULE says so. Raises SettingError for a wrong one."""
    if not settings.schedule:
        yield []
        return
    from warehouse.unattended.plan import planned
    from warehouse.unattended.scheduler import Scheduler

    plan = planned(settings)
    assert plan is not None
    with _beside(Worker("schedule", Scheduler(settings, plan))) as worker:
        yield [worker]


@contextmanager
def _alerting(settings: Settings, warehouse: Warehouse) -> Iterator[list[Worker]]:
    """Test the alert rules beside the serving. Raises SettingError for channels that cannot be."""
    from warehouse.alerts.channels import channels
    from warehouse.alerts.watch import Clock

    channels(settings)
    if not settings.alert_seconds:
        yield []
        return
    with _beside(Worker("alerts", Clock(warehouse.alert_book, settings.alert_seconds))) as worker:
        yield [worker]


@contextmanager
def _beside(worker: Worker) -> Iterator[Worker]:
    worker.start()
    try:
        yield worker
    finally:
        worker.stop()


def _address(settings: Settings, listener: socket.socket) -> str:
    """What to type into a browser; an IPv6 address stands in brackets, however it was given."""
    name = settings.host.strip("[]")
    host = f"[{name}]" if ":" in name else name
    return f"http://{host}:{listener.getsockname()[1]}"


class _Server(uvicorn.Server):
    """Says when it is ready, and ends with exit code 0 when it is told to stop."""

    def __init__(self, config: uvicorn.Config, base: str) -> None:
        super().__init__(config)
        self._base = base
        self.was_ready = False

    async def shutdown(self, sockets: list[socket.socket] | None = None) -> None:
        """As the base class, which waits for open requests: streams of events would never end."""
        app: Any = self.config.app
        app.state.live.close()
        await super().shutdown(sockets)

    async def startup(self, sockets: list[socket.socket] | None = None) -> None:
        await super().startup(sockets)
        if self.started:
            self.was_ready = True
            base = self._base
            click.echo(f"Dashboard  {base}{DASHBOARD}", err=True)
            click.echo(f"API        {base}{PREFIX}  (described at {base}{DOCS})", err=True)
            click.echo("Ctrl-C stops the server.", err=True)

    @contextmanager
    def capture_signals(self) -> Iterator[None]:
        """As the base class, but a signal is not raised again: a stop on demand is no failure."""
        before = {
            number: signal.signal(number, self.handle_exit) for number in (signal.SIGINT, signal.SIGTERM)
        }
        try:
            yield
        finally:
            for number, handler in before.items():
                signal.signal(number, handler)
