"""What every test shares: the profile of the property tests, the S3 server."""

from __future__ import annotations

from hypothesis import HealthCheck, settings

# The same examples on every run, without a time limit: a shared machine has slow moments.
settings.register_profile(
    "steady", deadline=None, derandomize=True, max_examples=50, suppress_health_check=[HealthCheck.too_slow]
)
settings.load_profile("steady")

pytest_plugins = ["tests.fixtures_s3"]
