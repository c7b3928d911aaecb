"""A receiver of messages, and warehouses with alerts."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import closing
from pathlib import Path

import msgspec
import pytest

from tests.alerts.receiver import SECRET, Receiver
from tests.warehouse_builder import Builder


@pytest.fixture
def receiver() -> Iterator[Receiver]:
    with closing(Receiver()) as opened:
        yield opened


@pytest.fixture
def builder(tmp_path: Path, receiver: Receiver) -> Builder:
    """A bucket in memory whose alerts are posted to the receiver."""
    made = Builder(tmp_path / "data")
    made.settings = msgspec.structs.replace(
        made.settings, alert_webhook=f"http://{receiver.address}/hook", alert_webhook_secret=SECRET
    )
    return made
