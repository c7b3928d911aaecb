"""What the command line says about itself, and what saying so costs."""

from __future__ import annotations

import json
import subprocess
import sys

import click
import pytest

from api.main import cli as group
from tests.cli.conftest import Cli
from warehouse.settings import table

COMMANDS = (
    "sync",
    "schedule",
    "rebuild",
    "verify",
    "runs",
    "costs",
    "status",
    "gaps",
    "alerts",
    "boards",
    "errors",
    "metrics",
    "report",
    "downloads",
    "forecast",
    "anomalies",
    "logs",
    "export",
    "sql",
    "doctor",
    "cleanup",
    "formats",
    "quarantine",
    "compact",
    "demo",
    "settings",
    "serve",
    "run",
)
HEAVY = (
    "duckdb", "pyarrow", "numpy", "boto3", "botocore", "obstore", "urllib3", "litestar", "uvicorn", "rich",
    "sqlglot", "warehouse.bucket", "warehouse.service",
)  # fmt: skip


def test_help_lists_every_command_and_examples(bare_cli: Cli) -> None:
    done = bare_cli("--help")
    assert done.returncode == 0
    assert done.stderr == ""
    for command in COMMANDS:
        assert f"\n  {command} " in done.stdout
    assert "\nExamples:\n  warehouse doctor" in done.stdout


def test_help_names_every_environment_variable_of_the_settings(bare_cli: Cli) -> None:
    section = bare_cli("--help").stdout.split("Environment variables:")[1]
    assert [info.env[0] for info in table() if f"\n  {info.env[0]} " not in section] == []


@pytest.mark.parametrize("command", COMMANDS)
def test_the_help_of_each_command_has_examples_that_call_it(bare_cli: Cli, command: str) -> None:
    done = bare_cli(command, "--help")
    assert done.returncode == 0
    examples = done.stdout.split("Examples:")[1]
    assert f"warehouse {command}" in examples


@pytest.mark.parametrize("command", COMMANDS)
def test_the_table_of_commands_leads_to_real_commands(command: str) -> None:
    found = group.get_command(click.Context(group), command)
    assert found is not None
    assert found.name == command


def test_help_works_with_a_wrong_setting(bare_cli: Cli) -> None:
    done = bare_cli("sync", "--help", WAREHOUSE_PORT="many")
    assert done.returncode == 0
    assert "Usage: warehouse sync" in done.stdout


def test_help_imports_no_heavy_module(bare_cli: Cli) -> None:
    program = (
        "import json, sys\n"
        "from api.main import main\n"
        "code = main(['--help'])\n"
        f"print(json.dumps([code, [name for name in {HEAVY!r} if name in sys.modules]]), file=sys.stderr)\n"
    )
    done = subprocess.run(
        [sys.executable, "-c", program],
        check=False,
        capture_output=True,
        text=True,
        env=bare_cli.environment(),
    )
    assert json.loads(done.stderr) == [0, []]


def test_the_version_is_one_line(bare_cli: Cli) -> None:
    from warehouse import __version__

    done = bare_cli("--version")
    assert (done.returncode, done.stdout) == (0, f"warehouse {__version__}\n")


def test_no_command_is_wrong_usage_and_shows_the_help_on_stderr(bare_cli: Cli) -> None:
    done = bare_cli()
    assert (done.returncode, done.stdout) == (2, "")
    assert "Commands:" in done.stderr


def test_a_mistyped_command_gets_a_suggestion(bare_cli: Cli) -> None:
    done = bare_cli("snyc")
    assert done.returncode == 2
    assert done.stderr == "error: No such command 'snyc'. Did you mean 'sync'? (see `warehouse --help`)\n"


def test_a_mistyped_option_names_the_help_of_its_command(bare_cli: Cli) -> None:
    done = bare_cli("sync", "--jsno")
    assert (done.returncode, done.stdout) == (2, "")
    assert done.stderr.startswith("error: No such option '--jsno'")
    assert "see `warehouse sync --help`" in done.stderr
    assert done.stderr.count("\n") == 1
