"""The guard of the embedded S3 server: a small process that never lets the server outlive its users.

Run as a script by `warehouse.embedded`, with the standard library only:

    embedded_guard.py USERS_LOCK SERVER_LOCK_FD PORTS -- COMMAND...

Every process that uses the store holds a shared lock on the file USERS_LOCK. The kernel drops that lock
however the process ends, `kill -9` included. As soon as the guard gets the lock for itself nobody is
left, and it stops the server. SERVER_LOCK_FD is an open, locked file; guard and server both keep it, so
the lock is free exactly when the server is gone. On Linux the server also dies with the guard.
"""

from __future__ import annotations

import ctypes
import fcntl
import os
import signal
import subprocess
import sys
import time
from pathlib import Path

POLL_SECONDS = 0.2
GRACE_SECONDS = 8.0
"""How long the server may take to stop on SIGTERM (it takes 1 to 4 s) before SIGKILL."""
GRPC_OFFSET = 10_000
_PR_SET_PDEATHSIG = 1


def _start(command: list[str], lock_fd: int) -> subprocess.Popen[bytes]:
    """Start the server; on Linux the kernel kills it when this process ends before it."""
    libc = ctypes.CDLL(None, use_errno=True) if sys.platform == "linux" else None
    guard = os.getpid()

    def die_with_guard() -> None:
        if libc is not None:
            libc.prctl(_PR_SET_PDEATHSIG, signal.SIGKILL)
            if os.getppid() != guard:
                os._exit(1)

    return subprocess.Popen(
        command,
        stdin=subprocess.DEVNULL,
        pass_fds=(lock_fd,),
        preexec_fn=die_with_guard,  # noqa: PLW1509 - this process has one thread
    )


def _nobody_is_left(users_fd: int) -> bool:
    try:
        fcntl.flock(users_fd, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except OSError:
        return False
    return True


def _end(server: subprocess.Popen[bytes]) -> None:
    server.terminate()
    try:
        server.wait(GRACE_SECONDS)
    except subprocess.TimeoutExpired:
        server.kill()
        server.wait()


def _remove_sockets(ports: list[int]) -> None:
    """Remove what the server leaves in /tmp (its place for sockets is fixed) when it is killed."""
    for port in ports:
        for number in (port, port + GRPC_OFFSET):
            for socket in Path("/tmp").glob(f"seaweedfs-*-{number}.sock"):  # noqa: S108
                socket.unlink(missing_ok=True)


def main(arguments: list[str]) -> int:
    """Guard one server until it ends, until it is told to stop or until nobody uses it."""
    users_lock, lock_fd, ports, _, *command = arguments
    asked: list[int] = []
    signal.signal(signal.SIGTERM, lambda number, _frame: asked.append(number))
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    users_fd = os.open(users_lock, os.O_RDWR | os.O_CREAT, 0o600)
    server = _start(command, int(lock_fd))
    while server.poll() is None:
        if asked or _nobody_is_left(users_fd):
            _end(server)
            break
        time.sleep(POLL_SECONDS)
    _remove_sockets([int(port) for port in ports.split(",")])
    return server.returncode if server.returncode >= 0 else 128 - server.returncode


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
