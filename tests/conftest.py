"""What every test shares: the profile of the property tests and the mark of the measurements."""

from __future__ import annotations

from pathlib import Path

import pytest
from hypothesis import HealthCheck, settings

# The same examples on every run, without a time limit: a shared machine has slow moments.
settings.register_profile(
    "steady", deadline=None, derandomize=True, max_examples=50, suppress_health_check=[HealthCheck.too_slow]
)
settings.load_profile("steady")

pytest_plugins = ["tests.fixtures_s3"]

BENCH = Path(__file__).parent / "bench"


@pytest.hookimpl(tryfirst=True)
def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Everything in tests/bench is a measurement, which `make test` leaves out."""
    for item in items:
        if item.path.is_relative_to(BENCH):
            item.add_marker(pytest.mark.bench)
