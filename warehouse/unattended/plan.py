"""When a scheduled sync is due: a cron expression in a time zone, safe over the changes of the clock."""

from __future__ import annotations

import re
from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from croniter import CroniterError, croniter

from warehouse.errors import SettingError
from warehouse.settings import Settings

#: How far around a moment the wall clock is looked at: no change of a clock is larger.
_AROUND = timedelta(hours=2)


class Plan:
    """The moments of a cron expression (five fields, or six with seconds last) on a zone's wall clock.

    Where the clock is put forward, a time of the day that does not exist is due when it would have been, an
    hour later on the new clock. Where it is put back, a time that comes twice is due once, the first time;
    but a schedule of every hour (its field begins with a star) goes on through both.
    """

    def __init__(self, expression: str, timezone: str = "UTC") -> None:
        if _is_by_chance(expression):
            raise SettingError(
                f"WAREHOUSE_SCHEDULE does not take {expression!r}: R and H leave the moment to chance,"
                " so that nobody could tell which one was missed",
                hint="name it, for example '15 3 * * *'; WAREHOUSE_SCHEDULE_JITTER_SECONDS delays each sync"
                " at random",
                field="WAREHOUSE_SCHEDULE",
            )
        if not _is_valid(expression):
            raise SettingError(
                f"WAREHOUSE_SCHEDULE does not take {expression!r}",
                hint="five cron fields (minute hour day month weekday), for example '15 3 * * *'; a sixth is"
                " for seconds",
                field="WAREHOUSE_SCHEDULE",
            )
        try:
            self._zone = ZoneInfo(timezone)
        except (ZoneInfoNotFoundError, ValueError, OSError) as error:
            raise SettingError(
                f"WAREHOUSE_SCHEDULE_TIMEZONE does not take {timezone!r}",
                hint="a name of the IANA time zones, for example Europe/Berlin or UTC",
                field="WAREHOUSE_SCHEDULE_TIMEZONE",
            ) from error
        self.expression = expression
        self.timezone = timezone
        self._every_hour = expression.split()[1].startswith("*")

    def after(self, moment: datetime) -> datetime:
        """The first moment that is due after another (both UTC)."""
        wall = moment.astimezone(self._zone).replace(tzinfo=None)
        times = croniter(self.expression, wall - _AROUND)
        due: datetime | None = None
        enough: datetime | None = None
        while (time := times.get_next(datetime)) and (enough is None or time < enough):
            for candidate in self._moments(time):
                if candidate > moment and (due is None or candidate < due):
                    due, enough = candidate, enough or time + _AROUND
        assert due is not None
        return due

    def latest(self, moment: datetime) -> datetime:
        """The last moment that was due until another (both UTC), this one included."""
        wall = moment.astimezone(self._zone).replace(tzinfo=None)
        times = croniter(self.expression, wall + _AROUND)
        due: datetime | None = None
        enough: datetime | None = None
        while (time := times.get_prev(datetime)) and (enough is None or time > enough):
            for candidate in self._moments(time):
                if candidate <= moment and (due is None or candidate > due):
                    due, enough = candidate, enough or time - _AROUND
        assert due is not None
        return due

    def _moments(self, wall: datetime) -> list[datetime]:
        """The moments (UTC) at which a wall clock shows a time; of one that it skips, when it would have."""
        first = wall.replace(tzinfo=self._zone).astimezone(UTC)
        second = wall.replace(tzinfo=self._zone, fold=1).astimezone(UTC)
        return [first, second] if self._every_hour and second > first else [first]


def _is_by_chance(expression: str) -> bool:
    """Fields that croniter draws anew each time it is asked (R), or makes of a hash (H)."""
    return any(
        re.match(r"[rh](\(|/|$)", part, re.IGNORECASE)
        for field in expression.split()
        for part in field.split(",")
    )


def _is_valid(expression: str) -> bool:
    """Five or six fields that croniter takes and that some moment meets (the 30th of February never does)."""
    if len(expression.split()) not in (5, 6) or not croniter.is_valid(expression):
        return False
    try:
        croniter(expression, datetime(2024, 1, 1, tzinfo=UTC)).get_next(datetime)
    except CroniterError:
        return False
    return True


def planned(settings: Settings) -> Plan | None:
    """The plan that the settings name; None without one. Raises SettingError for one that is none."""
    return Plan(settings.schedule, settings.schedule_timezone) if settings.schedule else None
