"""When a schedule is due: over the changes of the clock nothing is skipped and nothing comes twice."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest

from tests.warehouse_builder import utc
from warehouse.errors import SettingError
from warehouse.settings import Settings
from warehouse.unattended.plan import Plan, planned


def moments(plan: Plan, start: str, count: int) -> list[str]:
    """The next moments that are due, in UTC."""
    found: list[datetime] = []
    moment = utc(start)
    for _ in range(count):
        moment = plan.after(moment)
        found.append(moment)
    return [f"{each:%d %H:%M}" for each in found]


def test_a_time_of_the_day_is_due_once_a_day_on_the_zones_clock() -> None:
    plan = Plan("15 3 * * *", "Europe/Berlin")
    assert moments(plan, "2026-01-10T00:00", 2) == ["10 02:15", "11 02:15"]
    assert moments(plan, "2026-07-10T00:00", 2) == ["10 01:15", "11 01:15"]


def test_a_time_that_the_clock_skips_in_spring_is_due_when_it_would_have_been() -> None:
    # 2026-03-29 02:00 becomes 03:00 in Berlin: 02:30 does not exist.
    plan = Plan("30 2 * * *", "Europe/Berlin")
    assert moments(plan, "2026-03-27T12:00", 3) == ["28 01:30", "29 01:30", "30 00:30"]


def test_a_time_that_comes_twice_in_autumn_is_due_once() -> None:
    # 2026-10-25 03:00 becomes 02:00 in Berlin: 02:30 comes at 00:30 and at 01:30 UTC.
    plan = Plan("30 2 * * *", "Europe/Berlin")
    assert moments(plan, "2026-10-23T12:00", 3) == ["24 00:30", "25 00:30", "26 01:30"]


@pytest.mark.parametrize("start", ["2026-03-29T00:05", "2026-10-25T00:05"])
def test_every_quarter_of_an_hour_goes_on_through_both_changes(start: str) -> None:
    plan = Plan("*/15 * * * *", "Europe/Berlin")
    moment = utc(start)
    previous = plan.after(moment)
    for _ in range(16):
        moment = plan.after(previous)
        assert moment - previous == timedelta(minutes=15)
        previous = moment


@pytest.mark.parametrize("zone", ["UTC", "Europe/Berlin", "Australia/Lord_Howe", "America/St_Johns"])
@pytest.mark.parametrize(
    "expression", ["30 2 * * *", "*/15 * * * *", "7 */6 * * 1-5", "0 0 1 * *", "5 1,2,3 * * *"]
)
def test_the_latest_moment_is_the_one_that_came_before_the_next(zone: str, expression: str) -> None:
    plan = Plan(expression, zone)
    for start in ("2026-03-28T20:00", "2026-10-24T20:00", "2026-04-04T10:00"):
        previous = plan.latest(utc(start))
        for _ in range(12):
            following = plan.after(previous)
            assert following > previous
            assert plan.latest(following) == following
            assert plan.latest(following - timedelta(seconds=1)) == previous
            previous = following


def test_a_sixth_field_is_for_seconds() -> None:
    plan = Plan("* * * * * */20")
    assert plan.after(utc("2026-01-01T00:00:01")) == utc("2026-01-01T00:00:20")


@pytest.mark.parametrize(
    "expression", ["", "hourly", "61 * * * *", "* * * *", "0 0 30 2 *", "1 2 3 4 5 6 7", "@daily x"]
)
def test_what_is_no_schedule_is_told_with_an_example(expression: str) -> None:
    with pytest.raises(SettingError, match="WAREHOUSE_SCHEDULE does not take") as told:
        Plan(expression)
    assert "15 3 * * *" in str(told.value)


@pytest.mark.parametrize(
    "expression",
    [
        "R * * * *", "r * * * *", "0 R * * *", "0 3 * * R", "R(1-5) 3 * * *", "R/15 * * * *", "5,R * * * *",
        "* * * * * R", "H * * * *", "h H(2-4) * * *", "H/15 * * * *",
    ],
)  # fmt: skip
def test_a_schedule_by_chance_is_refused_and_the_jitter_is_named(expression: str) -> None:
    with pytest.raises(SettingError, match=r"WAREHOUSE_SCHEDULE does not take .*: R and H") as told:
        Plan(expression)
    assert told.value.field == "WAREHOUSE_SCHEDULE"
    assert "WAREHOUSE_SCHEDULE_JITTER_SECONDS" in str(told.value)


@pytest.mark.parametrize("expression", ["0 3 * MAR,APR *", "0 3 * * THU", "0 3 l * *", "0 3 ? * fri"])
def test_names_and_the_last_day_are_no_chance(expression: str) -> None:
    plan = Plan(expression)
    moment = utc("2026-01-10T00:00")
    assert len({plan.after(moment) for _ in range(5)}) == len({plan.latest(moment) for _ in range(5)}) == 1


@pytest.mark.parametrize("zone", ["Europe/Nowhere", "", "../etc/passwd", "+02:00"])
def test_what_is_no_time_zone_is_told(zone: str) -> None:
    with pytest.raises(SettingError, match="WAREHOUSE_SCHEDULE_TIMEZONE does not take"):
        Plan("0 3 * * *", zone)


def test_without_a_schedule_there_is_no_plan() -> None:
    assert planned(Settings()) is None
    plan = planned(Settings(schedule="0 3 * * *", schedule_timezone="Asia/Tokyo"))
    assert plan is not None
    assert plan.after(datetime(2026, 1, 1, tzinfo=UTC)) == utc("2026-01-01T18:00")
