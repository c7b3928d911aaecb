"""`warehouse formats try`: reads a sample as a sync would, and keeps nothing."""

from __future__ import annotations

from contextlib import closing
from typing import Any

import pyarrow as pa
from msgspec import Struct

from warehouse import duck, sqlfiles
from warehouse.errors import BadRequestError
from warehouse.formats import reading
from warehouse.formats.detection import SKIP, choose, sample_weight
from warehouse.ingest import heads
from warehouse.ingest.lines import Batch, Batcher, compression, inflate
from warehouse.ingest.split import Lines
from warehouse.settings import MIB, Settings

#: How much text of a sample is read.
_BYTES = 32 * MIB


class Trial(Struct, frozen=True):
    """What became of a sample. `row` is the line that is shown field by field, by column.

    `claims` counts, of the `looked_at` first lines, those that meet each format's condition.
    """

    format: str
    why: str
    compression: str
    looked_at: int
    claims: dict[str, int]
    counts: dict[str, Any]
    reasons: list[dict[str, Any]]
    row: dict[str, Any] | None


def run(
    sample: bytes, key: str, settings: Settings, *, form: str | None = None, line: int | None = None
) -> Trial:
    """Read a sample, as an object with that key, in the format that it has or in a given one.

    Raises BadRequestError when there is no such format or the sample has no such line, SettingError when the
    format's file is wrong.
    """
    head, _ = heads.peek(inflate([sample]))
    choice = choose(head, key, settings, form)
    lines = len(head.lines())
    if choice.format == SKIP:
        return Trial(SKIP, choice.why, compression(sample), lines, choice.votes, {}, [], None)
    with closing(duck.connect(threads=1)) as con:
        duck.register(con, "raw_lines", Lines(_batch(sample)).table)
        duck.register(
            con,
            "raw_objects",
            pa.table(
                [[0], [settings.bucket or "sample"], [key], [sample_weight(key, settings)]],
                schema=reading.RAW_OBJECTS,
            ),
        )
        reading.conform(con, choice.format, settings)
        counts = _rows(con, "counts")[0]
        shown = _rows(con, "row", {"line": line})
        if line is not None and not shown:
            raise BadRequestError(f"the sample has no line {line}", field="line")
        return Trial(
            choice.format,
            choice.why,
            compression(sample),
            lines,
            choice.votes,
            counts,
            _rows(con, "reasons"),
            shown[0] if shown else None,
        )


def _batch(sample: bytes) -> Batch:
    """The sample's lines, as far as they fit into one batch."""
    batcher = Batcher(_BYTES)
    for batch in batcher.add(0, [sample]):
        return batch
    return batcher.take()


def _rows(con: duck.Connection, name: str, parameters: dict[str, Any] | None = None) -> list[dict[str, Any]]:
    answer = con.execute(sqlfiles.read("trial", name), parameters)
    names = [column[0] for column in answer.description or ()]
    return [dict(zip(names, row, strict=True)) for row in answer.fetchall()]
