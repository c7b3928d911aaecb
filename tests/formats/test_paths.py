"""macros/lines: packages and versions in the paths of a registry, and times."""

from __future__ import annotations

from typing import Any

import pytest

from tests.sql.conftest import con  # noqa: F401
from tests.warehouse_builder import naive
from warehouse import duck


def call(con: duck.Connection, text: str, value: Any) -> Any:  # noqa: F811
    row = con.execute(f"SELECT {text} FROM (SELECT CAST($v AS VARCHAR) AS v) AS t", {"v": value}).fetchone()
    return row[0] if row else None


@pytest.mark.parametrize(
    ("path", "package", "version"),
    [
        ("/left-pad", "left-pad", None),
        ("/left-pad/", "left-pad", None),
        ("/left-pad/1.3.0", "left-pad", "1.3.0"),
        ("/left-pad/latest", "left-pad", None),
        ("/left-pad/-/left-pad-1.3.0.tgz", "left-pad", "1.3.0"),
        ("/@scope/pkg", "@scope/pkg", None),
        ("/@scope%2fpkg", "@scope/pkg", None),
        ("/%40scope%2Fpkg", "@scope/pkg", None),
        ("/@scope/pkg/2.0.0-beta.1", "@scope/pkg", "2.0.0-beta.1"),
        ("/@scope/pkg/-/pkg-1.2.3.tgz", "@scope/pkg", "1.2.3"),
        ("/@scope/pkg/-/@scope/pkg-1.2.3.tgz", "@scope/pkg", "1.2.3"),
        ("/@scope/pkg/-/pkg-1.2.3-rc.1+build.5.tgz", "@scope/pkg", "1.2.3-rc.1+build.5"),
        ("/npm/private/es6-shim/-/es6-shim-0.35.8.tgz", "es6-shim", "0.35.8"),
        ("/-/package/@scope%2fpkg/dist-tags", "@scope/pkg", None),
        ("/-/package/left-pad/dist-tags/latest", "left-pad", None),
        ("/-/v1/search", None, None),
        ("/-/ping", None, None),
        ("/-/npm/v1/security/audits/quick", None, None),
        ("/favicon.ico", None, None),
        ("/", None, None),
        ("", None, None),
        (None, None, None),
    ],
)
def test_a_path_names_a_package_and_a_version(
    con: duck.Connection,  # noqa: F811
    path: str | None,
    package: str | None,
    version: str | None,
) -> None:
    assert (call(con, "package_of(v)", path), call(con, "package_version_of(v)", path)) == (package, version)


@pytest.mark.parametrize(
    ("path", "package"),
    [
        ("/index.html", None),
        ("/left-pad", None),
        ("/@scope/pkg", "@scope/pkg"),
        ("/left-pad/-/left-pad-1.3.0.tgz", "left-pad"),
    ],
)
def test_a_server_of_other_things_serves_packages_only_where_that_is_sure(
    con: duck.Connection,  # noqa: F811
    path: str,
    package: str | None,
) -> None:
    assert call(con, "surely_package_of(v)", path) == package


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("100000000", "1973-03-03T09:46:40"),
        ("99999999", None),
        ("1772359200", "2026-03-01T10:00:00"),
        ("1772359200.5", "2026-03-01T10:00:00.5"),
        ("1772359200123", "2026-03-01T10:00:00.123"),
        ("1772359200123.25", "2026-03-01T10:00:00.12325"),
        ("1772359200123456", "2026-03-01T10:00:00.123456"),
        ("1772359200123456789", "2026-03-01T10:00:00.123456"),
        ("1.7723592e9", "2026-03-01T10:00:00"),
        ("9223372036854775808", None),
        ("2026-03-01T10:00Z", "2026-03-01T10:00:00"),
        ("2026-03-01 10:00:00,250 Z", "2026-03-01T10:00:00.25"),
        ("2026-03-01t10:00:00z", "2026-03-01T10:00:00"),
        ("2026-03-01T10:00:00-01", "2026-03-01T11:00:00"),
        ("2026-03-01T10:00:00+0130", "2026-03-01T08:30:00"),
        ("2026-02-29T10:00:00Z", None),
        ("2026-03-01", None),
        ("1970-01-01T00:00:00Z", None),
        ("10/Oct/2000:13:55:36 -0700", "2000-10-10T20:55:36"),
        ("[10/Oct/2000:13:55:36 -0700]", "2000-10-10T20:55:36"),
        ("[10/Oct/2000:13:55:36]", "2000-10-10T13:55:36"),
        ("10/Oct/2000:13:55:36", "2000-10-10T13:55:36"),
        ("[31/Feb/2000:13:55:36 -0700]", None),
        ("10/Oct/1970:13:55:36", None),
        ("10/Oct/2000:13:55", None),
        ("inf", None),
        ("", None),
        (None, None),
    ],
)
def test_times_in_every_usual_form(
    con: duck.Connection,  # noqa: F811
    text: str | None,
    expected: str | None,
) -> None:
    assert call(con, "time_of(v)", text) == (naive(expected) if expected else None)
