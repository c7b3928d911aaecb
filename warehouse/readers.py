"""Readers that may take longer than a replaced file stays: until they end, their files are not swept."""

from __future__ import annotations

import fcntl
import os
import uuid
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

from warehouse.manifest import now_us

_FOLDER = "readers"


@contextmanager
def reading(data_dir: Path) -> Iterator[None]:
    """Keep files that are replaced from now on, for the length of the block.

    The kernel lets go of the lock when the process ends, however it ends, so a killed reader keeps nothing.
    Who may not write to the warehouse reads without: its files stay as long as everybody's.
    """
    try:
        handle, path = _locked(data_dir / _FOLDER)
    except OSError:
        yield
        return
    try:
        yield
    finally:
        with suppress(OSError):
            path.unlink(missing_ok=True)
        os.close(handle)


def oldest_us(data_dir: Path) -> int | None:
    """When the reader began that is at it for the longest (epoch microseconds); None when there is none.

    What a killed one left is removed.
    """
    begun = []
    for path in (data_dir / _FOLDER).glob("*.lock"):
        try:
            handle = os.open(path, os.O_RDWR | os.O_CLOEXEC)
        except FileNotFoundError:
            continue  # it has just ended
        try:
            fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
            path.unlink(missing_ok=True)
        except OSError:
            begun.append(int(path.name.partition("-")[0]))
        finally:
            os.close(handle)
    return min(begun, default=None)


def _locked(folder: Path) -> tuple[int, Path]:
    """A new lock file of this reader, held. Raises OSError."""
    folder.mkdir(exist_ok=True)
    while True:
        path = folder / f"{now_us()}-{uuid.uuid4().hex}.lock"
        handle = os.open(path, os.O_RDWR | os.O_CREAT | os.O_EXCL | os.O_CLOEXEC, 0o644)
        try:
            fcntl.flock(handle, fcntl.LOCK_SH)
            # A sweep that came between the two took it for one that a killed reader left.
            if path.exists():
                return handle, path
        except BaseException:
            os.close(handle)
            raise
        os.close(handle)
