"""The command `warehouse demo`: sample logs for the embedded store, or as files."""

from __future__ import annotations

import sys
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import click

from warehouse.cli.numbers import Number
from warehouse.cli.state import State, pass_state

_EXAMPLES = """\b
Examples:
  warehouse demo
  warehouse demo --entries 20000 --days 2 --fresh
  warehouse demo --to ./sample --end 2026-01-05T12:00:00Z --seed 7
  warehouse demo --json | jq .entries
"""


def _instant(_context: click.Context, _parameter: click.Parameter, value: str | None) -> datetime | None:
    if value is None:
        return None
    try:
        parsed = datetime.fromisoformat(value)
    except ValueError as error:
        raise click.BadParameter("give a time as 2026-01-05T12:00:00Z") from error
    return parsed if parsed.tzinfo else parsed.replace(tzinfo=UTC)


@click.command("demo", epilog=_EXAMPLES)
@click.option(
    "--entries",
    type=click.IntRange(1, 100_000_000),
    default=200_000,
    show_default=True,
    help="Good log entries to make.",
)
@click.option(
    "--days",
    type=Number(0, 366, min_open=True),
    default=28.0,
    show_default=True,
    help="How many days before the end they spread over.",
)
@click.option(
    "--seed",
    type=click.IntRange(0, 2**32 - 1),
    default=42,
    show_default=True,
    help="Another seed makes other packages, clients and entries.",
)
@click.option(
    "--end", callback=_instant, metavar="TIME", help="Time of the last entry, ISO 8601.  [default: now]"
)
@click.option(
    "--to",
    "directory",
    type=click.Path(file_okay=False, path_type=Path),
    metavar="DIR",
    help="Write the objects as files below DIR instead.",
)
@click.option("--fresh", is_flag=True, help="Delete what the embedded bucket holds first.")
@click.option("--json", "as_json", is_flag=True, help="Print the summary as JSON.")
@pass_state
def demo(
    state: State,
    entries: int,
    days: float,
    seed: int,
    end: datetime | None,
    directory: Path | None,
    fresh: bool,
    as_json: bool,
) -> None:
    """Make sample logs of a private npm registry.

    Fills the embedded S3 store of the data directory (WAREHOUSE_DATA_DIR), or DIR. A bucket of your own
    is never touched, whatever the settings say. The same seed and end give the same bytes.
    """
    # Imported here: they cost more than all of `warehouse --help` may.
    import msgspec

    from warehouse import demo as demo_data

    options: dict[str, Any] = {"entries": entries, "days": days, "seed": seed, "end": end}
    if directory is not None:
        if fresh:
            raise click.UsageError("--fresh goes with the embedded store, not with --to")
        summary, where = demo_data.write_to(directory, **options), str(directory)
    else:
        settings = state.settings
        summary, where = _fill(settings, fresh, options), str(settings.data_dir / "embedded")
    if as_json:
        sys.stdout.write(msgspec.json.encode(summary).decode() + "\n")
        return
    click.echo(
        f"{summary.entries:,} entries and {summary.malformed:,} malformed lines in"
        f" {summary.objects:,} objects, {summary.packages:,} packages: {summary.bytes / 1e6:.1f} MB"
        f" ({summary.raw_bytes / 1e6:.1f} MB of text), {summary.start:%Y-%m-%d %H:%M} to"
        f" {summary.end:%Y-%m-%d %H:%M} UTC, in {where}"
    )


def _fill(settings: Any, fresh: bool, options: dict[str, Any]) -> Any:
    """Fill the embedded store; one that is filled already is left alone unless `fresh`."""
    from warehouse import demo as demo_data
    from warehouse.bucket import Bucket
    from warehouse.embedded import demo_store
    from warehouse.errors import BadRequestError

    with demo_store(settings) as store:
        bucket = Bucket(store)
        last = demo_data.filled(bucket)
        if last is not None and not fresh:
            raise BadRequestError(
                f"the embedded store holds sample logs until {last.end:%Y-%m-%d %H:%M} UTC already",
                hint="add --fresh to replace them, or --to DIR to write files",
                field="--fresh",
            )
        demo_data.clear(bucket)
        return demo_data.fill(bucket, **options)
