"""When the demo's traffic comes: the day, the week, and what went wrong. All times are UTC.

A window of time is cut into one-minute bins. Each has a weight, and the entries asked for are spread
over the bins by weight, so that a window always holds exactly as many entries as were asked for.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta

import numpy as np

MINUTE_MS = 60_000
HOUR_MS = 60 * MINUTE_MS

INCIDENT_HOURS_BEFORE_END = 9.0
INCIDENT_MINUTES = 40
SLOW_HOURS_BEFORE_END = 3.0
SLOW_MINUTES = 60
SLOW_FACTOR = 6.0
ROLLOUT_HOURS_BEFORE_END = 80.0
ROLLOUT_MINUTES = 120
# Clients repeat what failed. The floors (shares of the weekday's peak) show both events at night as well.
_RETRY_STORM = 1.6
_STORM_FLOOR = 0.5
_SLOW_FLOOR = 0.3

# People between 7 and 18 o'clock with a lunch break; a value per hour of the day.
_OFFICE = (
    np.array([1, 1, 1, 1, 1, 2, 8, 35, 75, 100, 100, 90, 60, 80, 98, 92, 70, 40, 18, 10, 7, 5, 3, 2]) / 100
)
# Builds follow the people, and there are nightly ones at 1 and 2 o'clock.
_BUILDS = (
    np.array([8, 55, 40, 9, 6, 6, 12, 30, 62, 85, 90, 82, 60, 75, 90, 84, 66, 42, 26, 18, 14, 12, 10, 8])
    / 100
)
_PEOPLE_BY_WEEKDAY = np.array([0.95, 1.05, 1.05, 1.0, 0.8, 0.06, 0.05])
_BUILDS_BY_WEEKDAY = np.array([0.95, 1.0, 1.05, 1.0, 0.85, 0.3, 0.25])
_PEOPLE_SHARE = 0.4


@dataclass(frozen=True)
class Window:
    """The time the demo covers and where in it the events lie. Epoch milliseconds."""

    start: int
    end: int

    @classmethod
    def before(cls, end: datetime, days: float) -> Window:
        """The `days` days before `end`."""
        epoch_ms = round(end.timestamp() * 1000)
        return cls(epoch_ms - round(timedelta(days=days) / timedelta(milliseconds=1)), epoch_ms)

    def _period(self, hours_before_end: float, minutes: int) -> tuple[int, int]:
        begin = self.end - round(hours_before_end * HOUR_MS)
        return begin, begin + minutes * MINUTE_MS

    @property
    def incident(self) -> tuple[int, int]:
        """Begin and end of the time in which upstream did not answer."""
        return self._period(INCIDENT_HOURS_BEFORE_END, INCIDENT_MINUTES)

    @property
    def slow(self) -> tuple[int, int]:
        """Begin and end of the hour in which every answer took long."""
        return self._period(SLOW_HOURS_BEFORE_END, SLOW_MINUTES)

    @property
    def rollout(self) -> tuple[int, int]:
        """Begin and end of the hand-over from one configuration to the next."""
        return self._period(ROLLOUT_HOURS_BEFORE_END, ROLLOUT_MINUTES)


def within(times: np.ndarray, period: tuple[int, int]) -> np.ndarray:
    """Which of the times lie in the period (its end is not in it)."""
    return np.asarray((times >= period[0]) & (times < period[1]))


def people_and_builds(times: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Traffic by developers and by CI at each time (epoch ms), the peak of both together being about 1."""
    hours = times / HOUR_MS
    weekday = ((hours // 24).astype(np.int64) + 3) % 7  # 1 January 1970 was a Thursday
    clock = hours % 24
    people = np.interp(clock, np.arange(24) + 0.5, _OFFICE, period=24)
    builds = np.interp(clock, np.arange(24) + 0.5, _BUILDS, period=24)
    return (
        _PEOPLE_SHARE * people * _PEOPLE_BY_WEEKDAY[weekday],
        (1 - _PEOPLE_SHARE) * builds * _BUILDS_BY_WEEKDAY[weekday],
    )


def entries_per_minute(window: Window, entries: int, seed: int) -> tuple[np.ndarray, np.ndarray]:
    """Begin of every minute of the window (epoch ms) and how many entries fall into it.

    The counts sum to `entries`. The first minute may be cut by the window's start.
    """
    rng = np.random.default_rng([seed, 2, window.end])
    minutes = max(1, -(-(window.end - window.start) // MINUTE_MS))
    begins = window.end - MINUTE_MS * np.arange(minutes, 0, -1, dtype=np.int64)
    people, builds = people_and_builds(begins)
    # Installs come in bursts: a build asks for hundreds of packages within seconds.
    weights = (people + builds) * rng.gamma(6.0, 1 / 6.0, minutes)
    incident, slow = within(begins, window.incident), within(begins, window.slow)
    weights[incident] = np.maximum(weights[incident] * _RETRY_STORM, _STORM_FLOOR)
    weights[slow] = np.maximum(weights[slow], _SLOW_FLOOR)
    weights[0] *= (begins[0] + MINUTE_MS - max(begins[0], window.start)) / MINUTE_MS
    return begins, rng.multinomial(entries, weights / weights.sum())
