"""Fixtures of the fault tests: those of the sync."""

from __future__ import annotations

from tests.sync.conftest import anew, mirror

__all__ = ["anew", "mirror"]
