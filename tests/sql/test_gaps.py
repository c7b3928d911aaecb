"""`endpoints/gaps_window`, `endpoints/gaps`, `macros/gaps`: stretches and rates worked out by hand."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from datetime import UTC, datetime, timedelta
from typing import Any

import sqlglot
from sqlglot import exp

from tests.sql.conftest import Open
from tests.warehouse_builder import Builder, log, millis, utc
from warehouse import duck, sqlfiles

START = utc("2026-11-02")  # a Monday
MINUTE = timedelta(minutes=1)
DAY = timedelta(days=1)


def every(step: timedelta, days: float, keep: Callable[[datetime], bool] = lambda _: True) -> list[Any]:
    """An entry every `step` for so many days from START on, where `keep` says so."""
    times = (START + step * number for number in range(int(days * DAY / step)))
    return [log(at) for at in times if keep(at)]


def outside(begin: str, end: str) -> Callable[[datetime], bool]:
    return lambda at: not utc(begin) <= at < utc(end)


def shown(answer: dict[str, Any]) -> list[tuple[Any, ...]]:
    return [(gap["startsAt"], gap["endsAt"], gap["kind"], gap["expectedEntries"]) for gap in answer["gaps"]]


def test_missing_hours_are_one_gap_with_what_was_to_be_expected(builder: Builder, synced: Open) -> None:
    builder.put(every(MINUTE, 4, outside("2026-11-04T10:00", "2026-11-04T12:45")))

    answer = synced(builder).gaps(now=utc("2026-11-06T00:05:30"))

    assert answer == {
        "gaps": [
            {
                "startsAt": millis("2026-11-04T10:00"),
                "endsAt": millis("2026-11-04T12:45"),
                "minutes": 165,
                "kind": "minutes",
                "days": 0,
                "entriesBefore": 60,
                "expectedEntries": 165,  # one a minute at that hour on the other three days
                "open": False,
                "threshold": 30.0,
            }
        ],
        "count": 1,
        "hours": 168,
        "resolutionSeconds": 60,
        "windowStart": millis("2026-10-30T00:05"),
        "windowEnd": millis("2026-11-06T00:05"),
        "lastSync": answer["lastSync"],
    }


def test_the_silence_since_the_last_entry_is_a_gap_from_an_hour_on(builder: Builder, synced: Open) -> None:
    builder.put(every(MINUTE, 4))
    warehouse = synced(builder)

    assert warehouse.gaps(now=utc("2026-11-06T00:59:59"))["gaps"] == []

    [gap] = warehouse.gaps(now=utc("2026-11-06T01:00:00"))["gaps"]
    assert (gap["startsAt"], gap["endsAt"]) == (millis("2026-11-06T00:00"), millis("2026-11-06T01:00"))
    assert (gap["open"], gap["minutes"], gap["expectedEntries"]) == (True, 60, 60)


def test_a_silence_of_less_than_thirty_entries_is_no_gap(builder: Builder, synced: Open) -> None:
    short, long = (
        outside("2026-11-03T15:00", "2026-11-03T15:29"),
        outside("2026-11-04T10:00", "2026-11-04T10:30"),
    )
    builder.put(every(MINUTE, 4, lambda at: short(at) and long(at)))

    answer = synced(builder).gaps(now=utc("2026-11-06T00:00"))

    assert shown(answer) == [(millis("2026-11-04T10:00"), millis("2026-11-04T10:30"), "minutes", 30)]


def test_an_entry_of_the_minute_that_runs_ends_a_gap(builder: Builder, synced: Open) -> None:
    builder.put([*every(MINUTE, 4), log("2026-11-06T00:40:20")])

    [gap] = synced(builder).gaps(now=utc("2026-11-06T00:40:40"))["gaps"]

    assert (gap["startsAt"], gap["endsAt"]) == (millis("2026-11-06T00:00"), millis("2026-11-06T00:40"))
    assert gap["open"] is False


def test_a_quieter_day_counts_by_its_own_rate_until_three_weeks_are_known(
    builder: Builder, synced: Open
) -> None:
    # Three days of 60 an hour, then one of 12 an hour with two hours missing: they cost 12 each, not 60.
    busy = every(MINUTE, 3)
    quiet = [log(START + 3 * DAY + 5 * MINUTE * number) for number in range(288) if not 120 <= number < 144]
    builder.put([*busy, *quiet])

    # 09:56 to 12:00 at no more than 12 an hour are 24.8, less than 30.
    assert synced(builder).gaps(now=utc("2026-11-06T00:00"))["gaps"] == []


def test_nights_that_are_always_quiet_are_no_gaps(builder: Builder, synced: Open) -> None:
    builder.put(every(MINUTE, 5, lambda at: 8 <= at.hour < 20))
    warehouse = synced(builder)

    assert warehouse.gaps(now=utc("2026-11-07T08:00"))["gaps"] == []
    # From 20:00 on nothing is usual until 8:00; then 60 an hour are.
    assert shown(warehouse.gaps(now=utc("2026-11-07T09:00"))) == [
        (millis("2026-11-06T20:00"), millis("2026-11-07T09:00"), "minutes", 60)
    ]


def test_a_missing_weekday_is_a_gap_of_a_day_and_a_quiet_weekend_is_none(
    builder: Builder, synced: Open
) -> None:
    def worked(at: datetime) -> bool:
        return at.isoweekday() <= 5 and at.date() != utc("2026-11-25").date()

    builder.put(every(timedelta(minutes=10), 28, worked))

    answer = synced(builder).gaps(hours=744, now=utc("2026-11-30T00:00"))

    # The last entries of a day are of 23:50; 9 more minutes of Tuesday count with the 144 of Wednesday.
    assert [(gap["startsAt"], gap["endsAt"], gap["days"]) for gap in answer["gaps"]] == [
        (millis("2026-11-24T23:51"), millis("2026-11-26T00:00"), 1)
    ]
    [gap] = answer["gaps"]
    assert (gap["kind"], gap["minutes"], gap["expectedEntries"]) == ("days", 1449, 145)
    assert gap["entriesBefore"] == 6


def test_bursts_make_their_own_silences_usual(builder: Builder, synced: Open) -> None:
    def bursts(missing: Iterable[str]) -> list[Any]:
        gone = {utc(hour) for hour in missing}
        hours = (START + timedelta(hours=number) for number in range(5 * 24))
        return [log(hour + timedelta(seconds=s)) for hour in hours if hour not in gone for s in range(60)]

    # 60 in the first minute of an hour, then 59 minutes of silence that cost 59: only 177 are a gap.
    builder.put(bursts(["2026-11-04T10:00", "2026-11-05T15:00", "2026-11-05T16:00"]))

    answer = synced(builder).gaps(now=utc("2026-11-07T00:00"))

    assert shown(answer) == [(millis("2026-11-05T14:01"), millis("2026-11-05T17:00"), "minutes", 179)]
    assert answer["gaps"][0]["threshold"] == 177


def test_days_of_few_entries_are_missed_by_the_day(builder: Builder, synced: Open) -> None:
    # One a day at changing hours, none from the fifth to the seventh day.
    builder.put(
        [log(START + DAY * day + timedelta(hours=day * 7 % 24)) for day in (0, 1, 2, 3, 7, 8, 9, 10, 11)]
    )

    answer = synced(builder).gaps(hours=744, now=utc("2026-11-14T00:00"))

    assert shown(answer) == [(millis("2026-11-05T21:01"), millis("2026-11-09T01:00"), "days", 3)]
    assert (answer["gaps"][0]["days"], answer["gaps"][0]["entriesBefore"]) == (3, 1)


def test_what_is_usual_is_learnt_before_a_long_outage(builder: Builder, synced: Open) -> None:
    builder.put(every(MINUTE, 4))

    [gap] = synced(builder).gaps(hours=24, now=utc("2026-12-16T00:00"))["gaps"]

    assert (gap["startsAt"], gap["open"]) == (millis("2026-11-06T00:00"), True)
    assert (gap["days"], gap["expectedEntries"]) == (40, 40 * 1440)


def test_only_gaps_that_reach_into_the_window_are_told_and_those_whole(
    builder: Builder, synced: Open
) -> None:
    builder.put(every(MINUTE, 4, outside("2026-11-04T10:00", "2026-11-04T13:00")))
    warehouse = synced(builder)

    def found(now: str) -> list[Any]:
        return [gap["minutes"] for gap in warehouse.gaps(hours=24, now=utc(now))["gaps"]]

    assert found("2026-11-05T12:59") == [180]
    assert found("2026-11-05T13:00") == []
    # As of eleven o'clock it lasted for an hour.
    assert found("2026-11-04T11:00") == [60]


def test_long_windows_are_told_by_five_minutes_and_by_the_hour(builder: Builder, synced: Open) -> None:
    builder.put(every(MINUTE, 4, outside("2026-11-04T10:02", "2026-11-04T12:58")))
    warehouse = synced(builder)

    def found(hours: float) -> list[Any]:
        answer = warehouse.gaps(hours=hours, now=utc("2026-11-06T00:00"))
        return [answer["resolutionSeconds"], *((gap["startsAt"], gap["endsAt"]) for gap in answer["gaps"])]

    assert found(744) == [60, (millis("2026-11-04T10:02"), millis("2026-11-04T12:58"))]
    assert found(745) == [300, (millis("2026-11-04T10:05"), millis("2026-11-04T12:55"))]
    assert found(2160)[0] == 300
    # Whole missing hours: only the one from eleven on.
    assert found(2161) == [3600, (millis("2026-11-04T11:00"), millis("2026-11-04T12:00"))]


def test_a_few_entries_or_none_make_no_gap(builder: Builder, synced: Open) -> None:
    empty = synced(builder).gaps(now=utc("2026-11-06T00:00"))
    assert (empty["gaps"], empty["count"]) == ([], 0)
    builder.put([log("2026-11-02T10:00"), log("2026-11-05T10:00")])

    assert synced(builder).gaps(now=utc("2026-11-06T00:00"))["gaps"] == []


def test_gaps_are_found_without_reading_a_log_row() -> None:
    tree = sqlglot.parse_one(sqlfiles.read("endpoints", "gaps"), read="duckdb")
    named = {part.alias for part in tree.find_all(exp.CTE)}
    read = {table.name for table in tree.find_all(exp.Table) if table.name} - named
    assert read == {"activity"}


def test_the_threshold_grows_with_what_is_usual(con: duck.Connection) -> None:
    answer = con.execute(
        "SELECT gap_threshold(NULL), gap_threshold(10), gap_threshold(12), gap_threshold(12, times := 5),"
        " gap_threshold(4, at_least := 1)"
    ).fetchone()
    assert answer == (30, 30, 36, 60, 12)


def test_a_sync_tells_of_gaps_before_the_entries_that_came(builder: Builder) -> None:
    noon = datetime.now(UTC).replace(minute=0, second=0, microsecond=0) - DAY

    def minutes(first: int, last: int) -> list[Any]:
        return [log(noon + MINUTE * number) for number in range(first, last)]

    builder.put(minutes(0, 600))
    assert builder.sync().notes == []
    builder.put(minutes(720, 900))

    ended = noon + MINUTE * 720
    assert builder.sync().notes == [
        f"1 gap of 2 h until {ended:%Y-%m-%d %H:%M} UTC, where about 120 entries were to be expected"
        " (`warehouse gaps` tells more)"
    ]
    builder.put(minutes(900, 960))
    assert builder.sync().notes == [], "it was told already"
    assert builder.sync().notes == []


def test_a_sync_that_cannot_look_for_gaps_says_so_and_is_no_failure(builder: Builder) -> None:
    now = datetime.now(UTC)
    builder.put([log(now - 3 * DAY), log(now - 2 * DAY)])
    builder.sync()
    # Not the first one, which the catalog opens.
    damaged = sorted((builder.settings.data_dir / "lake/activity").rglob("*.parquet"))[1]
    damaged.write_bytes(b"no Parquet")
    builder.put([log(now)])

    summary = builder.sync()

    assert (summary.status, summary.entries) == ("ok", 1)
    note, other = summary.notes
    assert other.startswith("no forecast could be made: ")
    assert note.startswith("gaps could not be looked for: ")
    assert damaged.name in note
