"""The retention after each sync: what is too old, or too much for the disk, leaves the warehouse."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime
from typing import NamedTuple

import pytest

from tests.sync.support import DATE, DAY, HOUR, Mirror, assert_sound, lines
from warehouse import sync

Anew = Callable[[], Mirror]
#: Noon of the sixth day.
NOW = datetime.fromtimestamp((DAY + 5 * DATE + 12 * HOUR) / 1000, UTC)


class _Disk(NamedTuple):
    total: int


def days(mirror: Mirror) -> list[str]:
    return [day for (day,) in mirror.rows("SELECT DISTINCT CAST(date AS VARCHAR) FROM logs ORDER BY 1")]


def filled(mirror: Mirror) -> None:
    for day in range(5):
        mirror.put(f"logs/day-{day}.gz", lines(24, DAY + day * DATE, HOUR, tag=f"day {day}"))


@pytest.fixture
def at_noon(monkeypatch: pytest.MonkeyPatch) -> None:
    """The retention's clock."""

    class _Clock(datetime):
        @classmethod
        def now(cls, _zone: object = None) -> datetime:  # type: ignore[override]
            return NOW

    monkeypatch.setattr("warehouse.housekeeping.retention.datetime", _Clock)


def test_without_a_retention_everything_stays(mirror: Mirror) -> None:
    filled(mirror)
    summary = mirror.sync()
    assert (len(days(mirror)), summary.notes) == (5, [])


@pytest.mark.usefixtures("at_noon")
def test_a_sync_deletes_what_is_older_than_the_retention_and_the_bucket_keeps_it(mirror: Mirror) -> None:
    filled(mirror)
    mirror = mirror.with_settings(retention_days=3)

    summary = mirror.sync()

    # From before noon of the third day: two days and twelve hours.
    assert mirror.row("SELECT count(*), epoch_ms(min(ts)) FROM logs") == (60, DAY + 2 * DATE + 12 * HOUR)
    (note,) = summary.notes
    assert note.startswith("retention: 60 entries from before 2026-11-12 12:00 UTC left the warehouse, ")
    assert len(list(mirror.bucket.list("logs/"))) == 5
    assert mirror.rows("SELECT kind, status, entries FROM runs ORDER BY started_at") == [
        ("sync", "ok", 120),
        ("retention", "ok", 60),
    ]
    assert_sound(mirror, cleaned=True)
    again = sync.run(mirror.settings, full=True)
    assert (again.objects, again.notes) == (0, []), "nothing comes back, and nothing more is to go"


def test_the_oldest_days_leave_a_disk_that_is_too_full(
    mirror: Mirror, monkeypatch: pytest.MonkeyPatch
) -> None:
    filled(mirror)
    mirror.sync()
    files = mirror.files()
    of_a_day = sum(size for path, size in files.items() if "date=2026-11-10" in path)
    # Room for everything but one byte more than a day: two have to go.
    total = (sum(files.values()) - of_a_day - 1) * 100 // 50
    monkeypatch.setattr("warehouse.housekeeping.retention.shutil.disk_usage", lambda _: _Disk(total))
    mirror = mirror.with_settings(retention_disk_percent=50)

    summary = mirror.sync()

    assert days(mirror) == ["2026-11-12", "2026-11-13", "2026-11-14"]
    assert "48 entries from before 2026-11-12 00:00 UTC" in summary.notes[0]
    assert_sound(mirror, cleaned=True)
    monkeypatch.setattr("warehouse.housekeeping.retention.shutil.disk_usage", lambda _: _Disk(1))
    mirror.sync()
    assert days(mirror) == ["2026-11-14"], "the newest day stays"


@pytest.mark.usefixtures("at_noon")
def test_a_retention_that_fails_is_told_and_the_sync_is_none_the_worse(
    mirror: Mirror, monkeypatch: pytest.MonkeyPatch
) -> None:
    def full(_: object) -> _Disk:
        raise OSError(5, "Input/output error")

    filled(mirror)
    monkeypatch.setattr("warehouse.housekeeping.retention.shutil.disk_usage", full)

    summary = mirror.with_settings(retention_disk_percent=50).sync()

    assert (summary.status, summary.entries) == ("ok", 120)
    assert summary.notes == ["the retention failed: [Errno 5] Input/output error"]
