"""`warehouse serve`: the API and the dashboard."""

from __future__ import annotations

from collections.abc import Callable
from typing import TypeVar

import click

from api.guards import check_bind
from warehouse.cli.state import State, pass_state

F = TypeVar("F", bound=Callable[..., object])


def address_options(command: F) -> F:
    """The options --host and --port."""
    port = click.option(
        "--port", type=click.IntRange(0, 65_535), help="TCP port, 0 for a free one; wins over WAREHOUSE_PORT."
    )
    host = click.option(
        "--host", metavar="ADDRESS", help="Address to bind; any but loopback needs WAREHOUSE_ADMIN_TOKEN."
    )
    return host(port(command))


@click.command(
    epilog="""\b
Examples:
  warehouse serve
  warehouse serve --port 8080
  WAREHOUSE_ADMIN_TOKEN=... warehouse serve --host 0.0.0.0
"""
)
@address_options
@pass_state
def serve(state: State, host: str | None, port: int | None) -> None:
    """Serve the API and the dashboard over what is in the warehouse, until Ctrl-C or SIGTERM."""
    state.overrides |= {"host": host, "port": port}
    settings = state.settings
    check_bind(settings)
    from api import server

    server.serve(settings, server.bind(settings))
