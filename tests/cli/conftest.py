"""Runs the real command line as a child process, against a real S3 server."""

from __future__ import annotations

import gzip
import json
import os
import pty
import select
import subprocess
import sys
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import msgspec
import pytest

from warehouse.bucket import Bucket
from warehouse.embedded import EmbeddedS3
from warehouse.settings import Settings, table

COMMAND = [sys.executable, "-m", "api.main"]
NOON_MS = 1_767_268_800_000  # 2026-01-01 12:00:00 UTC
BROKEN_LINE = '{"timestamp": 17672688'


@dataclass
class Cli:
    """Calls `warehouse` with these environment variables and no other that it knows."""

    cwd: Path
    variables: dict[str, str] = field(default_factory=dict)

    def environment(self, variables: Mapping[str, str] | None = None) -> dict[str, str]:
        """What the child gets: this process's environment less every setting, plus ours."""
        known = {name for info in table() for name in info.env}
        kept = {name: value for name, value in os.environ.items() if name not in known}
        return kept | {"PYTHONUTF8": "1"} | self.variables | dict(variables or {})

    def __call__(
        self, *arguments: str, stdin: str | None = "", **variables: str
    ) -> subprocess.CompletedProcess[str]:
        """Run to the end, with pipes for stdout and stderr."""
        return subprocess.run(
            [*COMMAND, *arguments],
            check=False,
            input=stdin,
            capture_output=True,
            text=True,
            encoding="utf-8",
            timeout=120,
            cwd=self.cwd,
            env=self.environment(variables),
        )

    def start(self, *arguments: str, **variables: str) -> subprocess.Popen[str]:
        """Run in the background."""
        return subprocess.Popen(
            [*COMMAND, *arguments],
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
            cwd=self.cwd,
            env=self.environment(variables),
        )

    def on_terminal(self, *arguments: str, columns: int = 100, **variables: str) -> tuple[int, str]:
        """Run with a terminal as stdin, stdout and stderr: the exit code and all that it shows."""
        parent, child = pty.openpty()
        environment = self.environment(variables) | {"COLUMNS": str(columns), "TERM": "xterm"}
        process = subprocess.Popen(
            [*COMMAND, *arguments], stdin=child, stdout=child, stderr=child, cwd=self.cwd, env=environment
        )
        os.close(child)
        shown = b""
        deadline = time.monotonic() + 120
        try:
            while time.monotonic() < deadline:
                if select.select([parent], [], [], 0.1)[0]:
                    try:
                        piece = os.read(parent, 65536)
                    except OSError:  # Linux says so when the last user of the terminal has gone
                        break
                    if not piece:
                        break
                    shown += piece
                elif process.poll() is not None:
                    break
            code = process.wait(timeout=30)
        finally:
            os.close(parent)
            with suppress(ProcessLookupError):
                process.kill()
            process.wait()
        return code, shown.decode(errors="replace").replace("\r\n", "\n")


def variables_of(settings: Settings) -> dict[str, str]:
    """Settings as environment variables, those that are not set left out."""
    values = {info.env[0]: getattr(settings, info.name) for info in table()}
    return {name: str(value) for name, value in values.items() if value is not None}


def log_object(*entries: Mapping[str, Any] | str) -> bytes:
    """A gzipped log object of the registry; a string stands for a line as it is."""
    lines = [entry if isinstance(entry, str) else json.dumps(entry) for entry in entries]
    return gzip.compress("".join(line + "\n" for line in lines).encode())


def entry(
    minute: int, level: str = "info", message: str = "GET /left-pad", **metadata: Any
) -> dict[str, Any]:
    """A log entry, so many minutes after noon of the first of January 2026 (UTC)."""
    return {
        "timestamp": NOON_MS + minute * 60_000,
        "level": level,
        "message": message,
        "source": "proxy",
        "configHash": "0x0badcafe",
        "metadata": metadata,
    }


def put_sample(bucket: Bucket) -> None:
    """Two objects, five good lines (two of them errors) and one broken line."""
    first = log_object(
        entry(0, responseTime=10, status=200),
        entry(1, responseTime=30, status=200),
        entry(2, "warn", "slow upstream ünïcode 漢字"),
    )
    second = log_object(
        entry(24 * 60, "error", "upstream\u001b[31m timed out", status=502),
        BROKEN_LINE,
        entry(24 * 60 + 1, "error", 'a "quoted", text', status=500),
    )
    bucket.put(f"logs/0x0badcafe/{NOON_MS}.jsonl.gz", first)
    bucket.put(f"logs/0x0badcafe/{NOON_MS + 86_400_000}.jsonl.gz", second)


@pytest.fixture
def cli(bucket: tuple[Settings, Bucket], tmp_path: Path) -> Cli:
    """The command line with an empty bucket and an empty data directory of its own."""
    return Cli(tmp_path, variables_of(bucket[0]))


@pytest.fixture
def bare_cli(tmp_path: Path) -> Cli:
    """The command line with no setting but an empty data directory."""
    return Cli(tmp_path, {"WAREHOUSE_DATA_DIR": str(tmp_path / "data")})


@pytest.fixture(scope="session")
def synced(s3: EmbeddedS3, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Cli]:
    """The command line with a warehouse that holds the sample; for tests that only read."""
    settings = msgspec.structs.replace(
        s3.settings(Settings(), "cli-sample"), data_dir=tmp_path_factory.mktemp("cli") / "data"
    )
    bucket = Bucket(settings)
    bucket.create()
    put_sample(bucket)
    cli = Cli(settings.data_dir.parent, variables_of(settings))
    done = cli("sync")
    assert done.returncode == 0, done.stderr
    yield cli
    bucket.close()


@pytest.fixture(scope="session")
def rows(synced: Cli) -> Callable[..., list[dict[str, Any]]]:
    """Runs a query and gives its rows."""

    def run(query: str, *options: str) -> list[dict[str, Any]]:
        done = synced("sql", "--json", *options, query)
        assert done.returncode == 0, done.stderr
        found: list[dict[str, Any]] = json.loads(done.stdout)
        return found

    return run
