"""What every test shares: the profile of the property tests, the S3 server."""

from __future__ import annotations

import time

import pytest
from hypothesis import HealthCheck, settings

# The same examples on every run, without a time limit: a shared machine has slow moments.
settings.register_profile(
    "steady", deadline=None, derandomize=True, max_examples=50, suppress_health_check=[HealthCheck.too_slow]
)
settings.load_profile("steady")

_HOUR = 3600


def _wait_out_an_hour_with_less_than(seconds: float) -> None:
    left = _HOUR - time.time() % _HOUR
    if left < seconds:
        time.sleep(left)


# Many tests tell what "the last hour" or "yesterday" holds: neither they nor what they share begin in an
# hour's last seconds.
@pytest.fixture(scope="module", autouse=True)
def module_in_one_hour() -> None:
    _wait_out_an_hour_with_less_than(30)


@pytest.fixture(autouse=True)
def test_in_one_hour() -> None:
    _wait_out_an_hour_with_less_than(5)


pytest_plugins = ["tests.fixtures_s3"]
