"""What a writer says when the disk does not take its files."""

from __future__ import annotations

import resource
from collections.abc import Iterator
from contextlib import closing, contextmanager
from pathlib import Path

import pytest

from warehouse import duck
from warehouse.errors import UnavailableError
from warehouse.lake import Lake


@contextmanager
def files_of_at_most(size: int) -> Iterator[None]:
    """The kernel refuses every write beyond `size` bytes of a file, as a full disk does."""
    soft, hard = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (size, hard))
    try:
        yield
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, (soft, hard))


def test_a_disk_that_takes_no_more_is_named_and_no_part_of_a_file_is_left(tmp_path: Path) -> None:
    lake = Lake(tmp_path)
    rows = (
        "SELECT 30 AS grain, TIMESTAMP '2026-11-23' + to_seconds(range * 30) AS slot,"
        " CAST(hash(range) % 30000 AS SMALLINT) AS bucket, CAST(hash(range) % 1000000 AS BIGINT) AS entries"
        " FROM range(100000)"
    )
    with closing(duck.connect()) as con:
        with files_of_at_most(2_000), pytest.raises(UnavailableError, match="cannot be written") as caught:
            lake.write(con, rows, table="latency", partition="2026-11-23", run_id="r")
        assert "WAREHOUSE_DATA_DIR" in str(caught.value)
        assert not list(lake.root.glob("**/*.parquet"))
        file = lake.write(con, rows, table="latency", partition="2026-11-23", run_id="r")
    assert file is not None
    assert file.entries == 100_000
