"""Fixtures of the tests of housekeeping: a bucket with its warehouse."""

from __future__ import annotations

from tests.sync.conftest import anew, mirror

__all__ = ["anew", "mirror"]
