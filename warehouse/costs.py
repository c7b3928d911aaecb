"""What the buckets will cost, what a cleanup would free, what packages take (`sql/endpoints/costs*.sql`)."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from warehouse.engine import Engine
from warehouse.settings import Settings
from warehouse.settings_file import log_prefixes

Row = dict[str, Any]


def projection(engine: Engine, settings: Settings, now: datetime, *, free_tier: bool) -> Row:
    """GET /costs: twelve months ahead at today's prices and growth, and what cleanups would free."""
    prices = {
        "class_a_price": settings.class_a_price,
        "class_b_price": settings.class_b_price,
        "storage_price": settings.storage_price,
    }
    months = engine.run("costs", {"now": now, "free_tier": free_tier, **prices})
    growth = months[0]["growthPerDay"]
    return {
        "months": [{name: row[name] for name in row if name != "growthPerDay"} for row in months],
        "growthPerDay": growth,
        "cleanup": engine.run(
            "costs_cleanup", {"now": now, "log_prefixes": log_prefixes(settings), **prices}
        ),
        "prices": {
            "classA": settings.class_a_price,
            "classB": settings.class_b_price,
            "storage": settings.storage_price,
        },
        "freeTier": free_tier,
    }


def packages(engine: Engine, now: datetime, limit: int) -> Row:
    """GET /inventory/packages: the largest packages with their growth."""
    rows = engine.run("inventory_packages", {"now": now, "limit": limit})
    return {
        "packages": [
            {name: row[name] for name in row if name not in ("total", "total_bytes")} for row in rows
        ],
        "count": rows[0]["total"] if rows else 0,
        "bytes": rows[0]["total_bytes"] if rows else 0,
    }
