"""Who installs which package: macros/downloads, tables/downloads, tables/installers, rollups/downloads,
rollups/installers, endpoints/downloads_totals, endpoints/downloads_by, endpoints/downloads_clients,
endpoints/downloads_range, endpoints/downloads_days, endpoints/downloads_unused.
"""

from __future__ import annotations

from collections import Counter, defaultdict
from contextlib import closing
from datetime import date
from pathlib import Path
from typing import Any

import pytest

from tests.warehouse_builder import Builder, log, millis, utc
from warehouse import demo, downloads, duck
from warehouse.errors import BadRequestError
from warehouse.housekeeping import rebuild
from warehouse.service import Warehouse

NOW = utc("2026-03-10T15:30:00")
NPM, PNPM = "npm/10.8.2 node/v22.12.0 linux x64", "pnpm/9.15.0 npm/? node/v22.12.0 linux x64"


def fetch(at: str, path: str, status: int | None = 200, **fields: Any) -> dict[str, Any]:
    """A GET of a tarball by npm at 10.0.0.1, unless said otherwise."""
    given = {"method": "GET", "userAgent": NPM, "clientIP": "10.0.0.1", "bytes": 100} | fields
    return log(at, endpoint=path, status=status, **{k: v for k, v in given.items() if v is not None})


ICONS, ICONS_2 = "/@acme%2ficons/-/icons-1.0.0.tgz", "/@acme/icons/-/icons-2.0.0-rc.1.tgz?from=ci"
LODASH = "/npm/lodash/-/lodash-4.17.21.tgz"


@pytest.fixture(scope="module")
def opened(tmp_path_factory: pytest.TempPathFactory) -> Any:
    """Three days of two packages, and a third one that nobody wants."""
    builder = Builder(tmp_path_factory.mktemp("downloads"))
    builder.put(
        [
            # Sunday, the last day of a week.
            fetch("2026-03-08T10:00:00", ICONS),
            fetch("2026-03-08T10:00:01", ICONS, 304),
            fetch("2026-03-08T10:00:02", ICONS, 502),
            # Monday.
            fetch("2026-03-09T10:00:00", ICONS, 302, bytes=None),
            fetch("2026-03-09T11:00:00", ICONS_2, clientIP="10.0.0.2", userAgent=PNPM),
            fetch("2026-03-09T12:00:00", ICONS_2, clientIP="10.0.0.3", userAgent=PNPM),
            fetch("2026-03-09T13:00:00", LODASH, clientIP=None, userAgent=None),
            log("2026-03-09T14:00:00", endpoint="/@acme%2ficons", method="PUT", status=201, version="2.0.0"),
            log("2026-03-09T14:00:01", endpoint="/@acme%2ficons", method="PUT", status=403, version="2.0.1"),
            # Nothing of this is a download.
            log("2026-03-09T15:00:00", endpoint="/-/user/org.couchdb.user:me", method="PUT", status=201),
            log("2026-03-09T15:00:01", endpoint="/lodash", method="GET", status=200, package="lodash"),
            log("2026-03-09T15:00:02", endpoint=LODASH, method="HEAD", status=200),
            fetch("2026-03-09T15:00:03", LODASH, None),
            log("2026-03-09T15:00:04", "error", "no request at all"),
        ]
    )
    builder.put(b"x", "packages/left-pad/-/left-pad-1.0.0.tgz", size=10, stored=utc("2026-02-01T00:00:00"))
    builder.put(b"x", "packages/left-pad/-/left-pad-1.1.0.tgz", size=30, stored=utc("2026-02-02T00:00:00"))
    builder.put(b"x", "packages/lodash/-/lodash-4.17.21.tgz", size=50, stored=utc("2026-02-01T00:00:00"))
    builder.put(b"x", "packages/fresh/-/fresh-0.1.0.tgz", size=70, stored=utc("2026-03-09T00:00:00"))
    builder.sync()
    # A second commit merges into the rollups of the first.
    builder.put([fetch("2026-03-09T23:59:59.999", ICONS), fetch("2026-03-10T00:00:00", LODASH)])
    builder.sync()
    with closing(builder.open()) as warehouse:
        yield warehouse


def named(answer: dict[str, Any], *fields: str) -> list[tuple[Any, ...]]:
    return [tuple(row[field] for field in ("name", *fields)) for row in answer["rows"]]


def test_redirects_are_downloads_and_304_and_errors_are_none(opened: Warehouse) -> None:
    answer = opened.downloads(3, now=NOW)
    assert (answer["start"], answer["end"]) == ("2026-03-08", "2026-03-10")
    assert answer["totals"] == {
        "downloads": 7,
        "previousDownloads": 0,
        "notModified": 1,
        "failed": 1,
        "bytes": 600,
        "publishes": 1,
        "packages": 2,
        "versions": 3,
        "clients": 3,
    }
    assert answer["rows"] == [
        {
            "name": "@acme/icons",
            "downloads": 5,
            "share": pytest.approx(500 / 7),
            "clients": 3,
            "notModified": 1,
            "failed": 1,
            "bytes": 400,
            "publishes": 1,
            "lastSeen": millis("2026-03-09T23:59:59.999"),
        },
        {
            "name": "lodash",
            "downloads": 2,
            "share": pytest.approx(200 / 7),
            "clients": 1,
            "notModified": 0,
            "failed": 0,
            "bytes": 200,
            "publishes": 0,
            "lastSeen": millis("2026-03-10T00:00:00"),
        },
    ]


def test_days_outside_the_window_do_not_count(opened: Warehouse) -> None:
    today = opened.downloads(1, now=NOW)["totals"]
    assert (today["downloads"], today["previousDownloads"]) == (1, 5)
    assert opened.downloads(1, now=utc("2026-03-08T00:00:00"))["totals"] == {
        "downloads": 1, "previousDownloads": 0, "notModified": 1, "failed": 1, "bytes": 100, "publishes": 0,
        "packages": 1, "versions": 1, "clients": 1,
    }  # fmt: skip


def test_versions_agents_days_weeks_and_clients(opened: Warehouse) -> None:
    def by(what: str, *fields: str, **names: str) -> list[tuple[Any, ...]]:
        return named(opened.downloads(3, what, now=NOW, **names), *fields)

    assert by("version", "downloads", "clients", "publishes", package="@acme/icons") == [
        ("@acme/icons@1.0.0", 3, 1, 0),
        ("@acme/icons@2.0.0-rc.1", 2, 2, 0),
        ("@acme/icons@2.0.0", 0, 0, 1),
    ]
    assert by("agent", "downloads") == [("npm", 4), ("pnpm", 2), ("unknown", 1)]
    assert by("day", "downloads", "failed") == [
        ("2026-03-10", 1, 0),
        ("2026-03-09", 5, 0),
        ("2026-03-08", 1, 1),
    ]
    assert by("week", "downloads") == [("2026-03-09", 6), ("2026-03-02", 1)]
    assert by("client", "downloads", "packages") == [
        ("10.0.0.1", 4, 2),
        ("10.0.0.2", 1, 1),
        ("10.0.0.3", 1, 1),
    ]
    assert by("client", "downloads", agent="pnpm") == [("10.0.0.2", 1), ("10.0.0.3", 1)]
    assert by("day", "downloads", version="2.0.0-rc.1") == [("2026-03-09", 2)]


def test_rows_are_limited_and_the_totals_are_not(opened: Warehouse) -> None:
    answer = opened.downloads(3, limit=1, now=NOW)
    assert named(answer, "share") == [("@acme/icons", pytest.approx(500 / 7))]
    assert answer["totals"]["downloads"] == 7


def test_ranges_have_every_day_and_know_the_inventory(opened: Warehouse) -> None:
    found = opened.downloads_by_day(
        "2026-03-07:2026-03-09", ["@acme/icons", "left-pad", "nobody-knows"], now=NOW
    )
    assert set(found) == {"@acme/icons", "left-pad"}
    assert found["@acme/icons"] == {
        "start": "2026-03-07",
        "end": "2026-03-09",
        "total": 5,
        "days": [
            {"day": "2026-03-07", "downloads": 0},
            {"day": "2026-03-08", "downloads": 1},
            {"day": "2026-03-09", "downloads": 4},
        ],
    }
    assert found["left-pad"]["total"] == 0
    together = opened.downloads_by_day("last-day", None, now=NOW)
    assert (together[None]["start"], together[None]["total"]) == ("2026-03-09", 5)


def test_packages_that_nobody_installs_are_told_unless_they_are_new(opened: Warehouse) -> None:
    answer = opened.unused_packages(3, now=NOW)
    assert answer == {
        "start": "2026-03-08",
        "end": "2026-03-10",
        "count": 1,
        "packages": [
            {"name": "left-pad", "versions": 2, "bytes": 40, "storedAt": millis("2026-02-02T00:00:00")}
        ],
    }
    # Up to Sunday nobody had asked for lodash either.
    sunday = opened.unused_packages(1, now=utc("2026-03-08T00:00:00"))["packages"]
    assert [row["name"] for row in sunday] == ["lodash", "left-pad"]


@pytest.mark.parametrize(
    ("path", "package", "version"),
    [
        ("/lodash/-/lodash-4.17.21.tgz", "lodash", "4.17.21"),
        ("/@acme/ui-kit/-/ui-kit-1.0.0-beta.1+b.tgz", "@acme/ui-kit", "1.0.0-beta.1+b"),
        ("/%40acme%2Fui/-/ui-1.0.0.tgz#x", "@acme/ui", "1.0.0"),
        ("/@acme/ui/-/@acme/ui-1.0.0.tgz", "@acme/ui", "1.0.0"),
        ("/a%ff/-/b-1.tgz", "a%ff", None),
        ("/lodash", None, None),
        ("/-/ping.tgz", None, None),
        ("", None, None),
    ],
)
def test_a_tarball_is_told_by_its_path(
    con: duck.Connection, path: str, package: str | None, version: str | None
) -> None:
    row = con.execute(
        "SELECT tarball_package(p), tarball_version(p, tarball_package(p)) FROM (SELECT plain_path($1) AS p)",
        [path],
    ).fetchone()
    assert row == (package, version)


@pytest.mark.parametrize(
    ("path", "package"),
    [
        ("/nanoid", "nanoid"),
        ("/npm/@acme/ui", "@acme/ui"),
        ("/@acme/ui/", "@acme/ui"),
        ("/-/user/org.couchdb.user:me", None),
        ("/nanoid/-rev/3-abc", None),
        ("/-/package/ui/dist-tags/latest", None),
        ("/", None),
    ],
)
def test_a_publish_is_told_by_its_path(con: duck.Connection, path: str, package: str | None) -> None:
    assert con.execute("SELECT published_package($1)", [path]).fetchone() == (package,)


@pytest.mark.parametrize(
    ("agent", "family"),
    [
        (NPM, "npm"),
        (PNPM, "pnpm"),
        ("Yarn/1.22 npm/?", "yarn"),
        ("Mozilla/5.0 (X11)", "browser"),
        ("npm-but-not/1", "other"),
        ("=cmd()", "other"),
        ("  ", "unknown"),
        (None, "unknown"),
    ],
)
def test_an_agent_is_told_by_the_product_it_names_first(
    con: duck.Connection, agent: str | None, family: str
) -> None:
    assert con.execute("SELECT user_agent_family($1)", [agent]).fetchone() == (family,)


@pytest.mark.parametrize(
    ("period", "first", "last"),
    [
        ("last-day", "2026-03-09", "2026-03-09"),
        ("last-week", "2026-03-03", "2026-03-09"),
        ("last-month", "2026-02-08", "2026-03-09"),
        ("last-year", "2025-03-10", "2026-03-09"),
        ("2026-03-10", "2026-03-10", "2026-03-10"),
        ("2026-02-28:2026-03-01", "2026-02-28", "2026-03-01"),
    ],
)
def test_periods_are_npms(period: str, first: str, last: str) -> None:
    assert downloads.period(period, NOW.date()) == (date.fromisoformat(first), date.fromisoformat(last))


@pytest.mark.parametrize(
    "period", ["last-hour", "", "2026-02-30", "2026-03-02:2026-03-01", "0000-01-01:2026-01-01"]
)
def test_other_periods_are_refused_by_name(period: str) -> None:
    with pytest.raises(BadRequestError) as told:
        downloads.period(period, NOW.date())
    assert told.value.field == "period"


@pytest.mark.parametrize(
    ("period", "first", "last"),
    [
        # Entries are of the 8th to the 10th, which is today.
        ("1000-01-01:3000-01-01", "2026-03-08", "2026-03-10"),
        ("2026-03-09:3000-01-01", "2026-03-09", "2026-03-10"),
        ("1000-01-01:2026-03-08", "2026-03-08", "2026-03-08"),
        ("1000-01-01:2000-01-01", "2000-01-01", "2000-01-01"),
        ("2500-01-01:3000-01-01", "2500-01-01", "2500-01-01"),
        # 3,660 days are told as they are, one more is too long.
        ("2016-03-04:2026-03-11", "2016-03-04", "2026-03-11"),
        ("2016-03-03:2026-03-11", "2026-03-08", "2026-03-10"),
    ],
)
def test_a_period_that_is_too_long_is_told_by_the_days_that_there_are(
    opened: Warehouse, period: str, first: str, last: str
) -> None:
    found = opened.downloads_by_day(period, ["lodash"], now=NOW)["lodash"]
    assert (found["start"], found["end"]) == (first, last)
    assert [found["days"][at]["day"] for at in (0, -1)] == [first, last]


def test_an_entry_of_long_ago_makes_no_answer_longer_than_others(builder: Builder) -> None:
    builder.put([log("2010-01-01T00:00:00"), fetch("2026-03-09T10:00:00", LODASH)])
    builder.sync()
    with closing(builder.open()) as warehouse:
        found = warehouse.downloads_by_day("1000-01-01:3000-01-01", None, now=NOW)[None]
    assert (found["start"], len(found["days"]), found["total"]) == ("2016-03-03", 3_660, 1)


def test_the_figures_are_those_of_an_independent_count(tmp_path: Path) -> None:
    """Two days of demo logs, counted again in plain Python from the rows; and after a rebuild."""
    builder = Builder(tmp_path)
    end = utc("2026-03-10T00:00:00")
    for item in demo.generate(end, days=2, entries=4_000, flush_seconds=7200, malformed=0):
        if item.key.startswith("logs/"):
            builder.put(item.body, item.key)
    builder.sync()
    rows = builder.tables("SELECT ts, method, path, status, client_ip, bytes FROM logs")
    counts: Counter[str] = Counter()
    clients = defaultdict(set)
    for row in rows:
        if row["method"] == "GET" and (row["path"] or "").endswith(".tgz") and row["status"] == 200:
            name = row["path"].lstrip("/").split("/-/")[0].replace("%2f", "/")
            counts[name] += 1
            clients[name].add(row["client_ip"])
    assert len(counts) > 20
    for _ in range(2):
        with closing(builder.open()) as warehouse:
            answer = warehouse.downloads(3, limit=10_000, now=utc("2026-03-10T00:00:00"))
        assert {r["name"]: (r["downloads"], r["clients"]) for r in answer["rows"] if r["downloads"]} == {
            name: (count, len(clients[name])) for name, count in counts.items()
        }
        assert answer["totals"]["clients"] == len(set().union(*clients.values()))
        rebuild.run(builder.settings)
