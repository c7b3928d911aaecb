"""Options that take numbers: what is none is refused before anything is done, and the option is named."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import click
import pytest

import api.main  # noqa: F401 - adds `serve` and `run`
from warehouse.cli.group import cli
from warehouse.cli.numbers import Number
from warehouse.cli.runner import main


def options(
    command: click.Command, path: tuple[str, ...] = ()
) -> Iterator[tuple[tuple[str, ...], click.Option]]:
    """Every option that takes a number, with its command's words."""
    if isinstance(command, click.Group):
        context = click.Context(command)
        for name in command.list_commands(context):
            below = command.get_command(context, name)
            assert below is not None
            yield from options(below, (*path, name))
    for option in command.params:
        if isinstance(option, click.Option) and isinstance(
            option.type, click.FloatRange | click.IntRange | click.types.FloatParamType
        ):
            yield path, option


OPTIONS = [*options(cli)]


def test_every_option_of_a_fraction_is_a_number_that_knows_its_bounds() -> None:
    fractions = {
        f"{' '.join(path)} {option.opts[0]}": type(option.type)
        for path, option in OPTIONS
        if isinstance(option.type, click.types.FloatParamType)
    }
    assert {"gaps --hours", "metrics --hours", "sync --interval", "alerts silence --minutes"} <= {*fractions}
    assert {*fractions.values()} == {Number}


@pytest.mark.parametrize("value", ["nan", "inf", "-inf", "NaN", "Infinity", "-nan", "1e400", "x", ""])
@pytest.mark.parametrize(
    ("path", "option"), OPTIONS, ids=[f"{'-'.join(path)}{option.opts[0]}" for path, option in OPTIONS]
)
def test_what_is_no_finite_number_is_refused_with_the_name_of_the_option(
    path: tuple[str, ...],
    option: click.Option,
    value: str,
    tmp_path: Path,
    capsys: pytest.CaptureFixture[str],
) -> None:
    code = main(["--data-dir", str(tmp_path / "none"), *path, f"{option.opts[0]}={value}"])
    (line,) = capsys.readouterr().err.splitlines()
    assert code == 2, line
    assert line.startswith(f"error: Invalid value for '{option.opts[0]}'"), line
    assert not (tmp_path / "none").exists()


@pytest.mark.parametrize("value", ["1e308", "0", "-1", "8760.5"])
@pytest.mark.parametrize("name", ["gaps", "metrics", "errors", "report", "anomalies"])
def test_hours_beyond_a_year_or_below_one_are_refused_with_the_bounds(
    name: str, value: str, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main([name, f"--hours={value}"]) == 2
    said = capsys.readouterr().err
    assert "Invalid value for '--hours'" in said
    assert "1<=x<=8760" in said


@pytest.mark.parametrize("value", ["1e308", "0.5", "86401"])
def test_an_interval_of_more_than_a_day_is_refused(value: str, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["sync", "--watch", f"--interval={value}"]) == 2
    assert "Invalid value for '--interval'" in capsys.readouterr().err
