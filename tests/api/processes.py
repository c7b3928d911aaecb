"""Our commands as child processes, with no setting of the developer's own environment."""

from __future__ import annotations

import os
import re
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager

import pytest

from warehouse.settings import Settings, table

KNOWN = {variable for info in table() for variable in info.env}


def environment(**variables: str) -> dict[str, str]:
    clean = {name: value for name, value in os.environ.items() if name not in KNOWN}
    return clean | variables


def of(settings: Settings) -> dict[str, str]:
    """The environment that gives these settings."""
    assert settings.bucket
    assert settings.endpoint
    assert settings.access_key_id
    assert settings.secret_access_key
    return environment(
        R2_BUCKET_NAME=settings.bucket,
        R2_ENDPOINT=settings.endpoint,
        R2_ACCESS_KEY_ID=settings.access_key_id,
        R2_SECRET_ACCESS_KEY=settings.secret_access_key,
        R2_REGION=settings.region,
        WAREHOUSE_DATA_DIR=str(settings.data_dir),
    )


def command(*arguments: str, env: dict[str, str], timeout: float = 60) -> subprocess.CompletedProcess[str]:
    call = [sys.executable, "-m", "api.main", *arguments]
    return subprocess.run(call, check=False, env=env, capture_output=True, text=True, timeout=timeout)


@contextmanager
def started(*arguments: str, env: dict[str, str]) -> Iterator[tuple[subprocess.Popen[str], str, list[str]]]:
    """A running server, its address and what it said until it was ready."""
    call = [sys.executable, "-m", "api.main", *arguments, "--port", "0"]
    process = subprocess.Popen(call, env=env, stderr=subprocess.PIPE, stdout=subprocess.PIPE, text=True)
    said: list[str] = []
    try:
        assert process.stderr
        for line in process.stderr:
            said.append(line)
            if found := re.search(r"^API\s+(http://\S+)/_dashboard", line):
                yield process, found.group(1), said
                break
        else:
            pytest.fail(f"it never was ready: {said}")
    finally:
        if process.poll() is None:
            process.kill()
        process.communicate(timeout=30)
