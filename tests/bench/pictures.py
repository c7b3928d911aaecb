"""The pictures of docs/forecasting.md, from a generated series: `python -m tests.bench.pictures`."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pyarrow as pa

from tests.bench import forecast
from warehouse.forecast import steps

WIDTH, HEIGHT, LEFT, BOTTOM = 860, 300, 52, 30
FOLDER = Path(__file__).parents[2] / "docs" / "pictures"
Array = forecast.Array


class Picture:
    """A chart of hours and values, as SVG."""

    def __init__(self, hours: int, highest: float, title: str) -> None:
        self._hours, self._highest = hours, highest
        self._parts = [
            f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {WIDTH} {HEIGHT}" role="img"'
            f' aria-label="{title}" font-family="sans-serif" font-size="12">',
            f'<rect width="{WIDTH}" height="{HEIGHT}" fill="#ffffff"/>',
        ]
        for share in (0, 0.5, 1):
            y = self.y(share * highest)
            self._parts.append(
                f'<path d="M{LEFT} {y:.1f}H{WIDTH - 10}" stroke="#dddddd"/>'
                f'<text x="{LEFT - 6}" y="{y + 4:.1f}" text-anchor="end" fill="#555555">'
                f"{share * highest:,.0f}</text>"
            )
        for day in range(0, hours, 24):
            self._parts.append(
                f'<text x="{self.x(day):.1f}" y="{HEIGHT - 8}" fill="#555555">day {day // 24 + 1}</text>'
            )

    def x(self, hour: float) -> float:
        return LEFT + (WIDTH - LEFT - 10) * hour / (self._hours - 1)

    def y(self, value: float) -> float:
        return 14 + (HEIGHT - BOTTOM - 14) * (1 - min(value, self._highest) / self._highest)

    def band(self, start: int, low: Array, high: Array, colour: str) -> None:
        there = [f"{self.x(start + i):.1f} {self.y(v):.1f}" for i, v in enumerate(high)]
        back = [f"{self.x(start + i):.1f} {self.y(v):.1f}" for i, v in reversed(list(enumerate(low)))]
        self._parts.append(f'<path d="M{"L".join(there + back)}Z" fill="{colour}"/>')

    def line(self, start: int, values: Array, colour: str, dash: str = "") -> None:
        points = [f"{self.x(start + i):.1f} {self.y(v):.1f}" for i, v in enumerate(values)]
        self._parts.append(
            f'<path d="M{"L".join(points)}" fill="none" stroke="{colour}" stroke-width="1.6"'
            f' stroke-dasharray="{dash}"/>'
        )

    def mark(self, hour: int, value: float, text: str) -> None:
        x, y = self.x(hour), self.y(value)
        self._parts.append(
            f'<circle cx="{x:.1f}" cy="{y:.1f}" r="6" fill="none" stroke="#c2185b" stroke-width="2"/>'
            f'<text x="{x - 10:.1f}" y="{y + 4:.1f}" text-anchor="end" fill="#c2185b">{text}</text>'
        )

    def save(self, name: str) -> None:
        FOLDER.mkdir(exist_ok=True)
        (FOLDER / name).write_text("\n".join([*self._parts, "</svg>"]) + "\n")


def draw_forecast() -> None:
    """Five days, the forecast of the two after them, and what came."""
    series = next(iter(list(forecast.generated(6, 768).values())[4:]))
    told = forecast.ensemble({"one": series[:720]}, 48)[0]["one"]
    picture = Picture(168, float(series[-168:].max() * 1.5), "A forecast with its intervals")
    picture.band(120, told.low95, told.high95, "#dbe9fb")
    picture.band(120, told.low80, told.high80, "#b4d2f7")
    picture.line(0, series[600:], "#333333")
    picture.line(120, told.value, "#0b63c5", "5 3")
    picture.save("forecast.svg")


def draw_anomaly() -> None:
    """Two weeks, what was expected of them, and two hours that were unlike all before."""
    series = next(iter(list(forecast.generated(6, 768).values())[4:]))
    series[687] *= 2.2
    series[643:646] *= 0.05
    rows = len(series)
    table = pa.table(
        {
            "series": ["one"] * rows,
            "metric": ["logs"] * rows,
            "subject": [""] * rows,
            "grain": pa.array([3600] * rows, pa.int32()),
            "i": pa.array(range(1, rows + 1), pa.int32()),
            "slot": pa.array([i * 3_600_000_000 for i in range(rows)], pa.timestamp("us")),
            "y": series,
        }
    )
    given = {**steps.DETECTOR, "version": steps.VERSION}
    names = ("usual", "distances", "scores", "judged")
    with forecast.staged("anomaly", table, given, names) as (con, _):
        found = con.execute(
            "SELECT expected_low, expected_high, anomaly, score FROM anomaly_judged ORDER BY slot"
        ).fetchall()[-168:]
    last = series[-168:]
    picture = Picture(168, float(last.max() * 1.1), "Hours that were unlike all before")
    picture.band(0, np.array([row[0] for row in found]), np.array([row[1] for row in found]), "#dbe9fb")
    picture.line(0, last, "#333333")
    for hour, (_, _, anomaly, score) in enumerate(found):
        if anomaly:
            picture.mark(hour, last[hour], f"score {score:.2f}")
    picture.save("anomaly.svg")


if __name__ == "__main__":
    draw_forecast()
    draw_anomaly()
