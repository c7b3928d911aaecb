"""Runs the command line: exit codes, and errors as one line on stderr.

0 fine, 1 failed, 2 wrong usage or setting, 130 interrupted, 141 the reader of our output has gone.
"""

from __future__ import annotations

import logging
import os
import sys
import traceback
from collections.abc import Iterator, Sequence

import click

from warehouse.cli.group import cli
from warehouse.cli.state import State
from warehouse.errors import WarehouseError
from warehouse.settings import table

FAILED, USAGE, INTERRUPTED, PIPE_CLOSED = 1, 2, 130, 141


def main(arguments: Sequence[str] | None = None) -> int:
    """Run one command; returns the exit code."""
    state = State()
    logged = _Logged(state)
    logging.getLogger().addHandler(logged)
    try:
        code = _run(list(sys.argv[1:] if arguments is None else arguments), state)
        sys.stdout.flush()
    except BrokenPipeError:
        # The interpreter flushes stdout once more at its end; let that go nowhere.
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        code = PIPE_CLOSED
    finally:
        logging.getLogger().removeHandler(logged)
    return code


class _Logged(logging.Handler):
    """Warnings and errors of work that goes on after them, as one line each on stderr."""

    def __init__(self, state: State) -> None:
        super().__init__(logging.WARNING)
        # That one a command that fails says in a line of its own.
        self.addFilter(lambda record: record.name != "warehouse.catalog")
        self._state = state

    def emit(self, record: logging.LogRecord) -> None:
        """Say it."""
        try:
            _say(record.getMessage(), self._state, record.levelname.lower())
        except Exception:  # noqa: BLE001 - as every handler: what cannot be said ends nothing
            self.handleError(record)


def _run(arguments: list[str], state: State) -> int:
    try:
        # Not `cli.main`: it turns a closed pipe and Ctrl-C into exit code 1.
        with cli.make_context("warehouse", arguments, obj=state) as context:
            code = cli.invoke(context)
        return code if isinstance(code, int) else 0
    except click.exceptions.Exit as leaving:
        return leaving.exit_code
    except click.exceptions.NoArgsIsHelpError as error:
        click.echo(error.format_message(), err=True)
        return USAGE
    except click.ClickException as error:
        _say(_usage_line(error), state)
        return error.exit_code
    except (KeyboardInterrupt, click.Abort):
        click.echo("\ninterrupted", err=True)
        return INTERRUPTED
    except BrokenPipeError:
        raise
    except WarehouseError as error:
        _say(str(error), state)
        return error.exit_code
    except MemoryError:
        _say("out of memory (lower WAREHOUSE_BATCH_MIB or WAREHOUSE_INGEST_WORKERS)", state)
        return FAILED
    except RuntimeError as error:
        # DuckDB raises this in place of the KeyboardInterrupt that stopped a query.
        if not isinstance(error.__cause__, KeyboardInterrupt):
            return _unexpected(error, state)
        click.echo("\ninterrupted", err=True)
        return INTERRUPTED
    except Exception as error:  # noqa: BLE001 - the last resort: one line instead of a traceback
        return _unexpected(error, state)


def _unexpected(error: Exception, state: State) -> int:
    _say(f"this should not happen: {type(error).__name__}: {error} (--debug shows where)", state)
    return FAILED


def _usage_line(error: click.ClickException) -> str:
    """What is wrong with the call, and where to read on."""
    context = getattr(error, "ctx", None)
    message = error.format_message()
    return f"{message} (see `{context.command_path} --help`)" if context is not None else message


def _say(message: str, state: State, kind: str = "error") -> None:
    """One line on stderr, after the traceback when --debug asks for it."""
    if state.debug and sys.exc_info()[0] is not None:
        click.echo(_masked(traceback.format_exc(), state), err=True, nl=False)
    click.echo(f"{kind}: {_masked(' '.join(message.split()), state)}", err=True)


def _masked(text: str, state: State) -> str:
    """The text without any secret that is set: no error should hold one, and now none does."""
    for value in _secrets(state):
        if len(value) >= 4:
            text = text.replace(value, "***")
    return text


def _secrets(state: State) -> Iterator[str]:
    secret = [info for info in table() if info.secret]
    for info in secret:
        yield from (os.environ.get(variable, "").strip() for variable in info.env)
    if loaded := state.__dict__.get("settings"):  # cached: settings that cannot be loaded hold none
        for holder in (loaded, *loaded.buckets):
            yield from (getattr(holder, info.name, None) or "" for info in secret)
