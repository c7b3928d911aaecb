"""`warehouse downloads`: who installs which package."""

from __future__ import annotations

from typing import Any

import click

from warehouse.cli import output
from warehouse.cli.state import State, pass_state
from warehouse.downloads import KINDS, MAX_DAYS


@click.command(
    epilog="""\b
Examples:
  warehouse downloads
  warehouse downloads @acme/icons --by version
  warehouse downloads --by client --days 7 --limit 10
  warehouse downloads --unused --days 90
  warehouse downloads left-pad --by day --json | jq '.rows[].downloads'
"""
)
@click.argument("package", required=False)
@click.option(
    "--by",
    type=click.Choice(KINDS),
    default="package",
    show_default=True,
    help="What a row stands for; weeks are named by their Monday.",
)
@click.option(
    "--days",
    type=click.IntRange(1, MAX_DAYS),
    default=30,
    show_default=True,
    help="UTC days up to today.",
)
@click.option("--version", help="This version only.")
@click.option("--agent", help="This family of clients only: npm, yarn, pnpm, …")
@click.option("--unused", is_flag=True, help="Packages in the bucket that nobody downloaded in these days.")
@click.option("--limit", type=click.IntRange(1, 10_000), default=25, show_default=True, help="Rows at most.")
@click.option("--json", "as_json", is_flag=True, help="Print one line of JSON; times are epoch milliseconds.")
@pass_state
def downloads(
    state: State,
    package: str | None,
    by: str,
    days: int,
    version: str | None,
    agent: str | None,
    unused: bool,
    limit: int,
    as_json: bool,
) -> None:
    """Count the downloads of tarballs by package, version, client, day or week.

    A download is a GET that was answered with the tarball or with a redirect to it. What the client had
    already (304) and what failed is told apart.
    """
    from warehouse.status import reading

    if unused and (package or version or agent):
        raise click.UsageError("--unused looks at all packages: leave the package, --version and --agent out")
    with reading(state.settings) as warehouse:
        if unused:
            found = warehouse.unused_packages(days, limit)
        else:
            found = warehouse.downloads(days, by, limit, package=package, version=version, agent=agent)
    if as_json:
        output.write(output.to_json(found))
    else:
        output.write(_unused(found) if unused else _counts(found))


def _counts(found: dict[str, Any]) -> str:
    totals, days = found["totals"], f"from {found['start']} to {found['end']} (UTC)"
    if not found["rows"]:
        return f"No download {days}."
    by_client = found["by"] == "client"
    rows = [
        (
            row["name"],
            output.count(row["downloads"]),
            f"{row['share']:.1f} %",
            output.count(row["packages"] if by_client else row["clients"]),
            *(() if by_client else (output.count(row["notModified"]), output.count(row["failed"]))),
            output.moment(row["lastSeen"]) if row["lastSeen"] else "never",
        )
        for row in found["rows"]
    ]
    counted = ["Packages"] if by_client else ["Clients", "Not modified", "Failed"]
    heads = [found["by"].capitalize(), "Downloads", "Share", *counted, "Last download"]
    text = output.table(heads, rows, right=set(range(1, len(heads) - 1)))
    return (
        f"{text}\n\n{output.counted(totals['downloads'], 'download')} of"
        f" {output.counted(totals['packages'], 'package')} by"
        f" {output.counted(totals['clients'], 'client')} {days}; {totals['notModified']:,} not modified,"
        f" {totals['failed']:,} failed, {output.counted(totals['publishes'], 'publish', 'publishes')}."
    )


def _unused(found: dict[str, Any]) -> str:
    days = f"from {found['start']} to {found['end']} (UTC)"
    if not found["count"]:
        return f"Every package of the inventory was downloaded {days}, or is newer."
    rows = [
        (
            row["name"],
            output.count(row["versions"]),
            output.size(row["bytes"]),
            output.moment(row["storedAt"]),
        )
        for row in found["packages"]
    ]
    text = output.table(["Package", "Versions", "Size", "Last stored"], rows, right={1, 2})
    return f"{text}\n\n{output.counted(found['count'], 'package')} without a download {days}."
