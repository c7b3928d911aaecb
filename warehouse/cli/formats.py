"""`warehouse formats`: which log formats there are, and how a sample would be read."""

from __future__ import annotations

import json
import shutil
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from warehouse.cli import output
from warehouse.cli.state import State, pass_state

if TYPE_CHECKING:
    from warehouse.formats.trial import Trial

#: Bytes of a file that are read, as it is stored.
_READ = 32 * 1024 * 1024
#: Columns of a row that say where it stands, not what the line says.
_PLACE = ("object_no", "line", "reason", "raw", "bucket", "object_key")


@click.group(
    epilog="""\b
Examples:
  warehouse formats list
  warehouse formats try access.log.gz
"""
)
def formats() -> None:
    """Log formats: list them, or see how a sample would be read."""


@formats.command(
    "list",
    epilog="""\b
Examples:
  warehouse formats list
  warehouse formats list --json | jq -r '.[].name'
""",
)
@click.option("--json", "as_json", is_flag=True, help="Print one line of JSON.")
@pass_state
def list_formats(state: State, as_json: bool) -> None:
    """List the formats, with the condition that their lines meet, and the mappings of the settings file.

    A file that cannot be used is an error, told after the list.
    """
    from warehouse import formats as library

    faults = library.query_faults(state.settings) | library.condition_faults()
    rows: list[dict[str, Any]] = [
        {"name": item.name, "about": item.about, "detect": item.condition} for item in library.formats()
    ]
    rows += [
        {"name": f"mapping:{name}", "about": f"JSON lines by [mapping.{name}]", "detect": None}
        for name in state.settings.mappings
    ]
    if as_json:
        output.write(output.to_json(rows))
    else:
        output.write(output.pairs([(row["name"], row["about"]) for row in rows]))
    for fault in faults.values():
        raise fault


@formats.command(
    "try",
    epilog="""\b
Examples:
  warehouse formats try sample.log
  warehouse formats try access.log.gz --line 17
  warehouse formats try sample.log --format mapping:shop
  tail -n 100 verdaccio.log | warehouse formats try - --json | jq .counts
""",
)
@click.argument("file", type=click.Path(path_type=Path, exists=True, dir_okay=False, allow_dash=True))
@click.option("--format", "form", metavar="NAME", help="Read it in this format, whatever it looks like.")
@click.option("--key", metavar="KEY", help="Key it would have in the bucket, for the rules of [[prefix]].")
@click.option("--line", type=click.IntRange(min=1), metavar="N", help="Show this line field by field.")
@click.option("--json", "as_json", is_flag=True, help="Print one line of JSON; times of rows are ISO 8601.")
@pass_state
def try_format(
    state: State, file: Path, form: str | None, key: str | None, line: int | None, as_json: bool
) -> None:
    """Show how FILE (- for standard input) would be read: its format and why, what fits, what does not.

    Nothing is kept. The file may be gzip or zstd; its first 32 MiB are read.
    """
    from warehouse.formats import trial

    if str(file) == "-":
        sample, name = sys.stdin.buffer.read(_READ), "standard input"
    else:
        with file.open("rb") as opened:
            sample, name = opened.read(_READ), str(file)
    found = trial.run(sample, key or file.name, state.settings, form=form, line=line)
    output.write(output.to_json(_for_programs(found)) if as_json else _for_people(found, name, len(sample)))


def _for_programs(found: Trial) -> dict[str, Any]:
    answer = output.camel(found)
    if found.row is not None:
        answer["row"] = found.row | {"metadata": _parsed(found.row["metadata"])}
    return answer


def _parsed(text: str | None) -> Any:
    try:
        return json.loads(text) if text is not None else None
    except ValueError:
        return text


def _for_people(found: Trial, name: str, size: int) -> str:
    from warehouse.formats import SKIP
    from warehouse.formats import formats as known

    about = {item.name: item.about for item in known()}.get(found.format, "")
    packed = "" if found.compression == "none" else f", {found.compression}"
    rows = [
        ("File", f"{name} ({output.size(size)}{packed})"),
        ("Format", found.format + (f": {about}" if about else "")),
        ("Why", found.why),
    ]
    others = {other: votes for other, votes in found.claims.items() if other != found.format}
    if others:
        also = ", ".join(f"{other} ({votes} of {found.looked_at} lines)" for other, votes in others.items())
        rows.append(("Also claimed by", also))
    if found.format == SKIP:
        return output.pairs(rows)
    counts = found.counts
    rows += [
        ("Lines", output.count(counts["lines"])),
        ("Log rows", _accepted(counts)),
        ("To quarantine", output.count(counts["rejected"])),
    ]
    if counts["firstTimestamp"] is not None:
        rows.append(
            ("Time", f"{output.moment(counts['firstTimestamp'])} to {output.moment(counts['lastTimestamp'])}")
        )
    parts = [output.pairs(rows)]
    if found.reasons:
        table = [(row["reason"], row["lines"], row["firstLine"], row["firstText"]) for row in found.reasons]
        width = shutil.get_terminal_size((110, 24)).columns
        parts.append(
            "Why to quarantine\n"
            + output.table(["Reason", "Lines", "First", "Text"], _cut(table, width), right={1, 2})
        )
    if found.row is not None:
        parts.append(_row(found.row))
    return "\n\n".join(parts)


def _accepted(counts: dict[str, Any]) -> str:
    text = output.count(counts["accepted"])
    if counts["entries"] != counts["accepted"]:
        text += f", which stand for {output.count(counts['entries'])} entries"
    return text


def _cut(rows: list[tuple[Any, ...]], width: int) -> list[tuple[Any, ...]]:
    """Shorten the texts, which come last, so that the table fits the terminal."""
    reasons = max(len(row[0]) for row in rows)
    room = max(20, width - reasons - 16)
    return [(*row[:3], row[3] if len(row[3]) <= room else row[3][: room - 1] + "…") for row in rows]


def _row(row: dict[str, Any]) -> str:
    title = f"Line {row['line']}"
    if row["reason"] is not None:
        return f"{title} goes to quarantine: {row['reason']}\n  {output.shown(row['raw'])}"
    fields = [
        (name, output.shown(value))
        for name, value in row.items()
        if value is not None and name not in (*_PLACE, "metadata", "extra")
    ]
    empty = [name for name, value in row.items() if value is None and name not in _PLACE]
    parts = [f"{title}, field by field", output.pairs(fields, indent="  ")]
    for name in ("metadata", "extra"):
        kept = _parsed(row[name])
        if kept:
            items = kept.items() if isinstance(kept, dict) else [(name, kept)]
            parts.append(f"  {name}")
            parts.append(output.pairs([(str(key), _value(value)) for key, value in items], indent="    "))
    if empty:
        parts.append(f"  empty: {', '.join(empty)}")
    return "\n".join(parts)


def _value(value: Any) -> str:
    return output.shown(value if isinstance(value, str) else output.to_json(value))
