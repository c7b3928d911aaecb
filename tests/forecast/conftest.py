"""Runs steps of `sql/forecast` and `sql/anomaly` on tables that a test gives."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from contextlib import closing
from datetime import datetime, timedelta
from typing import Any

import pyarrow as pa
import pytest

from warehouse import duck, sqlfiles
from warehouse.forecast import steps

START = datetime(2026, 1, 5)  # noqa: DTZ001 - a Monday, in UTC as DuckDB has it
Rows = list[dict[str, Any]]
Run = Callable[..., Rows]


class Steps:
    """A bare DuckDB with the macros, on which steps are run one by one."""

    def __init__(self, con: duck.Connection) -> None:
        self.con = con

    def hours(self, **series: Sequence[float | None]) -> None:
        """The forecast's input: each series hour by hour."""
        self.con.execute(
            "CREATE OR REPLACE TEMP TABLE forecast_input"
            " (series VARCHAR, t INTEGER, slot TIMESTAMP, y DOUBLE)"
        )
        rows = [
            {"series": name, "t": t + 1, "slot": START + timedelta(hours=t), "y": y}
            for name, values in series.items()
            for t, y in enumerate(values)
        ]
        duck.register(self.con, "given_rows", pa.Table.from_pylist(rows))
        self.con.execute("INSERT INTO forecast_input SELECT * FROM given_rows")

    def rows(self, **series: Sequence[float]) -> None:
        """The anomalies' input: each series hour by hour."""
        self.con.execute(
            "CREATE OR REPLACE TEMP TABLE anomaly_input (series VARCHAR, metric VARCHAR, subject VARCHAR,"
            " grain INTEGER, i INTEGER, slot TIMESTAMP, y DOUBLE)"
        )
        for name, values in series.items():
            rows = [
                (name, name, "", 3600, i + 1, START + timedelta(hours=i), y) for i, y in enumerate(values)
            ]
            self.con.executemany("INSERT INTO anomaly_input VALUES (?, ?, ?, ?, ?, ?, ?)", rows)

    def given(self, folder: str, name: str, select: str) -> None:
        """What a step would have made, as a test says."""
        self.con.execute(f"CREATE OR REPLACE TEMP TABLE {folder}_{name} AS {select}")

    def run(self, *names: str, folder: str = "forecast", order: str = "ALL", **parameters: Any) -> Rows:
        """Run steps in order; gives the rows of the last."""
        values = {**steps.TUNING, **steps.DETECTOR, "horizon": 6, "version": "t", **parameters}
        for name in names:
            text = sqlfiles.read(folder, name)
            given = {key: values[key] for key in sqlfiles.parameters(text)}
            self.con.execute(f"CREATE OR REPLACE TEMP TABLE {folder}_{name} AS {text}", given)
        cursor = self.con.execute(f"SELECT * FROM {folder}_{names[-1]} ORDER BY {order}")
        columns = [column[0] for column in cursor.description or ()]
        return [dict(zip(columns, row, strict=True)) for row in cursor.fetchall()]


@pytest.fixture
def stage() -> Iterator[Steps]:
    """A fresh one."""
    with closing(duck.connect(threads=2)) as con:
        yield Steps(con)
