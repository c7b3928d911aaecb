"""What a run asked of the bucket, noted in the run with the prices of its time.

The money itself is reckoned in `sql/views/runs.sql`.
"""

from __future__ import annotations

from warehouse.bucket import Bucket
from warehouse.manifest import Run
from warehouse.settings import Settings


def note(run: Run, bucket: Bucket, settings: Settings) -> None:
    """Bring a run's operations, bytes and prices up to date."""
    run.class_a, run.class_b, run.retries = bucket.class_a, bucket.class_b, bucket.retries
    run.downloaded_bytes = bucket.downloaded_bytes
    run.class_a_price, run.class_b_price = settings.class_a_price, settings.class_b_price
    run.storage_price = settings.storage_price
