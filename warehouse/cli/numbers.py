"""Options that take numbers, so that every command refuses the same."""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import Any, TypeVar

import click

F = TypeVar("F", bound=Callable[..., object])


class Number(click.FloatRange):
    """A finite number within bounds; the base class takes nan, which no bound holds."""

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> Any:
        """The number; fails with the option's name."""
        number = super().convert(value, param, ctx)
        if not math.isfinite(number):
            self.fail(f"{value} is not a finite number.", param, ctx)
        return number


def hours_option(default: float = 24, about: str = "Length of the window.") -> Callable[[F], F]:
    """The option --hours: whole ones arrive as integers, so that an answer echoes what was asked."""
    return click.option(
        "--hours",
        type=Number(1, 8_760),
        default=default,
        show_default=True,
        callback=lambda _context, _option, hours: int(hours) if hours == int(hours) else hours,
        help=about,
    )
