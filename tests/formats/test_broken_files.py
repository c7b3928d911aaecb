"""A mistake in a format's file is told with the file's name, and costs the other formats nothing."""

from __future__ import annotations

import re
from collections.abc import Callable
from pathlib import Path

import pytest
from click.testing import CliRunner

from tests.formats.conftest import head_of
from tests.formats.samples import BUNYAN, COMMON, SAMPLES, text
from tests.formats.test_sync import formats_of
from tests.warehouse_builder import Builder, ndjson
from warehouse import formats
from warehouse.cli.formats import list_formats
from warehouse.cli.state import State
from warehouse.errors import SettingError
from warehouse.formats import trial
from warehouse.settings import Settings

OURS = '{"when":1772359200,"app":"ours"}'
LINE = ndjson([OURS])
HEAD = "-- Our own.\n-- detect: json_exists(entry, '$.when')\n--     AND json_exists(entry, '$.app')\n\n\n"
#: What is wrong with the file, what is put in the place of what, and what is said of it.
MISTAKES = {
    "a column is missing": (
        "nullif(regexp_extract(coalesce(j.f.\"remoteIP\", j.f.ip, j.f.req.\"remoteAddress\"), '^[^ ,]+'), '')"
        " AS client_ip,",
        "",
        r"sql/formats/ours\.sql: its query gives no column client_ip",
    ),
    "a column has another type": (
        "'{}' AS extra",
        "1 AS extra",
        r"sql/formats/ours\.sql: its query gives extra as INTEGER, not as VARCHAR",
    ),
    "an unknown table": (
        "FROM raw_lines AS r",
        "FROM raw_line AS r",
        r"sql/formats/ours\.sql: line 13: Catalog Error: .*raw_line",
    ),
    "no SQL": ("WITH parsed AS (", "WITH parsed", r"sql/formats/ours\.sql: line \d+: Parser Error"),
    "an unknown function in the condition": (
        "-- detect: json_exists(entry, '$.when')",
        "-- detect: json_there(entry, '$.when')",
        r"sql/formats/ours\.sql: its condition \(-- detect:\): .*json_there",
    ),
    "a condition without an end": (
        "-- detect: json_exists(entry, '$.when')",
        "-- detect: (json_exists(entry, '$.when')",
        r"sql/formats/ours\.sql: its condition \(-- detect:\): .*Parser Error",
    ),
}

Spoil = Callable[[str], str]


@pytest.fixture
def spoil(own_sql: Path) -> Spoil:
    """Adds a format with a mistake; gives what is to be said of it."""

    def write(mistake: str) -> str:
        wrong, put, said = MISTAKES[mistake]
        pino = (own_sql / "formats/pino.sql").read_text()
        sql = HEAD + pino[pino.index("WITH parsed") :].replace('"time"', '"when"')
        assert wrong in sql
        (own_sql / "formats/ours.sql").write_text(sql.replace(wrong, put))
        return said

    return write


@pytest.mark.parametrize("mistake", MISTAKES)
def test_the_file_and_the_mistake_are_told_by_list_and_trial_and_sync(
    mistake: str, spoil: Spoil, tmp_path: Path
) -> None:
    said = spoil(mistake)
    faults = formats.query_faults(Settings()) | formats.condition_faults()
    assert list(faults) == ["ours"]
    assert re.search(said, str(faults["ours"]), re.DOTALL)
    with pytest.raises(SettingError, match=said):
        trial.run(LINE, "logs/x", Settings())
    builder = Builder(tmp_path / "data")
    builder.put(LINE, "logs/1")
    with pytest.raises(SettingError, match=said):
        builder.sync()
    listed = CliRunner().invoke(list_formats, obj=State())
    assert re.search(said, str(listed.exception), re.DOTALL)
    assert "access_json " in listed.stdout


@pytest.mark.parametrize("mistake", MISTAKES)
def test_objects_of_the_other_formats_are_read_as_before(mistake: str, spoil: Spoil, tmp_path: Path) -> None:
    spoil(mistake)
    for name, sample in SAMPLES.values():
        assert formats.detect(head_of(ndjson([sample])), "logs/x", Settings()) == name
    assert trial.run(ndjson([BUNYAN]), "logs/x", Settings()).counts["accepted"] == 1
    builder = Builder(tmp_path / "data")
    builder.put([BUNYAN], "logs/1")
    builder.put(b"", "logs/2")
    builder.sync()
    assert formats_of(builder) == {"logs/1": ("pino", 1, 0), "logs/2": ("registry", 0, 0)}


def test_an_object_is_not_given_to_another_format_when_its_own_may_not_be_asked(spoil: Spoil) -> None:
    said = spoil("an unknown function in the condition")
    some = head_of(ndjson([COMMON, OURS, OURS]))
    with pytest.raises(SettingError, match=said):
        formats.detect(some, "logs/x", Settings())
    most = head_of(ndjson([COMMON, COMMON, OURS]))
    assert formats.detect(most, "logs/x", Settings()) == "access_combined"
    # Who says the format asks no condition.
    assert trial.run(ndjson([text(BUNYAN)]), "logs/x", Settings(), form="registry").format == "registry"


def test_a_condition_that_fails_on_some_lines_is_a_mistake_of_its_file(own_sql: Path) -> None:
    pino = (own_sql / "formats/pino.sql").read_text()
    (own_sql / "formats/ours.sql").write_text(
        "-- Our own.\n-- detect: CAST(entry ->> '$.app' AS INTEGER) = 1\n" + pino[pino.index("WITH") :]
    )
    assert formats.detect(head_of(b'{"app":1}\n'), "logs/x", Settings()) == "ours"
    with pytest.raises(SettingError, match=r"sql/formats/ours\.sql: its condition .*Conversion Error"):
        formats.detect(head_of(LINE), "logs/x", Settings())
    assert formats.detect(head_of(ndjson([BUNYAN])), "logs/x", Settings()) == "pino"
