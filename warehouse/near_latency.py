"""The distributions of response times in memory, summed up to each moment (`sql/near/latency_until.sql`)."""

from __future__ import annotations

from datetime import datetime, timedelta

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
        """In the first schema of a connection's search path, let the sums stand for the rollup."""
        con.execute(f"CREATE VIEW latency_until AS FROM {self.name}")
        con.execute(sqlfiles.read("near", "latency_quantiles"))

    def bind(self, con: duck.Connection) -> None:
        """Give a connection the variables that `sql/near/latency_quantiles.sql` reads."""
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
        since = max(first, min([*_changes(files, old.files), old.until]))
    low, high = _read(con, lake, files, since)
    if old is None or since <= old.since or low < old.low or high > old.high:
        # Lists of other buckets cannot go on from the old ones.
        low, high = _read(con, lake, files, first)
        sums = Sums(name, first, until, low, high, files)
        _create(con, sums, first, [0] * (high - low + 1), "")
        return sums
    sums = Sums(name, first, until, old.low, old.high, files)
    (before,) = con.execute(f"SELECT up_to FROM {old.name} WHERE slot = $at", {"at": since}).fetchone() or ()
    _create(con, sums, since, before, f"SELECT slot, up_to FROM {old.name} WHERE slot < $since UNION ALL ")
    return sums


def _create(con: duck.Connection, sums: Sums, since: datetime, before: list[int], older: str) -> None:
    (fresh,) = con.execute("SELECT coalesce(sum(entries), 0) FROM fresh_latency").fetchone() or (0,)
    # Half the memory, and half of what a query copies, where the numbers are small enough.
    kind = "INTEGER" if before[-1] + fresh <= _MOST else "BIGINT"
    con.execute(
        f"CREATE TABLE {sums.name} AS SELECT slot, CAST(up_to AS {kind}[]) AS up_to"
        f" FROM ({older}({sqlfiles.read('near', 'latency_until')})) WHERE slot >= $first",
        {
            "first": sums.since,
            "since": since,
            "until": sums.until,
            "low": sums.low,
            "high": sums.high,
            "before": before,
        },
    )
    con.execute("DROP VIEW fresh_latency")


def _read(con: duck.Connection, lake: Lake, files: dict[str, str], since: datetime) -> tuple[int, int]:
    """Let fresh_latency be the rows from a day on; their first and last bucket."""
    paths = [lake.path(path) for path, day in files.items() if day >= f"{since:%Y-%m-%d}"]
    rows = duck.lake_view("latency", duck.file_list(paths)) if paths else duck.empty_view("latency")
    con.execute(
        "CREATE OR REPLACE TEMP VIEW fresh_latency AS"
        f" SELECT slot, bucket, entries FROM ({rows}) WHERE grain = 300"
    )
    found = con.execute("SELECT coalesce(min(bucket), 0), coalesce(max(bucket), 0) FROM fresh_latency")
    low, high = found.fetchone() or (0, 0)
    return low, high


def _changes(files: dict[str, str], old: dict[str, str]) -> list[datetime]:
    """The days that have other files than before."""
    changed = {day for path, day in [*files.items(), *old.items()] if (path in files) != (path in old)}
    return [datetime.fromisoformat(day) for day in changed]
