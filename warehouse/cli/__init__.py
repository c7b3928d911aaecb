"""The command line, apart from the commands that need the API (`api.main` adds those).

Importing this package imports no command: each lies in a module of its own, which is imported when
the command is called, so that `warehouse --help` answers at once.
"""

from warehouse.cli.group import cli
from warehouse.cli.runner import main

__all__ = ["cli", "main"]
