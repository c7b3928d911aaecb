"""The embedded S3 server: a real one (SeaweedFS, from a PyPI wheel) for the demo and the tests.

It listens on loopback only, with a random key pair per store, and reports to nobody. One directory is
one store; any number of processes share the server that runs on it:

    users.lock        shared lock of every process that uses the store; `embedded_guard` watches it
    server.lock       locked as long as a server of this store runs; whoever gets it may start one
    server.json       process id and ports of the server, written when it answers
    credentials.json  the key pair (mode 0600)
    server.log        what the server of the last start said
    store/            its data

The server stops when its last user has left, however that one ends.
"""

from __future__ import annotations

import fcntl
import os
import secrets
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

import msgspec
from msgspec import Struct

from warehouse import embedded_guard
from warehouse.bucket import Bucket
from warehouse.embedded_system import (
    LOOPBACK,
    all_free,
    find_binary,
    free_ports,
    kill_group,
    open_lock,
    try_lock,
    wait_for,
    write_private,
)
from warehouse.errors import BucketError, ObjectError, UnavailableError
from warehouse.settings import Settings

DEMO_BUCKET = "registry-logs"
REGION = "us-east-1"
START_SECONDS = 90.0
"""How long a start, or waiting for another process's start, may take.

2 s are usual; now and then the server of an old store needs 20 s to find its volumes again."""
STOP_SECONDS = embedded_guard.GRACE_SECONDS + 4

_PROBE_BUCKET = "readiness-probe"
_SERVICES = ("s3", "master", "volume", "filer", "admin")
_ATTEMPTS = 4


class _Keys(Struct, frozen=True):
    access_key_id: str
    secret_access_key: str


class _Server(Struct, frozen=True):
    """What server.json holds: the process group of guard and server, and a port per service."""

    pid: int
    ports: dict[str, int]


class EmbeddedS3:
    """The S3 server on one directory. `start` joins the one that runs already, or starts it.

    `stop` leaves it; the last user to leave stops the server and waits for its end.
    """

    def __init__(self, directory: Path) -> None:
        self.directory = directory.absolute()
        self.log_file = self.directory / "server.log"
        self._users_fd: int | None = None
        self._guard: subprocess.Popen[bytes] | None = None
        self._server: _Server | None = None
        self._keys: _Keys | None = None

    @property
    def endpoint(self) -> str:
        """URL of the S3 API."""
        return f"http://{LOOPBACK}:{self._running().ports['s3']}"

    @property
    def pid(self) -> int:
        """Process id of the guard, which leads the server's process group."""
        return self._running().pid

    @property
    def access_key_id(self) -> str:
        """Key id of this store."""
        return self._pair().access_key_id

    @property
    def secret_access_key(self) -> str:
        """Secret of this store; keep it out of logs and messages."""
        return self._pair().secret_access_key

    def settings(self, settings: Settings, bucket: str = DEMO_BUCKET) -> Settings:
        """`settings` with this server in place of whatever bucket and credentials they name."""
        return msgspec.structs.replace(
            settings,
            bucket=bucket,
            endpoint=self.endpoint,
            access_key_id=self.access_key_id,
            secret_access_key=self.secret_access_key,
            region=REGION,
            account_id=None,
            api_token=None,
            aws_access_key_id=None,
            aws_secret_access_key=None,
        )

    def start(self) -> None:
        """Return when the server has taken and given back an object.

        Raises UnavailableError with the last lines of the server's log.
        """
        if self._users_fd is not None:
            return
        try:
            self.directory.mkdir(parents=True, exist_ok=True, mode=0o700)
            self._users_fd = open_lock(self.directory / "users.lock")
        except OSError as error:
            raise UnavailableError(
                f"the embedded store cannot use {self.directory}: {error.strerror}"
            ) from error
        deadline = time.monotonic() + START_SECONDS
        try:
            # Only a server that is about to end holds this lock alone; it lets go within STOP_SECONDS.
            users_fd = self._users_fd
            wait_for(lambda: try_lock(users_fd, fcntl.LOCK_SH), deadline, self._no_answer)
            wait_for(self._join_or_launch, deadline, self._no_answer)
        except BaseException:
            self.stop()
            raise

    def stop(self) -> None:
        """Leave the server; stop it, and wait until it is gone, if nobody else uses it."""
        users_fd, self._users_fd = self._users_fd, None
        server, self._server = self._server, None
        if users_fd is None:
            return
        try:
            if server is not None and try_lock(users_fd, fcntl.LOCK_EX):
                self._end(server.pid)
        finally:
            os.close(users_fd)
            self._guard = None

    def _join_or_launch(self) -> bool:
        lock_fd = open_lock(self.directory / "server.lock")
        try:
            if try_lock(lock_fd, fcntl.LOCK_EX):
                self._keys = self._read_keys() or self._make_keys()
                self._server = self._launch(lock_fd)
                return True
        finally:
            os.close(lock_fd)
        # Somebody else's server runs, or is being started: it is ready as soon as its state is there.
        self._server, self._keys = self._read_server(), self._read_keys()
        if self._server is not None and self._keys is not None and self._answers(self._server):
            return True
        self._server = None
        return False

    def _launch(self, lock_fd: int) -> _Server:
        binary = find_binary()
        before = self._read_server()
        (self.directory / "server.json").unlink(missing_ok=True)
        for attempt in range(_ATTEMPTS):
            # The master names its folder after its port, so the ports of the last start come first.
            ports = (
                before.ports if before and attempt == 0 and all_free(before.ports) else free_ports(_SERVICES)
            )
            guard = self._spawn(binary, ports, lock_fd)
            server = _Server(guard.pid, ports)
            deadline = time.monotonic() + START_SECONDS / 2
            while guard.poll() is None and time.monotonic() < deadline:
                if self._answers(server):
                    self._guard = guard
                    write_private(self.directory / "server.json", msgspec.json.encode(server))
                    return server
                time.sleep(0.05)
            if guard.poll() is None:  # it runs and does not answer: other ports would not help
                kill_group(guard.pid)
                guard.wait()
                break
        raise UnavailableError(
            f"the embedded S3 server did not start; its log ends with: {self._log_tail()}",
            hint=f"the whole log is {self.log_file}",
        )

    def _spawn(self, binary: Path, ports: dict[str, int], lock_fd: int) -> subprocess.Popen[bytes]:
        store = self.directory / "store"
        store.mkdir(exist_ok=True, mode=0o700)
        # The server writes down its flags and would read them again, with the ports of then.
        (store / "mini.options").unlink(missing_ok=True)
        keys = self._pair()
        with self.log_file.open("wb") as log:
            return subprocess.Popen(
                [
                    sys.executable,
                    "-I",
                    embedded_guard.__file__,
                    str(self.directory / "users.lock"),
                    str(lock_fd),
                    ",".join(str(port) for port in ports.values()),
                    "--",
                    str(binary),
                    "mini",
                    f"-dir={store}",
                    f"-ip={LOOPBACK}",
                    f"-ip.bind={LOOPBACK}",
                    *(f"-{service}.port={port}" for service, port in ports.items()),
                    "-s3.port.iceberg=0",
                    "-s3.port.lance=0",
                    "-s3.autoCreateBucket=false",
                    "-admin.ui=false",
                    "-webdav=false",
                    "-master.telemetry=false",
                    "-master.volumeSizeLimitMB=128",
                    # Every bucket takes a volume or more (they grow as they fill), tests make many.
                    "-volume.max=5000",
                    "-volume.preStopSeconds=0",
                ],
                cwd=store,
                # Not this process's environment: its AWS_ and WEED_ variables mean other servers.
                env={
                    "HOME": str(store),
                    "PATH": os.defpath,
                    "AWS_ACCESS_KEY_ID": keys.access_key_id,
                    "AWS_SECRET_ACCESS_KEY": keys.secret_access_key,
                },
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=subprocess.STDOUT,
                pass_fds=(lock_fd,),
                start_new_session=True,
            )

    def _answers(self, server: _Server) -> bool:
        """Whether a signed put and get work; the server creates buckets before it can store objects."""
        try:
            socket.create_connection((LOOPBACK, server.ports["s3"]), timeout=1).close()
        except OSError:
            return False
        held, self._server = self._server, server
        try:
            bucket = Bucket(self.settings(Settings(), _PROBE_BUCKET))
        finally:
            self._server = held
        body = secrets.token_bytes(16)
        key = f"probe-{os.getpid()}"
        try:
            bucket.create()
            bucket.put(key, body)
            return bucket.get(key) == body
        except (BucketError, ObjectError):
            return False
        finally:
            bucket.close()

    def _end(self, pid: int) -> None:
        """Stop guard and server, by force if need be; we hold the users' lock, so nobody comes in."""
        deadline = time.monotonic() + STOP_SECONDS
        if not self._is_gone():  # as long as it is not, the process id is the guard's
            with suppress(ProcessLookupError):
                os.kill(pid, signal.SIGTERM)
        while not self._is_gone():
            if time.monotonic() > deadline:
                kill_group(pid)
                break
            time.sleep(0.02)
        if self._guard is not None:
            self._guard.wait()

    def _is_gone(self) -> bool:
        lock_fd = open_lock(self.directory / "server.lock")
        try:
            return try_lock(lock_fd, fcntl.LOCK_EX)
        finally:
            os.close(lock_fd)

    def _running(self) -> _Server:
        if self._server is None:
            raise UnavailableError("the embedded S3 server is not started")
        return self._server

    def _pair(self) -> _Keys:
        if self._keys is None:
            raise UnavailableError("the embedded S3 server is not started")
        return self._keys

    def _read_server(self) -> _Server | None:
        try:
            return msgspec.json.decode((self.directory / "server.json").read_bytes(), type=_Server)
        except (FileNotFoundError, msgspec.DecodeError):
            return None

    def _read_keys(self) -> _Keys | None:
        path = self.directory / "credentials.json"
        try:
            return msgspec.json.decode(path.read_bytes(), type=_Keys)
        except FileNotFoundError:
            return None
        except (OSError, msgspec.DecodeError) as error:
            raise UnavailableError(
                f"the key pair of the embedded store cannot be read from {path}",
                hint="delete that file; the next start makes a new pair",
            ) from error

    def _make_keys(self) -> _Keys:
        keys = _Keys(secrets.token_hex(10).upper(), secrets.token_urlsafe(30))
        write_private(self.directory / "credentials.json", msgspec.json.encode(keys))
        return keys

    def _log_tail(self, lines: int = 4) -> str:
        """The last lines of the server's log in one line, up to a crash's stack."""
        try:
            text = self.log_file.read_text(errors="replace")
        except OSError:
            return "(no log)"
        if self._keys is not None:
            text = text.replace(self._keys.secret_access_key, "(secret)")
        told = [line.strip() for line in text.partition("\ngoroutine ")[0].splitlines() if line.strip()]
        return " | ".join(told[-lines:]) or "(nothing)"

    def _no_answer(self) -> UnavailableError:
        return UnavailableError(
            f"another process's embedded S3 server on {self.directory} does not answer;"
            f" its log ends with: {self._log_tail()}",
            hint="end the process that started it, then try again",
        )


@contextmanager
def demo_store(settings: Settings) -> Iterator[Settings]:
    """The embedded store of the data directory: `settings` with its bucket, endpoint and keys.

    Joins a running server or starts one; the last process to leave stops it.
    """
    store = EmbeddedS3(settings.data_dir / "embedded")
    store.start()
    try:
        demo = store.settings(settings)
        bucket = Bucket(demo)
        bucket.create()
        bucket.close()
        yield demo
    finally:
        store.stop()
