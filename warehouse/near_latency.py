"""The distributions of response times in memory, summed up to each moment (`sql/near/latency_until.sql`)."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Any

from msgspec import Struct

from warehouse import duck, sqlfiles
from warehouse.lake import Lake

_DAY = timedelta(days=1)
#: The greatest number of an INTEGER.
_MOST = 2**31 - 1


class Sums(Struct, frozen=True):
    """A table of sums: its first and last moment (UTC, midnights), its first and last bucket, what it holds.

    `files` are the rollup's, by their paths; the values are their days.
    """

    name: str
    since: datetime
    until: datetime
    low: int
    high: int
    files: dict[str, str]

    def define(self, con: duck.Connection) -> None:
        """Make them known in the first schema of a connection's search path."""
        con.execute(f"CREATE VIEW latency_until AS FROM {self.name}")

    def bind(self, con: duck.Connection) -> None:
        """Give a connection the variables that `sql/near/metrics.sql` reads."""
        for name, value in {"since": self.since, "until": self.until, "low": self.low}.items():
            con.execute(f"SET VARIABLE kept_{name} = $value", {"value": value})


def build(
    con: duck.Connection, lake: Lake, name: str, files: dict[str, str], old: Sums | None
) -> Sums | None:
    """Make a table of sums of some files; what is older than their first change comes from the old one.

    None where there are no files.
    """
    if not files:
        return None
    first, until = (datetime.fromisoformat(end(files.values())) for end in (min, max))
    until += _DAY
    since = first
    if old is not None:
        # A day before the first has no part in what is left of the others.
        since = min([max(old.until, first), *(day for day in _changes(files, old.files) if day >= first)])
    low, high, entries = _range(con, lake, files, since)
    if old is None or not old.since < since <= old.until or low < old.low or high > old.high:
        # There is nothing to go on from, or lists of other buckets.
        old, since = None, first
        low, high, entries = _range(con, lake, files, since)
        before = [0] * (high - low + 1)
    else:
        low, high = old.low, old.high
        (before,) = (
            con.execute(f"SELECT up_to FROM {old.name} WHERE slot = $at", {"at": since}).fetchone() or ()
        )
    # Half the memory, and half of what a query copies, where the numbers are small enough.
    kind = "INTEGER" if before[-1] + entries <= _MOST else "BIGINT"
    con.execute(f"CREATE TABLE {name} (slot TIMESTAMP, up_to {kind}[])")
    if old is not None:
        con.execute(
            f"INSERT INTO {name} FROM {old.name} WHERE slot >= $first AND slot < $since",
            {"first": first, "since": since},
        )
    con.execute(f"INSERT INTO {name} VALUES ($since, $before)", {"since": since, "before": before})
    # Day by day, because all of them at once would take many times the memory of what is kept.
    while since < until:
        before = _add_day(con, lake, name, files, since, {"low": low, "high": high, "before": before})
        since += _DAY
    return Sums(name, first, until, low, high, files)


def _add_day(
    con: duck.Connection, lake: Lake, name: str, files: dict[str, str], day: datetime, known: dict[str, Any]
) -> list[int]:
    """Add the moments of a day to a table; the sums at its end."""
    _read(con, lake, [path for path, date in files.items() if date == f"{day:%Y-%m-%d}"])
    text = sqlfiles.read("near", "latency_until")
    con.execute(
        f"INSERT INTO {name} SELECT slot, up_to FROM ({text}) WHERE slot > $since ORDER BY slot",
        {"since": day, "until": day + _DAY, **known},
    )
    found = con.execute(f"SELECT up_to FROM {name} WHERE slot = $at", {"at": day + _DAY}).fetchone()
    sums: list[int] = found[0] if found else known["before"]
    return sums


def _range(con: duck.Connection, lake: Lake, files: dict[str, str], since: datetime) -> tuple[int, int, int]:
    """The first and the last bucket from a day on, and how many entries there are."""
    _read(con, lake, [path for path, day in files.items() if day >= f"{since:%Y-%m-%d}"])
    found = con.execute(
        "SELECT coalesce(min(bucket), 0), coalesce(max(bucket), 0), coalesce(sum(entries), 0)"
        " FROM fresh_latency"
    ).fetchone()
    low, high, entries = found or (0, 0, 0)
    return low, high, entries


def _read(con: duck.Connection, lake: Lake, paths: list[str]) -> None:
    """Let fresh_latency be the rows of some files."""
    rows = duck.empty_view("latency")
    if paths:
        rows = duck.lake_view("latency", duck.file_list([lake.path(path) for path in paths]))
    con.execute(
        "CREATE OR REPLACE TEMP VIEW fresh_latency AS"
        f" SELECT slot, bucket, entries FROM ({rows}) WHERE grain = 300"
    )


def _changes(files: dict[str, str], old: dict[str, str]) -> list[datetime]:
    """The days that have other files than before."""
    changed = {day for path, day in [*files.items(), *old.items()] if (path in files) != (path in old)}
    return [datetime.fromisoformat(day) for day in changed]
