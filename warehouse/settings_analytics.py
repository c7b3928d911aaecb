"""The settings of figures and alerts; part of the one table in `warehouse.settings_fields`."""

from __future__ import annotations

from typing import Annotated

from msgspec import Struct

from warehouse.settings_meta import setting


class AnalyticsSettings(Struct, frozen=True, kw_only=True):
    """What is satisfying, what is alarming, and who is told."""

    apdex_ms: Annotated[
        int,
        setting(
            "WAREHOUSE_APDEX_MS",
            about="Response time in ms up to which a client is satisfied, for the Apdex; up to four times"
            " as long it tolerates.",
            ge=1,
            le=3_600_000,
        ),
    ] = 500
    alert_error_rate: Annotated[
        float,
        setting(
            "WAREHOUSE_ALERT_ERROR_RATE",
            about="The rule high-error-rate fires above, in percent.",
            ge=0,
            le=100,
        ),
    ] = 10
    alert_storage_growth: Annotated[
        float,
        setting(
            "WAREHOUSE_ALERT_STORAGE_GROWTH",
            about="The rule storage-growth fires above, in MB per hour.",
            ge=0,
            le=1_000_000_000,
        ),
    ] = 100
    alert_response_ms: Annotated[
        float,
        setting(
            "WAREHOUSE_ALERT_RESPONSE_MS",
            about="The rule slow-response fires above, in ms.",
            ge=0,
            le=86_400_000,
        ),
    ] = 1000
    alert_health: Annotated[
        int,
        setting(
            "WAREHOUSE_ALERT_HEALTH",
            about="The rule system-health fires from this health on: 1 warning, 2 critical.",
            ge=1,
            le=2,
        ),
    ] = 1
    alert_seconds: Annotated[
        int,
        setting(
            "WAREHOUSE_ALERT_SECONDS",
            about="How often `serve` tests the alert rules; 0: only syncs do.",
            ge=0,
            le=86_400,
        ),
    ] = 60
    alert_webhook: Annotated[
        str | None,
        setting("WAREHOUSE_ALERT_WEBHOOK", about="Address that alerts are posted to, signed.", secret=True),
    ] = None
    alert_webhook_secret: Annotated[
        str | None,
        setting(
            "WAREHOUSE_ALERT_WEBHOOK_SECRET",
            about="What the webhook's messages are signed with.",
            secret=True,
        ),
    ] = None
    alert_notify: Annotated[
        str | None,
        setting(
            "WAREHOUSE_ALERT_NOTIFY",
            about="Addresses that apprise sends alerts to (mailto:, slack:, pagerduty: …), separated by"
            " spaces.",
            secret=True,
        ),
    ] = None
