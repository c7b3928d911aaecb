"""The console script `warehouse`: the command line of `warehouse.cli`, plus the commands that need the API.

Imports stay light here, so that `warehouse --help` answers at once.
"""

from __future__ import annotations

import sys
from collections.abc import Sequence

from warehouse.cli import cli
from warehouse.cli import main as run_command

cli.add_lazy("serve", "api.serve:serve", "Serve the API and the dashboard.")
cli.add_lazy("run", "api.run:run", "Sync, then serve; without a bucket, with a demo.")


def main(arguments: Sequence[str] | None = None) -> int:
    """Run one command; returns the exit code."""
    return run_command(arguments)


if __name__ == "__main__":
    sys.exit(main())
