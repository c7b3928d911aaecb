"""No value of any parameter makes the server fail: what cannot be used is a problem that names it."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Any

import pytest
from litestar import Litestar
from litestar.testing import TestClient

from api.app import create_app
from warehouse.settings import Settings

#: Beyond 31, 53 and 63 bits, and what Python takes for a number or for none.
NUMBERS = [
    "0", "-1", "2147483648", "9223372036854775807", "9223372036854775808", "-9223372036854775809", "9" * 24,
    "1e400", "1_0", "٣",
]  # fmt: skip
TEXTS = ["\x00", "'", "%", "[", "{}", "\\", "x" * 1_000, "unknown", "../..", "💥"]
#: The calendar's ends, those of 64 bits of nanoseconds, and what a zone moves beyond them.
MOMENTS = [
    "0001-01-01", "0001-01-01T00:00:00+14:00", "0999-12-31", "1000-01-01", "1677-09-21", "1970-01-01",
    "2262-04-12", "8999-12-31", "9000-01-01", "9999-12-31", "9999-12-31T23:59:59.999999-14:00",
    "-62135596800000", "253402300799999", "-9223372036854775808", "9" * 15,
]  # fmt: skip
#: Python has files of these names, where the system's folder of zones is whole; queries know none of them.
ZONES = [
    "localtime", "posixrules", "posix/Europe/Berlin", "right/Europe/Berlin", "Factory", "zone.tab", "Europe",
    "./UTC", "europe/berlin", "Moon",
]  # fmt: skip
PERIODS = [
    "0001-01-01", "9999-12-31", "0001-01-01:9999-12-31", "1000-01-01:3000-01-01", "2026-02-30", "9" * 30,
    "%00", "a,b",
]  # fmt: skip
NEEDED = {"objectKey": "k", "line": "1"}
PATHS = {"period": "last-week", "package": "react", "rule_id": "high-error-rate", "name": "analytics"}

Operation = dict[str, Any]


def operations() -> Iterator[tuple[str, Operation]]:
    """Every documented GET but the stream of events, which never ends."""
    broken: Any = None
    schema = create_app(Settings(), broken).openapi_schema.to_schema()
    for path, methods in schema["paths"].items():
        if "get" in methods and not path.endswith("/live"):
            yield path, methods["get"]


OPERATIONS = dict(operations())


def values(parameter: dict[str, Any]) -> list[str]:
    """What is tried for a parameter."""
    name, kind = parameter["name"], str(parameter["schema"])
    if name == "period":
        return PERIODS
    if "Date" in name or name == "since":
        return MOMENTS + TEXTS
    if name == "timezone":
        return ZONES + TEXTS
    return NUMBERS if "integer" in kind or "number" in kind else [*TEXTS, NUMBERS[6]]


def url(path: str, **given: str) -> str:
    return re.sub(r"\{(\w+)\}", lambda part: given.get(part[1], PATHS.get(part[1], "x")), path)


@pytest.mark.parametrize("path", OPERATIONS)
def test_no_value_of_any_parameter_makes_the_server_fail(client: TestClient[Litestar], path: str) -> None:
    parameters = [each for each in OPERATIONS[path].get("parameters", []) if each["in"] != "header"]
    needed = {each["name"]: NEEDED[each["name"]] for each in parameters if each["name"] in NEEDED}
    for parameter in parameters:
        name = parameter["name"]
        for value in values(parameter):
            if parameter["in"] == "path":
                answer = client.get(url(path, **{name: value.replace("\x00", "%00")}))
            else:
                answer = client.get(url(path), params=needed | {name: value})
            assert answer.status_code < 500, (name, value)
            if answer.status_code == 400 and parameter["in"] == "query":
                assert answer.json()["parameter"] == name, (name, value, answer.text)


@pytest.mark.parametrize("path", [path for path in OPERATIONS if "endDate" in str(OPERATIONS[path])])
def test_no_window_of_any_length_makes_the_server_fail(client: TestClient[Litestar], path: str) -> None:
    names = {each["name"] for each in OPERATIONS[path]["parameters"]}
    widest = {"hours": "8760", "points": "1000", "compare": "previous,week", "timezone": "Pacific/Kiritimati"}
    given = {name: value for name, value in widest.items() if name in names}
    spans = [{"endDate": end} for end in MOMENTS]
    if "startDate" in names:
        spans = [{"startDate": "0001-01-01", "endDate": end} for end in MOMENTS[-8:]]
        spans += [{"startDate": "9999-12-31"}, {"startDate": "2026-01-01", "endDate": "9999-12-31"}]
    for span in spans:
        assert client.get(url(path), params=given | span).status_code < 500, span
