"""Objects that came and went, as the storage rollup takes them."""

from __future__ import annotations

from collections.abc import Sequence

import pyarrow as pa

from warehouse.ingest.rollups import STORED_OBJECTS
from warehouse.manifest import LedgerObject


def stored_objects(came: Sequence[LedgerObject], went: Sequence[LedgerObject]) -> pa.Table:
    """Rows for `sql/rollups/storage.sql`: sign 1 for what came, -1 for what went."""
    items = [(item, 1) for item in came] + [(item, -1) for item in went]
    return pa.table(
        [
            [item.bucket for item, _ in items],
            [item.prefix for item, _ in items],
            [item.modified_us for item, _ in items],
            [item.storage_class for item, _ in items],
            [sign for _, sign in items],
            [item.size for item, _ in items],
        ],
        schema=STORED_OBJECTS,
    )
