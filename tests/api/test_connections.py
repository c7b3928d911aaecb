"""What the listening socket hands on to its connections."""

from __future__ import annotations

import socket

from api import server
from warehouse.settings import Settings


def test_answers_on_a_kept_connection_do_not_wait_for_acknowledgements() -> None:
    with (
        server.bind(Settings(port=0)) as listener,
        socket.create_connection(listener.getsockname()),
        listener.accept()[0] as connection,
    ):
        assert connection.getsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY)
