"""sql/macros/metrics.sql, sql/macros/formats.sql and sql/macros/log_matches.sql, value by value."""

from __future__ import annotations

import math
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.warehouse_builder import naive
from warehouse import duck


def value(con: duck.Connection, expression: str, *parameters: Any) -> Any:
    row = con.execute(f"SELECT {expression}", list(parameters)).fetchone()
    assert row is not None
    return row[0]


# -- metrics ----------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("part", "whole", "expected"),
    [(1, 4, 25), (0, 7, 0), (7, 7, 100), (0, 0, 0), (None, 3, 0), (None, None, 0)],
)
def test_a_share_is_in_percent_and_zero_of_nothing(
    con: duck.Connection, part: int | None, whole: int | None, expected: float
) -> None:
    assert value(con, "percentage(?::BIGINT, ?::BIGINT)", part, whole) == expected


def test_a_mean_comes_from_nanoseconds_and_is_zero_when_nothing_was_timed(con: duck.Connection) -> None:
    assert value(con, "mean_ms(3500000::BIGINT, 2)") == 1.75  # 3.5 ms over two entries
    assert value(con, "mean_ms(0::BIGINT, 0)") == 0
    assert value(con, "mean_ms(NULL, NULL)") == 0


def test_a_megabyte_has_1048576_bytes(con: duck.Connection) -> None:
    assert value(con, "megabytes(1572864)") == 1.5


@pytest.mark.parametrize(
    ("ends", "points", "moment", "period", "starts"),
    [
        # 10 ms in 3 periods: 0 to 3.3, to 6.6, to 10; the first whole millisecond in the second is the 4th.
        ("2026-01-01T00:00:00.010", 3, "2026-01-01T00:00:00.003999", 0, "2026-01-01T00:00:00"),
        ("2026-01-01T00:00:00.010", 3, "2026-01-01T00:00:00.004", 1, "2026-01-01T00:00:00.004"),
        ("2026-01-01T00:00:00.010", 3, "2026-01-01T00:00:00.007", 2, "2026-01-01T00:00:00.007"),
        # 8,000 years are 2,921,940 days: in 1,000 periods each has 2,921.94, 2,921 days 22:33:36.
        ("10026-01-01", 1_000, "2033-12-31T22:33:35.999999", 0, "2026-01-01T00:00:00"),
        ("10026-01-01", 1_000, "2033-12-31T22:33:36", 1, "2033-12-31T22:33:36"),
        ("10026-01-01", 1_000, "9999-12-31", 996, "9994-01-01T05:45:36"),
    ],
)
def test_a_moment_lies_in_one_of_equal_periods_however_long_they_are(
    con: duck.Connection, ends: str, points: int, moment: str, period: int, starts: str
) -> None:
    window = f"TIMESTAMP '2026-01-01', TIMESTAMP '{ends}', {points}"
    assert value(con, f"period_of(?::TIMESTAMP, {window})", moment) == period
    assert value(con, f"period_start(?::BIGINT, {window})", period) == naive(starts)


@pytest.mark.parametrize(
    ("error_rate", "response_ms", "expected"),
    [
        (0, 0, "healthy"),
        (10, 1000, "healthy"),
        (10.001, 0, "warning"),
        (0, 1000.001, "warning"),
        (20, 2000, "warning"),
        (20.001, 0, "critical"),
        (0, 2000.001, "critical"),
        (20.001, 1500, "critical"),
    ],
)
def test_health_changes_above_its_limits_and_not_at_them(
    con: duck.Connection, error_rate: float, response_ms: float, expected: str
) -> None:
    assert value(con, "health_name(health_level(?, ?))", error_rate, response_ms) == expected


@pytest.mark.parametrize(
    ("error_rate", "response_ms", "growth", "expected"),
    [
        (0, 0, 0, 100),
        (5, 100, 20, 86),  # 100 - 2 * 5 - 100 / 50 - 20 / 10
        (50, 0, 0, 0),  # exactly nothing left
        (51, 0, 0, 0),  # -2 before the clamp
        (0, 0, -50, 100),  # 105 before the clamp: the bucket shrank
        (0, 5001, 0, 0),
    ],
)
def test_the_score_is_kept_between_0_and_100(
    con: duck.Connection, error_rate: float, response_ms: float, growth: float, expected: float
) -> None:
    assert value(con, "performance_score(?, ?, ?)", error_rate, response_ms, growth) == pytest.approx(
        expected
    )


@given(ms=st.floats(0.001, 86_400_000))
def test_the_middle_of_a_bucket_is_within_one_percent_of_what_falls_into_it(
    con: duck.Connection, ms: float
) -> None:
    middle = value(con, "bucket_ms(CAST(floor(ln(?) / ln(1.02)) AS SMALLINT))", ms)
    assert abs(middle - ms) <= 0.01 * ms


def test_epoch_milliseconds_of_a_timestamp(con: duck.Connection) -> None:
    assert value(con, "epoch_millis(TIMESTAMP '1970-01-02 00:00:00.123456')") == 86_400_123


# -- formats ----------------------------------------------------------------------------------------------


@pytest.mark.parametrize("text", ["1", "-1", "1.5", "1e5", "18446744073709551616", "0"])
def test_numbers_are_told_from_other_json(con: duck.Connection, text: str) -> None:
    assert value(con, "is_json_number(CAST(? AS JSON))", text)


@pytest.mark.parametrize("text", ['"1"', "true", "null", "[1]", '{"a":1}'])
def test_what_is_no_number_is_not_taken_for_one(con: duck.Connection, text: str) -> None:
    assert not value(con, "is_json_number(CAST(? AS JSON))", text)


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ('{"a":NaN}', True),
        ('{"a":[1,Infinity]}', True),
        ('{"a":-Infinity}', True),
        ('{"a":nan}', True),
        ('{"a":inf}', True),
        ('{"a":[-inf]}', True),
        ('{"a":"NaN"}', False),
        ('{"Infinity":1,"inf":2}', False),
        ('{"a":"say \\"NaN\\" twice","b":1}', False),
        ('{"a":"\\\\","b":NaN}', True),
        ('{"info":"inform","nano":"nan"}', False),
        ("{}", False),
        (None, False),
    ],
)
def test_nan_and_infinity_are_met_outside_of_strings_only(
    con: duck.Connection, text: str | None, expected: bool
) -> None:
    assert bool(value(con, "has_non_finite(?::VARCHAR)", text)) is expected


@pytest.mark.parametrize(
    ("ms", "expected"), [(1e11, True), (1e14, True), (1e11 - 1, False), (1e14 + 1, False), (math.nan, False)]
)
def test_epoch_milliseconds_have_a_range(con: duck.Connection, ms: float, expected: bool) -> None:
    assert value(con, "is_epoch_ms(?::DOUBLE)", ms) is expected


def test_fractions_of_a_millisecond_become_microseconds(con: duck.Connection) -> None:
    assert value(con, "epoch_ms_to_timestamp(1767225600000.1236::DOUBLE)") == naive(
        "2026-01-01T00:00:00.000124"
    )


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("12345678", "0x12345678"),
        ("0x12345678", "0x12345678"),
        ("0XABCDEF12", "0xabcdef12"),
        ("ABCDEF12", "0xabcdef12"),
        ("not a hash", "not a hash"),
        ("", None),
        (None, None),
    ],
)
def test_config_hashes_have_one_spelling(
    con: duck.Connection, text: str | None, expected: str | None
) -> None:
    assert value(con, "hex_hash(?::VARCHAR)", text) == expected


@pytest.mark.parametrize(
    ("names", "expected"),
    [
        ("error err fatal critical crit alert emerg emergency panic 50 60", "error"),
        ("warn warning 40", "warn"),
        ("info notice http log 30 whatever", "info"),
        ("debug trace verbose silly 10 20", "debug"),
    ],
)
def test_every_level_is_one_of_four(con: duck.Connection, names: str, expected: str) -> None:
    for name in names.split():
        assert value(con, "level_of(?)", name) == expected, name
    assert value(con, "level_of(NULL)") == "info"


# -- log_matches ------------------------------------------------------------------------------------------

ROW = "'error', 'api', '0xab', 'GET /Left-Pad', 500, 'GET', 'left-pad', 12.5"


@pytest.mark.parametrize(
    ("filters", "expected"),
    [
        ("NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL", True),
        ("['warn', 'error'], 'api', 'AB', 'left-PAD', 500, 'get', 'left-pad', 12.5", True),
        ("['warn'], NULL, NULL, NULL, NULL, NULL, NULL, NULL", False),
        ("NULL, 'API', NULL, NULL, NULL, NULL, NULL, NULL", False),
        ("NULL, NULL, '0xabc', NULL, NULL, NULL, NULL, NULL", False),
        ("NULL, NULL, NULL, 'right', NULL, NULL, NULL, NULL", False),
        ("NULL, NULL, NULL, '%', NULL, NULL, NULL, NULL", False),
        ("NULL, NULL, NULL, NULL, 200, NULL, NULL, NULL", False),
        ("NULL, NULL, NULL, NULL, NULL, 'POST', NULL, NULL", False),
        ("NULL, NULL, NULL, NULL, NULL, NULL, 'left', NULL", False),
        ("NULL, NULL, NULL, NULL, NULL, NULL, NULL, 12.51", False),
    ],
)
def test_an_entry_matches_when_it_meets_every_filter_that_is_set(
    con: duck.Connection, filters: str, expected: bool
) -> None:
    assert value(con, f"log_matches({ROW}, {filters})") is expected


def test_what_an_entry_lacks_does_not_match_a_filter_for_it(con: duck.Connection) -> None:
    lacking = "'info', NULL, NULL, NULL, NULL, NULL, NULL, NULL"
    for place, wanted in enumerate(["['error']", "'api'", "'ab'", "'x'", "200", "'GET'", "'p'", "1"]):
        filters = ["NULL"] * 8
        filters[place] = wanted
        assert not value(con, f"log_matches({lacking}, {', '.join(filters)})"), wanted
