"""`GET /downloads`: the shapes of the answers, ours and npm's."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from litestar import Litestar
from litestar.testing import TestClient

from api.app import create_app
from api.downloads import Downloads, Point, Range, UnusedPackages
from tests.api.conftest import BASE, PREFIX, problem
from tests.api.shapes import is_exactly
from tests.warehouse_builder import Builder, log

Get = Callable[..., Any]


@pytest.fixture(scope="module")
def yesterday() -> datetime:
    """Noon of the day before the tests run: the day on which they were collected may be over."""
    return datetime.now(UTC).replace(hour=12) - timedelta(days=1)


@pytest.fixture(scope="module")
def asked(yesterday: datetime, tmp_path_factory: pytest.TempPathFactory) -> Iterator[TestClient[Litestar]]:
    """Yesterday: two downloads of @acme/icons, one of lodash; left-pad lies in the bucket."""
    builder = Builder(tmp_path_factory.mktemp("downloads"))
    paths = ["/@acme%2ficons/-/icons-1.0.0.tgz"] * 2 + ["/lodash/-/lodash-4.17.21.tgz"]
    fields: dict[str, Any] = {"method": "GET", "status": 200, "clientIP": "10.0.0.1", "userAgent": "npm/10"}
    builder.put([log(yesterday, endpoint=path, **fields) for path in paths])
    builder.put(b"x", "packages/left-pad/-/left-pad-1.0.0.tgz", size=10)
    builder.sync()
    with TestClient(create_app(builder.settings), base_url=BASE) as client:
        yield client


@pytest.mark.parametrize("by", ["package", "version", "agent", "client", "day", "week"])
def test_downloads_are_counted_by_what_is_asked_for(asked: TestClient[Litestar], by: str) -> None:
    answer = asked.get(f"{PREFIX}/downloads", params={"by": by, "days": 7}).json()
    is_exactly(answer, Downloads)
    assert (answer["by"], answer["totals"]["downloads"]) == (by, 3)
    assert sum(row["downloads"] for row in answer["rows"]) == 3
    assert ("packages" in answer["rows"][0]) is (by == "client")


def test_the_demo_has_downloads_too(get: Get) -> None:
    answer = get("/downloads")
    is_exactly(answer, Downloads)
    assert answer["totals"]["downloads"] > 0


def test_the_package_that_nobody_wants_is_named(asked: TestClient[Litestar]) -> None:
    answer = asked.get(f"{PREFIX}/downloads/unused").json()
    is_exactly(answer, UnusedPackages)
    assert [(row["name"], row["versions"], row["bytes"]) for row in answer["packages"]] == [
        ("left-pad", 1, 10)
    ]


@pytest.mark.parametrize(
    ("path", "expected"),
    [
        ("", {"downloads": 3}),
        ("/lodash", {"downloads": 1, "package": "lodash"}),
        ("/@acme/icons", {"downloads": 2, "package": "@acme/icons"}),
        ("/@acme%2Ficons", {"downloads": 2, "package": "@acme/icons"}),
        ("/left-pad", {"downloads": 0, "package": "left-pad"}),
    ],
)
def test_points_have_the_shape_of_npms(
    asked: TestClient[Litestar], yesterday: datetime, path: str, expected: Any
) -> None:
    answer = asked.get(f"{PREFIX}/downloads/point/last-day{path}")
    day = f"{yesterday:%Y-%m-%d}"
    assert (answer.status_code, answer.json()) == (200, expected | {"start": day, "end": day})
    is_exactly(answer.json(), Point)


def test_points_of_several_packages_have_the_shape_of_npms(
    asked: TestClient[Litestar], yesterday: datetime
) -> None:
    found = asked.get(f"{PREFIX}/downloads/point/last-day/lodash,nobody,@acme/icons").json()
    day = f"{yesterday:%Y-%m-%d}"
    assert found == {
        "lodash": {"downloads": 1, "start": day, "end": day, "package": "lodash"},
        "nobody": None,
        "@acme/icons": {"downloads": 2, "start": day, "end": day, "package": "@acme/icons"},
    }


def test_ranges_have_the_shape_of_npms(asked: TestClient[Litestar], yesterday: datetime) -> None:
    before, day = (f"{yesterday - timedelta(days=back):%Y-%m-%d}" for back in (1, 0))
    wanted = f"{PREFIX}/downloads/range/{before}:{day}"
    days = [{"downloads": 0, "day": before}, {"downloads": 1, "day": day}]
    whole = {"start": before, "end": day, "downloads": days, "package": "lodash"}
    assert asked.get(f"{wanted}/lodash").json() == whole
    everything = asked.get(wanted).json()
    is_exactly(everything, Range)
    assert everything == {
        "start": before, "end": day,
        "downloads": [{"downloads": 0, "day": before}, {"downloads": 3, "day": day}],
    }  # fmt: skip
    assert asked.get(f"{wanted}/lodash,nobody").json() == {"lodash": whole, "nobody": None}


@pytest.mark.parametrize("shape", ["point", "range"])
def test_a_package_that_nobody_knows_is_not_found(asked: TestClient[Litestar], shape: str) -> None:
    body = problem(asked.get(f"{PREFIX}/downloads/{shape}/last-week/nobody"), 404)
    assert "package nobody is neither in the bucket" in body["detail"]


def test_what_shields_asks_for_is_answered_with_the_days_that_there_are(
    asked: TestClient[Litestar], yesterday: datetime
) -> None:
    # Its badges npm/dt and npm/d18m: the sum over downloads of this address.
    found = asked.get(f"{PREFIX}/downloads/range/1000-01-01:3000-01-01/lodash").json()
    before, today = (f"{yesterday + timedelta(days=ahead):%Y-%m-%d}" for ahead in (0, 1))
    assert found["downloads"][0] == {"downloads": 1, "day": before}
    assert (found["start"], found["package"]) == (before, "lodash")
    assert found["end"] >= today  # the next day may have begun since
    assert sum(day["downloads"] for day in found["downloads"]) == 1
    point = asked.get(f"{PREFIX}/downloads/point/1000-01-01:3000-01-01").json()
    assert (point["downloads"], point["start"], point["end"]) == (3, before, found["end"])


@pytest.mark.parametrize("period", ["last-decade", "2026-13-01", "2026-03-02:2026-03-01"])
def test_a_period_that_is_none_is_refused_by_name(asked: TestClient[Litestar], period: str) -> None:
    assert problem(asked.get(f"{PREFIX}/downloads/point/{period}"), 400)["parameter"] == "period"


@pytest.mark.parametrize(("name", "value"), [("days", "0"), ("by", "moon"), ("limit", "0"), ("days", "x")])
def test_a_parameter_that_is_none_is_refused_by_name(
    asked: TestClient[Litestar], name: str, value: str
) -> None:
    assert problem(asked.get(f"{PREFIX}/downloads", params={name: value}), 400)["parameter"] == name


def test_too_many_packages_are_refused(asked: TestClient[Litestar]) -> None:
    names = ",".join(f"p{number}" for number in range(129))
    assert problem(asked.get(f"{PREFIX}/downloads/point/last-day/{names}"), 400)["parameter"] == "package"
