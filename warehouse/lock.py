"""The writer's lock: one sync or cleanup at a time over all processes; readers never wait for it."""

from __future__ import annotations

import fcntl
import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from warehouse.errors import BusyError, UnavailableError


@contextmanager
def writer(data_dir: Path) -> Iterator[None]:
    """Hold the lock for the length of the block; raise BusyError at once when somebody else has it.

    Raises UnavailableError when the directory cannot be written to.

    The kernel lets go of it when the process ends, however it ends, so a killed writer blocks nobody.
    """
    try:
        data_dir.mkdir(parents=True, exist_ok=True)
        handle = os.open(data_dir / "writer.lock", os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o644)
    except OSError as error:
        raise UnavailableError(
            f"{data_dir} cannot be written to: {error.strerror}",
            hint="check WAREHOUSE_DATA_DIR and its rights",
        ) from error
    try:
        try:
            fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except OSError as error:
            raise BusyError(
                "another sync or cleanup is running", hint="wait until it has finished, then try again"
            ) from error
        yield
    finally:
        os.close(handle)
