"""Moments as others want them: DuckDB without a zone, clients in epoch milliseconds. All are UTC."""

from __future__ import annotations

from datetime import UTC, date, datetime


def naive(moment: datetime) -> datetime:
    """DuckDB's TIMESTAMP has no zone; ours are UTC, and so is a moment without one."""
    return (moment if moment.tzinfo is None else moment.astimezone(UTC)).replace(tzinfo=None)


def day_of(now: datetime | None) -> date:
    """The day of a moment, today by default."""
    return naive(now or datetime.now(UTC)).date()


def hour_of(now: datetime | None) -> datetime:
    """The beginning of an hour, the present one by default: what is told by the hour holds until it ends."""
    return naive(now or datetime.now(UTC)).replace(minute=0, second=0, microsecond=0)


def millis(moment: datetime) -> int:
    """Epoch milliseconds; a moment without a zone is UTC."""
    return round((moment if moment.tzinfo else moment.replace(tzinfo=UTC)).timestamp() * 1000)
