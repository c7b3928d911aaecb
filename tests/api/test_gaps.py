"""`GET /gaps`: the shape of the answer, and the window that is asked for."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

from litestar.testing import TestClient

from api.app import create_app
from api.gaps import Gaps
from tests.api.conftest import BASE, PREFIX
from tests.api.shapes import is_exactly
from tests.warehouse_builder import Builder, log, millis

Get = Callable[..., Any]


def test_a_gap_is_told_as_the_description_says(tmp_path: Path) -> None:
    builder = Builder(tmp_path)
    start = datetime.now(UTC).replace(minute=0, second=0, microsecond=0) - timedelta(hours=30)
    # One a minute, and none in the 11th hour; none for the last hour and more.
    minutes = [number for number in range(29 * 60) if number // 60 != 10]
    builder.put([log(start + timedelta(minutes=number)) for number in minutes])
    builder.sync()

    with TestClient(create_app(builder.settings), base_url=BASE) as client:
        answer = client.get(f"{PREFIX}/gaps", params={"hours": 48}).json()
        today = client.get(f"{PREFIX}/gaps", params={"hours": 12}).json()

    is_exactly(answer, Gaps)
    assert (answer["count"], answer["hours"], answer["resolutionSeconds"]) == (2, 48, 60)
    trailing, hour = answer["gaps"]
    assert (trailing["startsAt"], trailing["open"]) == (millis(start + timedelta(hours=29)), True)
    assert trailing["endsAt"] == answer["windowEnd"]
    assert (hour["startsAt"], hour["minutes"]) == (millis(start + timedelta(hours=10)), 60)
    assert (hour["kind"], hour["days"], hour["entriesBefore"]) == ("minutes", 0, 60)
    assert answer["windowEnd"] - answer["windowStart"] == 48 * 3_600_000
    assert [gap["startsAt"] for gap in today["gaps"]] == [trailing["startsAt"]]


def test_a_week_is_looked_at_by_default(get: Get) -> None:
    answer = get("/gaps")
    is_exactly(answer, Gaps)
    assert (answer["hours"], answer["lastSync"] > 0) == (168, True)
