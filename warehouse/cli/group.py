"""The group `warehouse`: global options, the table of commands and what `--help` says."""

from __future__ import annotations

from pathlib import Path

import click

from warehouse.cli.lazy import LazyGroup
from warehouse.cli.state import State, pass_state
from warehouse.settings import table

_EXAMPLES = (
    ("warehouse doctor", "Check settings, bucket, clock, disk and catalog."),
    ("warehouse sync", "Fetch what is new in the bucket."),
    ("warehouse status", "See what is in the warehouse."),
    ('warehouse sql "SELECT level, count(*) FROM logs GROUP BY level"', ""),
)


class WarehouseGroup(LazyGroup):
    """Adds examples and the environment variables to the help."""

    def format_epilog(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:
        """Write the examples, then one row per setting, made from the table of settings."""
        with formatter.section("Examples"):
            for command, about in _EXAMPLES:
                gap = " " * max(2, 24 - len(command)) if about else ""
                formatter.write(f"{'':{formatter.current_indent}}{command}{gap}{about}\n")
        with formatter.section("Environment variables"):
            rows = [("WAREHOUSE_CONFIG", "Settings file [default: warehouse.toml, if it is there].")]
            for info in table():
                default = f" [default: {info.default}]" if info.default else ""
                rows.append((info.env[0], info.about + default))
            formatter.write_dl(rows, col_max=34)
        formatter.write_paragraph()
        formatter.write_text(
            "Exit codes: 0 fine, 1 failed, 2 wrong usage or setting."
            " `warehouse settings` shows the values in force."
        )


def _show_version(ctx: click.Context, _parameter: click.Parameter, wanted: bool) -> None:
    if not wanted or ctx.resilient_parsing:
        return
    from warehouse import __version__

    click.echo(f"warehouse {__version__}")
    ctx.exit()


@click.group(cls=WarehouseGroup, context_settings={"help_option_names": ["-h", "--help"]})
@click.option(
    "--data-dir",
    metavar="DIR",
    type=click.Path(path_type=Path, file_okay=False),
    help="Directory of the warehouse; wins over WAREHOUSE_DATA_DIR.",
)
@click.option("--debug", is_flag=True, help="On an error, show the traceback too.")
@click.option(
    "--version",
    is_flag=True,
    is_eager=True,
    expose_value=False,
    callback=_show_version,
    help="Show the version and exit.",
)
@pass_state
def cli(state: State, data_dir: Path | None, debug: bool) -> None:
    """Turn the registry logs in an R2 or S3 bucket into Parquet, and answer questions about them."""
    state.overrides["data_dir"] = data_dir
    state.debug = debug


cli.add_lazy("sync", "warehouse.cli.sync:sync", "Fetch new log objects into the warehouse.")
cli.add_lazy("schedule", "warehouse.cli.schedule:schedule", "Sync whenever it is due.")
cli.add_lazy(
    "costs", "warehouse.cli.costs:costs", "Project what the buckets will cost, and what cleanups free."
)
cli.add_lazy("runs", "warehouse.cli.runs:runs", "Show what runs did and what they cost.")
cli.add_lazy("status", "warehouse.cli.status:status", "Show what is in the warehouse.")
cli.add_lazy(
    "metrics", "warehouse.cli.metrics:metrics", "Show rates, response times, score, and their change."
)
cli.add_lazy("errors", "warehouse.cli.errors:errors", "Show which faults there are, how often, since when.")
cli.add_lazy("alerts", "warehouse.cli.alerts:alerts", "Show and try alert rules, and what became of them.")
cli.add_lazy("boards", "warehouse.cli.boards:boards", "List, export and import dashboards.")
cli.add_lazy("report", "warehouse.cli.report:report", "Sum up the last hours, and say what to do.")
cli.add_lazy("gaps", "warehouse.cli.gaps:gaps", "Show where entries are missing.")
cli.add_lazy("forecast", "warehouse.cli.forecast:forecast", "Show what the next hours bring.")
cli.add_lazy("anomalies", "warehouse.cli.anomalies:anomalies", "Show what was unlike all before.")
cli.add_lazy("downloads", "warehouse.cli.downloads:downloads", "Show who installs which package.")
cli.add_lazy("logs", "warehouse.cli.logs:logs", "Search log entries by words, level, package and more.")
cli.add_lazy("export", "warehouse.cli.logs:export", "Write every log entry that matches to a file.")
cli.add_lazy("sql", "warehouse.cli.sql:sql", "Run a SELECT over the logs and rollups.")
cli.add_lazy("doctor", "warehouse.cli.doctor:doctor", "Check everything and say what to mend.")
cli.add_lazy("compact", "warehouse.cli.compact:compact", "Merge each closed day into few sorted files.")
cli.add_lazy("verify", "warehouse.cli.verify:verify", "Check that everything is there and true.")
cli.add_lazy("rebuild", "warehouse.cli.rebuild:rebuild", "Make rollups again from the log rows.")
cli.add_lazy("cleanup", "warehouse.cli.cleanup:cleanup", "Delete what is older than the retention.")
cli.add_lazy("formats", "warehouse.cli.formats:formats", "List log formats; try one on a sample.")
cli.add_lazy("quarantine", "warehouse.cli.quarantine:quarantine", "List, show and retry unreadable lines.")
cli.add_lazy("demo", "warehouse.demo.cli:demo", "Fill the embedded store with sample logs.")
cli.add_lazy("inventory", "warehouse.cli.inventory:inventory", "Show what the buckets hold and how it grew.")
cli.add_lazy("settings", "warehouse.cli.settings:settings", "List the settings and their values.")
