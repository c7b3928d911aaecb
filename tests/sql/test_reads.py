"""What of a connection a query reads (warehouse/reads.py), and that it is bound anew after a commit."""

from __future__ import annotations

from contextlib import closing
from datetime import UTC, datetime, timedelta

import pytest

from tests.warehouse_builder import Builder, log
from warehouse import reads, sqlfiles
from warehouse.engine import MANIFEST_TYPES

NOON = datetime(2026, 11, 23, 12, tzinfo=UTC)


@pytest.mark.parametrize(
    ("text", "variables"),
    [
        ("SELECT 1", set()),
        ("FROM activity", {"activity_files"}),
        ("SELECT sum(bytes) FROM ledger", {"ledger"}),
        ("-- reads logs\nSELECT 1", set()),
        ("FROM metrics(1, 2, 3)", {"activity_files", "latency_files", "storage_files", "logs_files"}),
        ("FROM tested_forecasts", {"forecasts_files", "activity_files"}),
        ("SELECT * FROM matching($a)", {"facets_files"}),
    ],
)
def test_a_text_reads_its_tables_and_those_of_its_views_and_functions(text: str, variables: set[str]) -> None:
    assert reads.variables(text) >= variables
    if not variables:
        assert not reads.variables(text)


def test_every_table_of_the_manifest_can_be_read() -> None:
    assert set(reads.OF_MANIFEST) == set(MANIFEST_TYPES)
    assert all(reads.variables(f"FROM {name}") >= {name} for name in reads.OF_MANIFEST)


def test_a_variable_is_only_read_through_a_view_of_its_name() -> None:
    for folder in ("endpoints", "search", "forecast", "anomaly", "audits", "recommendations", "boards"):
        for name in sqlfiles.names(folder):
            assert "getvariable" not in sqlfiles.read(folder, name)


def test_one_connection_serves_queries_of_other_tables_and_of_later_commits(builder: Builder) -> None:
    builder.put([log(NOON), log(NOON - timedelta(hours=1), level="error")])
    builder.sync()
    with closing(builder.open()) as warehouse:
        engine = warehouse._engine

        def told() -> tuple[int, int, int]:
            return (
                sum(row["entries"] for row in engine.run("logs_count_daily")),
                len(engine.run("log_dates")),
                engine.sql("SELECT count(*) FROM runs").rows[0][0],
            )

        assert told() == (2, 1, 1)
        builder.put([log(NOON - timedelta(days=1))])
        builder.sync()
        assert told() == (3, 2, 2)
        assert engine._pool._idle.qsize() == 1
