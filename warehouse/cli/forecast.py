"""`warehouse forecast`: what the next hours bring, and how right earlier forecasts were."""

from __future__ import annotations

from typing import Any, Literal, cast

import click

from warehouse.cli import output
from warehouse.cli.state import State, pass_state

_NAMES = {"logs": "Entries", "errors": "Errors", "storage": "Stored", "responseTime": "Response time"}


@click.command(
    epilog="""\b
Examples:
  warehouse forecast
  warehouse forecast --hours 24 --metric errors
  warehouse forecast --model linear --json | jq '.series[].slope'
  warehouse forecast --accuracy --days 30
"""
)
@click.option(
    "--hours", type=click.IntRange(1, 48), default=6, show_default=True, help="How far to look ahead."
)
@click.option(
    "--model",
    type=click.Choice(["ensemble", "linear"]),
    default="ensemble",
    show_default=True,
    help="Several models, weighted by their backtest; or a straight line.",
)
@click.option(
    "--metric", type=click.Choice([*_NAMES]), default="logs", show_default=True, help="Whose hours to list."
)
@click.option("--accuracy", is_flag=True, help="How right the forecasts of the last days were, instead.")
@click.option(
    "--days",
    type=click.IntRange(1, 365),
    default=7,
    show_default=True,
    help="How many days back, with --accuracy.",
)
@click.option("--json", "as_json", is_flag=True, help="Print one line of JSON; times are epoch milliseconds.")
@pass_state
def forecast(
    state: State, hours: int, model: str, metric: str, accuracy: bool, days: int, as_json: bool
) -> None:
    """Show what is expected of the next hours, with intervals that hold 80 and 95 percent of what comes.

    Each sync stores a forecast; without one for this hour it is computed.
    """
    from warehouse.status import reading

    chosen = cast("Literal['ensemble', 'linear']", model)
    with reading(state.settings) as warehouse:
        if accuracy:
            found = warehouse.outlook.accuracy(24 * days, model=chosen)
        else:
            found = warehouse.outlook.predict(hours, model=chosen)
    if as_json:
        output.write(output.to_json(found))
    else:
        output.write(_accuracy(found, days) if accuracy else _for_people(found, metric))


def _for_people(found: dict[str, Any], metric: str) -> str:
    total = found["prediction"]
    if not found["series"]:
        return f"No forecast: {found['reason']}."
    stored = f"{total['predictedStorage']:,.1f} MB newly stored"
    lines = [
        f"The next {found['horizon']}: {output.counted(total['predictedLogs'], 'entry', 'entries')},"
        f" {output.counted(total['predictedErrors'], 'error')}, {stored}"
        f" (an hour is within a factor 1.2 with a probability of {total['confidence']:.0f} %)."
    ]
    for series in found["series"]:
        if series["metric"] == metric:
            lines += ["", _hours(series), "", _how(series)]
            break
    else:
        lines += ["", f"There is no history of {metric} to forecast from."]
    made = "stored by the sync of" if found["stored"] else "computed now, from the history up to"
    lines.append(f"Forecast {made} {output.moment(found['issuedAt'])}.")
    return "\n".join(lines)


def _hours(series: dict[str, Any]) -> str:
    rows = [
        (
            output.moment(hour["time"]),
            _number(hour["value"]),
            f"{_number(hour['low80'])} to {_number(hour['high80'])}",
            f"{_number(hour['low95'])} to {_number(hour['high95'])}",
            f"{hour['confidence']:.0f} %",
        )
        for hour in series["path"]
    ]
    head = f"{_NAMES[series['metric']]} ({series['unit']})"
    return output.table(["Hour", head, "80 %", "95 %", "Confidence"], rows, right={1, 2, 3, 4})


def _how(series: dict[str, Any]) -> str:
    tested = [
        (
            test["model"],
            f"{test['mase']:.2f}" if test["mase"] is not None else "-",
            f"{test['smape']:.1f} %" if test["smape"] is not None else "-",
            f"{test['coverage80']:.0f} %" if test["coverage80"] is not None else "-",
            f"{test['coverage95']:.0f} %" if test["coverage95"] is not None else "-",
        )
        for test in series["backtest"]
    ]
    text = output.table(["Backtest", "MASE", "sMAPE", "In 80 %", "In 95 %"], tested, right={1, 2, 3, 4})
    members = ", ".join(f"{member['model']} {member['share']:.0f} %" for member in series["members"])
    line = (
        f" Slope {series['slope']:+.3g} {series['unit']} per hour, R\u00b2 {series['r2']:.2f}."
        if series["slope"] is not None
        else ""
    )
    return f"{text}\n\nBased on {series['reason']}.\nModels: {members}.{line}"


def _number(value: float) -> str:
    return f"{value:,.0f}" if value >= 100 else f"{value:,.1f}"


def _accuracy(found: dict[str, Any], days: int) -> str:
    if not found["accuracy"]:
        return f"No forecast of the last {days} days can be checked yet."
    rows = [
        (
            _NAMES[row["metric"]],
            output.count(row["forecasts"]),
            f"{_number(row['mae'])} {row['unit']}",
            f"{row['smape']:.1f} %",
            f"{row['coverage80']:.0f} %",
            f"{row['coverage95']:.0f} %",
            f"{row['hits']:.0f} %",
            f"{row['confidence']:.0f} %",
        )
        for row in found["accuracy"]
    ]
    heads = ["Forecasts of", "Hours", "Mean error", "sMAPE", "In 80 %", "In 95 %", "Within 1.2", "Told"]
    text = output.table(heads, rows, right=set(range(1, 8)))
    span = f"from {output.moment(found['windowStart'])} to {output.moment(found['windowEnd'])}"
    return f"{text}\n\nOf hours {span}."
