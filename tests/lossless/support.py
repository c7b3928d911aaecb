"""An independent reading of an object's lines, and what the warehouse made of them."""

from __future__ import annotations

import json
import re
from contextlib import closing
from pathlib import Path
from typing import Any

import msgspec

from tests.warehouse_builder import Builder


class Outcome(msgspec.Struct):
    """What became of an object: rows and quarantined lines by number, its ledger's counts."""

    rows: dict[int, dict[str, Any]]
    quarantine: dict[int, tuple[str, str]]
    faults: list[str]
    lines: int
    accepted: int
    rejected: int


def ingest(folder: Path, objects: dict[str, bytes], batch_mib: int = 64) -> dict[str, Outcome]:
    """Mirror these objects in a fresh warehouse with the real sync; what became of each."""
    builder = Builder(folder)
    builder.settings = msgspec.structs.replace(builder.settings, batch_mib=batch_mib)
    for key, body in objects.items():
        builder.put(body, key, size=len(body))
    assert builder.sync().status == "ok"
    outcomes = {key: Outcome({}, {}, [], 0, 0, 0) for key in objects}
    with closing(builder.open()) as warehouse:
        answer = warehouse.sql("SELECT * FROM logs")
        for values in answer.rows:
            row = dict(zip(answer.columns, values, strict=True))
            rows = outcomes[row["object_key"]].rows
            assert row["line"] not in rows, f"line {row['line']} became two rows"
            rows[row["line"]] = row
        for key, line, raw, reason in warehouse.sql(
            "SELECT object_key, line, raw, reason FROM quarantine"
        ).rows:
            assert reason
            outcome = outcomes[key]
            if line == 0:
                outcome.faults.append(reason)
            else:
                assert line not in outcome.quarantine, f"line {line} is in quarantine twice"
                outcome.quarantine[line] = (raw, reason)
    from warehouse.manifest import Manifest

    with closing(Manifest(builder.settings.data_dir)) as manifest:
        for key, item in manifest.objects("memory", "logs/").items():
            outcome = outcomes[key]
            outcome.lines, outcome.accepted, outcome.rejected = item.lines, item.accepted, item.rejected
    return outcomes


def lines_of(text: bytes) -> list[bytes]:
    """The lines of a text, without their ends."""
    return text.removesuffix(b"\n").split(b"\n") if text else []


def entry_of(line: bytes) -> dict[str, Any] | None:
    """The entry that a line surely holds, as Python's json reads it; None where it need not be one."""
    try:
        text = line.decode()
        entry = json.loads(text, parse_constant=_refuse)
    except (ValueError, RecursionError):
        return None
    # Deeper nesting than that would be a danger for parsers, and is refused by design.
    if not isinstance(entry, dict) or _has_lone_surrogate(text) or text.count("{") > 500:
        return None
    when = entry.get("timestamp")
    is_time = isinstance(when, int | float) and not isinstance(when, bool) and 1e12 <= when < 4e12
    return entry if is_time else None


def _has_lone_surrogate(text: str) -> bool:
    try:
        json.dumps(json.loads(text), ensure_ascii=False).encode()
    except UnicodeEncodeError:
        return True
    return False


def _refuse(name: str) -> None:
    raise ValueError(f"{name} is not JSON")


def assert_lossless(outcome: Outcome, text: bytes, *, whole: bool = True) -> None:
    """Every line of the text is a row or quarantined, under its number and with its content.

    With `whole` false the text may have been cut: the last line that arrived may be a beginning of one.
    """
    lines = lines_of(text)
    met = sorted([*outcome.rows, *outcome.quarantine])
    assert met == list(range(1, len(met) + 1)), "each line is a row or quarantined, and none is both"
    assert (outcome.lines, outcome.accepted) == (len(met), len(outcome.rows))
    assert outcome.rejected == len(outcome.quarantine) + len(outcome.faults)
    if whole:
        assert len(met) == len(lines)
        assert outcome.faults == []
    for number, line in enumerate(lines[: len(met)], start=1):
        is_cut = not whole and number == len(met)
        if number in outcome.quarantine:
            shown = line.decode(errors="backslashreplace")
            raw = outcome.quarantine[number][0]
            assert shown.startswith(raw) if is_cut and shown != raw and "\\x" not in raw else True
            if not is_cut:
                assert raw == shown
                assert entry_of(line) is None, f"line {number} is good: {line[:200]!r}"
        elif not is_cut:
            assert_same_entry(outcome.rows[number], line)


def assert_same_entry(row: dict[str, Any], line: bytes) -> None:
    """A row holds what its line says (of keys that stand twice, any of the values)."""
    values: dict[str, list[Any]] = {}

    def pairs(found: list[tuple[str, Any]]) -> dict[str, Any]:
        values.clear()
        for name, value in found:
            values.setdefault(name, []).append(value)
        return dict(found)

    # DuckDB reads a comma before a closing bracket, and nothing is lost by that.
    json.loads(re.sub(r",(?=\s*[}\]])", "", line.decode()), object_pairs_hook=pairs)
    times = [value for value in values["timestamp"] if isinstance(value, int | float)]
    assert any(abs(row["ts"].timestamp() * 1000 - _utc_offset(row) - time) < 0.01 for time in times)
    for name, column in (("message", "message"), ("source", "source")):
        told = values.get(name, [None])
        if all(value is None or isinstance(value, str) for value in told):
            assert row[column] in told
    if isinstance(told := values.get("metadata", [None])[0], dict) and len(values["metadata"]) == 1:
        assert json.loads(row["metadata"]) == told


def _utc_offset(row: dict[str, Any]) -> float:
    """Milliseconds by which Python's local reading of a time without a zone is off."""
    from datetime import UTC

    return (row["ts"].timestamp() - row["ts"].replace(tzinfo=UTC).timestamp()) * 1000
