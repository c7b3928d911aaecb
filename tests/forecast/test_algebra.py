"""macros/linear_algebra and macros/outlook."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.forecast.conftest import Steps
from warehouse import duck


def one(con: duck.Connection, expression: str) -> object:
    row = con.execute(f"SELECT {expression}").fetchone()
    assert row is not None
    return row[0]


def test_two_equations_are_solved(stage: Steps) -> None:
    # 2x + y = 5 and x + 3y = 10: x = 1, y = 3.
    assert one(stage.con, "solve_linear([[2.0, 1.0, 5.0], [1.0, 3.0, 10.0]], 2)") == pytest.approx([1, 3])


@settings(max_examples=25, deadline=None)
@given(st.integers(1, 12), st.integers(0, 10_000))
def test_solutions_are_those_of_a_linear_algebra_library(size: int, seed: int) -> None:
    rng = np.random.default_rng(seed)
    columns = rng.normal(size=(size + 5, size))
    matrix, right = columns.T @ columns + np.eye(size) * 0.01, rng.normal(size=size)
    system = np.column_stack([matrix, right]).tolist()
    with duck.connect(threads=1) as con:
        row = con.execute(
            "SELECT solve_linear(CAST($s AS DOUBLE[][]), $n)", {"s": system, "n": size}
        ).fetchone()
    assert row is not None
    assert row[0] == pytest.approx(np.linalg.solve(matrix, right).tolist(), rel=1e-6, abs=1e-8)


def test_an_autoregression_reads_its_lags_and_adds_the_intercept(stage: Steps) -> None:
    # 0.5 x the value one before + 2 x the value three before + 10, at element 5 of 1, 2, 3, 4.
    found = one(stage.con, "lagged_value([1.0, 2.0, 3.0, 4.0], [0.5, 2.0, 10.0], [1, 3], 5)")
    assert found == pytest.approx(0.5 * 4 + 2 * 2 + 10)


@pytest.mark.parametrize(("degrees", "quantile"), [(4, 2.776), (10, 2.228), (166, 1.974)])
def test_quantiles_of_t_are_those_of_the_tables(stage: Steps, degrees: int, quantile: float) -> None:
    assert one(stage.con, f"student_t(1.96, {degrees})") == pytest.approx(quantile, rel=0.01)


def test_the_error_of_a_line_is_least_in_its_middle(stage: Steps) -> None:
    # residual 2, 4 hours whose distances from their mean square up to 5: at the middle 2 x sqrt(1 + 1/4).
    assert one(stage.con, "line_error(2.0, 4, -1.5, 5.0, -1.5)") == pytest.approx(2 * 1.25**0.5)
    assert one(stage.con, "line_error(2.0, 4, -1.5, 5.0, 1)") == pytest.approx(2 * (1.25 + 6.25 / 5) ** 0.5)


@pytest.mark.parametrize(
    ("call", "text"),
    [
        ("metric_text('storage', 1572864)", "1.50 MB"),
        ("metric_text('responseTimeMax', 1234.56)", "1,234.6 ms"),
        ("metric_text('logs', 1234.5)", "1,235"),
        ("hours_text(1)", "1 hour"),
        ("hours_text(1200)", "1,200 hours"),
        ("anomaly_title('logs', '')", "log entries"),
        ("anomaly_title('downloads', '@a/b')", "downloads of @a/b"),
    ],
)
def test_figures_are_told_in_words(stage: Steps, call: str, text: str) -> None:
    assert one(stage.con, call) == text
