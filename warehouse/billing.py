"""What a run asked of the bucket, noted in the run with the prices of its time.

The money itself is reckoned in `sql/views/runs.sql`.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

from warehouse.manifest import Run
from warehouse.settings import Settings

if TYPE_CHECKING:
    from warehouse.bucket import Bucket  # imports boto3, which jobs without a bucket do not need


def price(run: Run, settings: Settings) -> None:
    """Note the prices of today in a run; also in one without a bucket: something is stored after it too."""
    run.class_a_price, run.class_b_price = settings.class_a_price, settings.class_b_price
    run.storage_price = settings.storage_price


def note(run: Run, buckets: Sequence[Bucket], settings: Settings) -> None:
    """Bring a run's operations, bytes and prices up to date."""
    run.class_a = sum(bucket.class_a for bucket in buckets)
    run.class_b = sum(bucket.class_b for bucket in buckets)
    run.retries = sum(bucket.retries for bucket in buckets)
    run.downloaded_bytes = sum(bucket.downloaded_bytes for bucket in buckets)
    price(run, settings)
