"""What each parameter takes, and the problem that names it when it cannot be used."""

from __future__ import annotations

import base64
from collections.abc import Callable
from datetime import UTC, datetime
from typing import Any

import pytest
from litestar import Litestar
from litestar.testing import TestClient

from api.params import moment
from tests.api.conftest import PREFIX, problem
from warehouse.errors import BadRequestError

Get = Callable[..., Any]

BAD = [
    ("/logs", "level", "fatal"),
    ("/logs", "level", "error,nonsense"),
    ("/logs", "startDate", "yesterday"),
    ("/logs", "startDate", "2026-13-01"),
    ("/logs", "endDate", "12.5"),
    ("/logs", "endDate", "9" * 5_000),
    ("/logs", "endDate", "9" * 30),
    ("/logs", "limit", "0"),
    ("/logs", "limit", "10001"),
    ("/logs", "limit", "ten"),
    ("/logs", "limit", "1.5"),
    ("/logs", "configHash", "x" * 201),
    ("/logs", "q", "x" * 1_001),
    ("/logs", "status", "OK"),
    ("/logs", "status", "99"),
    ("/logs", "minResponseMs", "-1"),
    ("/logs", "minResponseMs", "fast"),
    ("/logs", "minResponseMs", "nan"),
    ("/logs", "order", "up"),
    ("/logs", "cursor", "not a cursor"),
    ("/logs", "cursor", base64.urlsafe_b64encode(b"[" * 2_900).decode()),
    ("/logs", "group", "week"),
    ("/logs", "format", "xml"),
    ("/logs", "search", "a b c d e"),
    ("/logs/facets", "values", "0"),
    ("/logs/histogram", "points", "0"),
    ("/logs/export", "format", "xml"),
    ("/logs/export", "level", "fatal"),
    ("/logs/export", "search", "-a -b -c"),
    ("/packages", "limit", "0"),
    ("/packages", "limit", "many"),
    ("/gaps", "hours", "0"),
    ("/gaps", "hours", "8761"),
    ("/analytics", "hours", "0"),
    ("/analytics", "hours", "8761"),
    ("/analytics", "hours", "-24"),
    ("/analytics", "hours", "nan"),
    ("/analytics", "hours", "inf"),
    ("/analytics", "hours", "day"),
    ("/analytics/trends", "hours", "0.5"),
    ("/analytics/trends", "points", "0"),
    ("/analytics/trends", "points", "1001"),
    ("/analytics/trends", "timezone", "Moon"),
    ("/analytics/trends", "timezone", "../../etc/passwd"),
    ("/analytics/trends", "timezone", "localtime"),
    ("/analytics/trends", "timezone", "posix/Europe/Berlin"),
    ("/analytics/trends", "timezone", ""),
    ("/analytics/trends", "endDate", "9999-12-31"),
    ("/analytics/history", "endDate", "-62135596800000"),
    ("/analytics/errors", "endDate", "0001-01-01"),
    ("/analytics", "endDate", "0001-01-01"),
    ("/analytics/alerts/history", "before", "0"),
    ("/analytics/alerts/history", "before", "9223372036854775808"),
    ("/analytics/trends", "compare", "month"),
    ("/analytics/trends", "empty", "nil"),
    ("/analytics", "status", "600"),
    ("/analytics", "endDate", "soon"),
    ("/analytics/history", "points", "1001"),
    ("/analytics/uptime", "hours", "0"),
    ("/analytics/alerts", "hours", "0"),
    ("/analytics/report", "hours", "x"),
    ("/analytics/predict", "hours", "0"),
    ("/analytics/predict", "hours", "49"),
    ("/analytics/predict", "hours", "1.5"),
    ("/analytics/predict", "model", "prophet"),
    ("/analytics/predict/accuracy", "hours", "0"),
    ("/analytics/anomalies", "metric", "mood"),
    ("/analytics/anomalies", "every", "perhaps"),
    ("/analytics/anomalies", "limit", "0"),
]


@pytest.mark.parametrize(("path", "name", "value"), BAD)
def test_a_bad_parameter_is_named(client: TestClient[Litestar], path: str, name: str, value: str) -> None:
    body = problem(client.get(PREFIX + path, params={name: value}), 400)
    assert body["parameter"] == name
    assert body["type"] == f"{PREFIX}/problems/bad-parameter"
    assert name in body["detail"]
    for inside in ("`", "Traceback", "msgspec", "litestar", "_date", "min_response"):
        assert inside not in body["detail"]


#: Every endpoint that takes hours, and the other numbers of figures and logs.
NUMBERS = [
    *(
        (path, "hours")
        for path in (
            "/analytics", "/analytics/trends", "/analytics/history", "/analytics/errors", "/analytics/uptime",
            "/analytics/alerts", "/analytics/report", "/analytics/predict", "/analytics/predict/accuracy",
            "/analytics/anomalies", "/gaps",
        )
    ),
    ("/analytics/trends", "points"), ("/analytics/history", "points"), ("/logs", "limit"),
    ("/logs", "minResponseMs"), ("/runs", "limit"), ("/downloads", "days"),
    ("/inventory/packages/growth", "days"),
]  # fmt: skip


@pytest.mark.parametrize("value", ["nan", "inf", "-inf", "NaN", "-Infinity", "1e400", "-1"])
@pytest.mark.parametrize(("path", "name"), NUMBERS)
def test_what_is_no_finite_number_is_refused_with_the_name_of_the_parameter(
    client: TestClient[Litestar], path: str, name: str, value: str
) -> None:
    body = problem(client.get(PREFIX + path, params={name: value}), 400)
    assert body["parameter"] == name
    assert body["detail"].startswith(f"{name}: ")


@pytest.mark.parametrize(("path", "name"), [each for each in NUMBERS if each[1] != "minResponseMs"])
def test_a_number_beyond_every_bound_is_refused(client: TestClient[Litestar], path: str, name: str) -> None:
    assert problem(client.get(PREFIX + path, params={name: "1e308"}), 400)["parameter"] == name


def test_more_periods_than_the_rollup_can_tell_apart_are_refused(client: TestClient[Litestar]) -> None:
    answer = client.get(f"{PREFIX}/analytics/trends", params={"hours": 1, "points": 1_000})
    assert problem(answer, 400)["parameter"] == "points"


def test_a_start_after_the_end_is_refused(client: TestClient[Litestar]) -> None:
    answer = client.get(f"{PREFIX}/logs", params={"startDate": "2026-01-02", "endDate": "2026-01-01"})
    assert problem(answer, 400)["parameter"] == "startDate"


@pytest.mark.parametrize(
    ("body", "field"),
    [
        (b'{"retentionDays": 0}', "retentionDays"),
        (b'{"retentionDays": "30"}', "retentionDays"),
        (b'{"retentionDays": null}', "retentionDays"),
        (b'{"dryRun": "yes"}', "dryRun"),
        (b'{"scope": "everything"}', "scope"),
        (b'{"dryrun": true}', "dryrun"),
        (b'{"dryRun": true, "days": 1}', "days"),
        (b"[30]", "body"),
        (b"{retentionDays: 30}", "body"),
        (b"\xff\xfe", "body"),
    ],
)
def test_a_bad_field_of_the_cleanup_is_named(client: TestClient[Litestar], body: bytes, field: str) -> None:
    answer = client.post(f"{PREFIX}/logs/cleanup", content=body)
    assert problem(answer, 400)["parameter"] == field


def test_unknown_parameters_are_ignored(get: Get) -> None:
    assert get("/logs", _="1700000000", cb="x")["totalCount"] == 3_000
    assert get("/analytics", _="1700000000")["hours"] == 24


def test_empty_texts_count_as_absent(get: Get) -> None:
    everything = get("/logs", level="", source="", configHash="", q="", method="", package="", startDate="")
    assert everything["totalCount"] == 3_000


@pytest.mark.parametrize("spelling", ["error,warn", "ERROR,Warn", "warn, error", "error,warn,error,"])
def test_levels_come_in_any_case_and_several_at_once(get: Get, spelling: str) -> None:
    page = get("/logs", level=spelling, limit=10_000)
    assert {row["level"] for row in page["logs"]} == {"error", "warn"}
    counts = get("/logs/stats")["levelDistribution"]
    assert page["totalCount"] == counts["error"] + counts["warn"]


def test_every_filter_narrows_to_what_it_names(get: Get) -> None:
    rows = get("/logs", limit=10_000)["logs"]
    sample = next(row for row in rows if row["package"] and row["status"] and row["responseMs"])
    filters: list[tuple[dict[str, Any], Callable[[Any], bool]]] = [
        ({"source": sample["source"]}, lambda row: row["source"] == sample["source"]),
        (
            {"configHash": sample["configHash"][2:].upper()},
            lambda row: row["configHash"] == sample["configHash"],
        ),
        (
            {"q": sample["message"][2:9].swapcase()},
            lambda row: sample["message"][2:9].lower() in row["message"].lower(),
        ),
        ({"status": sample["status"]}, lambda row: row["status"] == sample["status"]),
        ({"method": sample["method"].lower()}, lambda row: row["method"] == sample["method"]),
        ({"package": sample["package"]}, lambda row: row["package"] == sample["package"]),
        ({"minResponseMs": 100}, lambda row: (row["responseMs"] or 0) >= 100),
    ]
    for parameters, matches in filters:
        expected = sum(map(matches, rows))
        page = get("/logs", limit=10_000, **parameters)
        assert 0 < expected < 3_000, parameters
        assert page["totalCount"] == len(page["logs"]) == expected, parameters
        assert all(map(matches, page["logs"])), parameters


def test_ascending_order_is_the_descending_one_reversed(get: Get) -> None:
    up, down = (get("/logs", order=order, limit=10_000)["logs"] for order in ("asc", "desc"))
    assert [(row["objectKey"], row["line"]) for row in up] == [
        (row["objectKey"], row["line"]) for row in down
    ][::-1]


def test_a_span_may_be_given_in_milliseconds_or_as_iso_8601(get: Get) -> None:
    times = [row["timestamp"] for row in get("/logs", limit=10_000)["logs"]]
    last, first = times[500], times[1_500]
    expected = sum(first <= each <= last for each in times)
    as_iso = [
        datetime.fromtimestamp(each / 1000, UTC).isoformat(timespec="milliseconds") for each in (first, last)
    ]
    for start, end in ((first, last), as_iso, [text.replace("+00:00", "Z") for text in as_iso]):
        assert get("/logs", startDate=start, endDate=end)["totalCount"] == expected


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("1767225600000", datetime(2026, 1, 1, tzinfo=UTC)),
        ("1767225600123", datetime(2026, 1, 1, 0, 0, 0, 123_000, tzinfo=UTC)),
        ("0", datetime(1970, 1, 1, tzinfo=UTC)),
        ("86400000", datetime(1970, 1, 2, tzinfo=UTC)),
        ("-1", datetime(1969, 12, 31, 23, 59, 59, 999_000, tzinfo=UTC)),
        ("+1", datetime(1970, 1, 1, 0, 0, 0, 1_000, tzinfo=UTC)),
        ("20260101", datetime(1970, 1, 1, 5, 37, 40, 101_000, tzinfo=UTC)),
        ("2026-01-01", datetime(2026, 1, 1, tzinfo=UTC)),
        ("2026-01-01T00:00:00Z", datetime(2026, 1, 1, tzinfo=UTC)),
        ("2026-01-01T01:00:00+01:00", datetime(2026, 1, 1, tzinfo=UTC)),
        ("2026-01-01T01:00:00 01:00", datetime(2026, 1, 1, tzinfo=UTC)),
        ("2026-01-01 00:00:00", datetime(2026, 1, 1, tzinfo=UTC)),
    ],
)
def test_moments_are_read_as_utc(text: str, expected: datetime) -> None:
    assert moment(text, "startDate") == expected


def test_a_date_alone_as_the_end_means_its_whole_day() -> None:
    assert moment("2026-01-01", "endDate", whole_day=True) == datetime(
        2026, 1, 1, 23, 59, 59, 999_999, tzinfo=UTC
    )


@pytest.mark.parametrize("text", ["nan", "1e400", "-" + "9" * 20, "20260101T", "٢٠٢٦-٠١-٠١x", "x" * 500])
def test_what_is_no_moment_is_refused(text: str) -> None:
    with pytest.raises(BadRequestError) as caught:
        moment(text, "startDate")
    assert caught.value.field == "startDate"
    assert len(str(caught.value)) < 300


def test_a_misspelt_dry_run_removes_nothing(client: TestClient[Litestar], get: Get) -> None:
    body = problem(client.post(f"{PREFIX}/logs/cleanup", json={"dryrun": True, "retentionDays": 1}), 400)
    assert "dryRun" in body["detail"]
    assert get("/logs/stats")["totalEntries"] == 3_000
