"""Exports of every log entry that matches, as a stream: NDJSON, CSV, Parquet, Arrow.

The entries of one span of time after another are sorted and written, all of one generation, so that memory is
the same however many there are. Oldest first.
"""

from __future__ import annotations

import io
from collections.abc import Iterator
from typing import Any, Literal, Protocol

import pyarrow as pa
import pyarrow.csv
import pyarrow.parquet

from warehouse.engine import Engine

Format = Literal["ndjson", "csv", "parquet", "arrow"]
MEDIA_TYPES: dict[Format, str] = {
    "ndjson": "application/x-ndjson",
    "csv": "text/csv",
    "parquet": "application/vnd.apache.parquet",
    "arrow": "application/vnd.apache.arrow.stream",
}
#: Entries that are sorted at once; a slot of five minutes may hold more.
_SPAN_ENTRIES = 100_000
_QUERIES: dict[Format, str] = {
    "ndjson": "logs_export_ndjson",
    "csv": "logs_export_csv",
    "parquet": "logs_export",
    "arrow": "logs_export",
}


def stream(engine: Engine, parameters: dict[str, Any], form: Format) -> Iterator[bytes]:
    """The file, piece by piece. Raises UnavailableError when the warehouse cannot be read."""
    batches = engine.stream(_QUERIES[form], "logs_export_slices", parameters | {"entries": _SPAN_ENTRIES})
    if form == "ndjson":
        for batch in batches:
            if batch.num_rows:
                yield ("\n".join(batch.column(0).to_pylist()) + "\n").encode("utf-8", "replace")
        return
    pipe = _Pipe()
    writer: _Writer | None = None
    for batch in batches:
        if writer is None:
            writer = _writer(pipe, batch.schema, form)
        if batch.num_rows:
            writer.write_batch(batch)
        yield pipe.drain()
    if writer is not None:
        writer.close()
    yield pipe.drain()


class _Writer(Protocol):
    def write_batch(self, batch: pa.RecordBatch) -> None: ...

    def close(self) -> None: ...


class _Pipe(io.RawIOBase):
    """Takes what a writer writes until somebody fetches it."""

    def __init__(self) -> None:
        self._pieces: list[bytes] = []
        self._written = 0

    def writable(self) -> bool:
        return True

    def write(self, data: Any) -> int:
        piece = bytes(data)
        self._pieces.append(piece)
        self._written += len(piece)
        return len(piece)

    def tell(self) -> int:
        return self._written

    def drain(self) -> bytes:
        """What was written since the last time."""
        taken = b"".join(self._pieces)
        self._pieces.clear()
        return taken


def _writer(pipe: _Pipe, schema: pa.Schema, form: Format) -> _Writer:
    writer: _Writer
    if form == "csv":
        writer = pyarrow.csv.CSVWriter(pipe, schema)
    elif form == "arrow":
        writer = pa.ipc.new_stream(pipe, schema)
    else:
        writer = pyarrow.parquet.ParquetWriter(pipe, schema, compression="zstd")
    return writer
