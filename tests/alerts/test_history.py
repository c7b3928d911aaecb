"""manifest/alert_history: what became of the rules, page by page."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import closing

import pytest

from tests.warehouse_builder import Builder
from warehouse import sqlfiles
from warehouse.manifest import Manifest


@pytest.fixture
def manifest(builder: Builder) -> Iterator[Manifest]:
    """Five events of two rules, the first one at one microsecond."""
    with closing(Manifest(builder.settings.data_dir)) as opened:
        with opened.transaction() as db:
            for number, rule in enumerate(["slow", "errors", "slow", "errors", "slow"], start=1):
                db.execute(
                    "INSERT INTO alert_events (at_us, rule_id, name, title, event, value, condition,"
                    " operator, threshold, severity, window_start_us, window_end_us, query, notified)"
                    " VALUES (?, ?, '', 'T', 'firing', 2, 'errorRate', '>', 1, 'info', 0, 1, 'SELECT 1', 0)",
                    [number, rule],
                )
        yield opened


def events(manifest: Manifest, rule: str | None, before: int | None, limit: int) -> list[tuple[int, str]]:
    asked = {"rule": rule, "before": before, "limit": limit}
    rows = manifest.query(sqlfiles.read("manifest", "alert_history"), asked)
    return [(row["at_us"], row["rule_id"]) for row in rows]


def test_the_newest_events_come_first(manifest: Manifest) -> None:
    assert events(manifest, None, None, 3) == [(5, "slow"), (4, "errors"), (3, "slow")]


def test_a_page_goes_on_before_an_event(manifest: Manifest) -> None:
    third = manifest.query("SELECT id FROM alert_events WHERE at_us = 3")[0]["id"]
    assert events(manifest, None, third, 50) == [(2, "errors"), (1, "slow")]


def test_one_rule_can_be_asked_for(manifest: Manifest) -> None:
    assert events(manifest, "errors", None, 50) == [(4, "errors"), (2, "errors")]
    assert events(manifest, "nobody", None, 50) == []
