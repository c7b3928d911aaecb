"""A panel's SQL: a query of `sql/boards/` with its placeholders filled in from the panel, and its parameters.

Names are checked against the source's columns and enter as quoted identifiers, values as parameters.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import UTC, datetime, timedelta
from functools import cache
from typing import TYPE_CHECKING, Any

from msgspec import Struct

from warehouse import sqlfiles
from warehouse.boards.board import Filter, Measure, Panel, panel_of, refused
from warehouse.boards.sources import Source
from warehouse.moments import naive

if TYPE_CHECKING:
    from sqlglot import exp

_FILES = {
    "timeSeries": "series", "stat": "figure", "percentage": "figure", "category": "ranking",
    "topN": "ranking", "table": "rows",
}  # fmt: skip
#: Seconds of a series' periods; the shortest that makes at most so many points is taken.
_PERIODS = (60, 300, 900, 1_800, 3_600, 10_800, 21_600, 86_400, 7 * 86_400, 28 * 86_400)
_POINTS = 100
_HOUR, _DAY = 3_600, 86_400
_HOURLY = {"activity_by", "hourly", "inventory"}
_NUMERIC = {"sum", "avg", "min", "max", "median", "p95", "p99", "ratio"}
_FUNCTIONS = {"=": "EQ", "!=": "NEQ", "<": "LT", "<=": "LTE", ">": "GT", ">=": "GTE"}


class Asked(Struct, frozen=True):
    """A query that can be run: its text, its parameters, the window that it is of (none without a time)."""

    text: str
    parameters: dict[str, Any]
    window: tuple[datetime, datetime] | None


def ask(
    panel: Panel, sources: Mapping[str, Source], ends: datetime, hours: float, where: str = "panel"
) -> Asked:
    """The query of a panel over the `hours` before `ends` (naive UTC).

    Raises BadRequestError for what cannot be asked; its field begins with `where`.
    """
    panel_of(panel, where)
    source = sources.get(panel.source or "")
    if source is None:
        raise refused(
            f"{where}.source", f"there is no {(panel.source or '')[:80]!r}, but {', '.join(sources)}"
        )
    return _Builder(panel, source, ends, timedelta(hours=hours), where).asked()


@cache
def _template(name: str) -> exp.Expr:
    import sqlglot  # takes a moment to load

    return sqlglot.parse_one(sqlfiles.read("boards", name), read="duckdb")


class _Builder:
    """Fills one panel's query in."""

    def __init__(self, panel: Panel, source: Source, ends: datetime, length: timedelta, where: str) -> None:
        self._panel = panel
        self._where = where
        self._source = source
        self._ends = ends
        self._length = length
        self._values: dict[str, Any] = {}
        self._time = panel.time or source.time
        if self._time is not None:
            source.column(self._time, f"{self._where}.time", "time")

    def asked(self) -> Asked:
        panel, name = self._panel, _FILES[self._panel.kind]
        if name == "series" and self._time is None:
            raise refused(f"{self._where}.source", f"{self._source.name} has no time to draw over")
        least = self._least_seconds()
        wanted = self._length.total_seconds() / _POINTS
        seconds = next((each for each in _PERIODS if each >= max(least, wanted)), _PERIODS[-1])
        starts = _floor(self._ends - self._length, seconds if name == "series" else least)
        parts: dict[str, Any] = {"source": self._table()}
        if name == "rows":
            parts |= {"fields": self._fields(), "ordering": self._ordering()}
        else:
            parts["measure"] = self._share() if panel.kind == "percentage" else self._measure(panel.measure)
        if name in ("series", "ranking"):
            parts["category"] = self._category()
        if name == "series":
            parts |= {"moment": self._column(self._time or ""), "nothing": self._nothing()}
        parts["condition"] = self._condition("ends")
        if name == "figure":
            parts["earlier"] = self._condition("starts")
        text = _filled(_template(name), parts)
        self._values |= {
            "starts": starts, "ends": self._ends, "seconds": seconds, "limit": panel.limit,
            # As many hours or days as the window has, also when the last one of them is not over.
            "before": _floor(starts - (self._ends - starts), least),
            "others": panel.kind == "category" and panel.measure.aggregate in ("count", "sum"),
        }  # fmt: skip
        known = sqlfiles.parameters(text)
        given = {name: value for name, value in self._values.items() if name in known}
        return Asked(text, given, (starts, self._ends) if self._time else None)

    def _least_seconds(self) -> int:
        """What the source's rows are of at least: a day, an hour, or moments."""
        if self._time and self._source.columns[self._time].type == "DATE":
            return _DAY
        return _HOUR if "grain" in self._source.columns or self._source.name in _HOURLY else 1

    # -- parts ---------------------------------------------------------------------------------

    def _table(self) -> exp.Expr:
        from sqlglot import exp

        return exp.to_table(self._source.name, dialect="duckdb")

    def _column(self, name: str) -> exp.Expr:
        from sqlglot import exp

        return exp.column(name, quoted=True)

    def _parameter(self, value: Any) -> exp.Expr:
        from sqlglot import exp

        name = f"value{sum(1 for each in self._values if each.startswith('value')) + 1}"
        self._values[name] = value
        return exp.Placeholder(this=name)

    def _fields(self) -> list[exp.Expr]:
        names = self._panel.columns or list(self._source.columns)
        for number, name in enumerate(names):
            self._source.column(name, f"{self._where}.columns[{number}]")
        return [self._column(name) for name in names]

    def _ordering(self) -> exp.Expr:
        from sqlglot import exp

        name = self._panel.order_by or self._time or next(iter(self._source.columns))
        self._source.column(name, f"{self._where}.orderBy")
        return exp.Ordered(this=self._column(name), desc=self._panel.descending, nulls_first=False)

    def _category(self) -> exp.Expr:
        from sqlglot import exp

        if self._panel.by is None:
            return exp.cast(exp.Literal.string(""), "VARCHAR")  # a bare literal is no category
        self._source.column(self._panel.by, f"{self._where}.by")
        return exp.func(
            "coalesce", exp.cast(self._column(self._panel.by), "VARCHAR"), exp.Literal.string("none")
        )

    def _measure(self, measure: Measure) -> exp.Expr:
        """A figure over rows. A sampled log line counts as often as its weight says, except in quantiles."""
        from sqlglot import exp

        name = measure.aggregate
        weight = self._column("weight") if "weight" in self._source.columns else None
        if name == "count":
            return (
                exp.func("coalesce", exp.Sum(this=weight), exp.Literal.number(0))
                if weight
                else exp.Count(this=exp.Star())
            )
        column = self._of(measure.column, f"{self._where}.measure.column", name in _NUMERIC)
        if name == "sum":
            return exp.Sum(this=column * weight if weight else column)
        if name == "avg" and weight:
            counted = exp.Case(
                ifs=[
                    exp.If(
                        this=exp.Not(this=exp.Is(this=column.copy(), expression=exp.Null())),
                        true=weight.copy(),
                    )
                ]
            )
            return exp.Sum(this=column * weight) / exp.func(
                "nullif", exp.Sum(this=counted), exp.Literal.number(0)
            )
        if name == "ratio":
            per = self._of(measure.per, f"{self._where}.measure.per", True)
            return exp.Sum(this=column) / exp.func("nullif", exp.Sum(this=per), exp.Literal.number(0))
        if name == "distinct":
            return exp.Count(this=exp.Distinct(expressions=[column]))
        if name in ("p95", "p99"):
            return exp.Anonymous(
                this="quantile_cont", expressions=[column, exp.Literal.number(f"0.{name[1:]}")]
            )
        return exp.Anonymous(this=name, expressions=[column])

    def _of(self, name: str | None, field: str, number: bool) -> exp.Expr:
        self._source.column(name or "", field, *(["number"] if number else []))
        return self._column(name or "")

    def _share(self) -> exp.Expr:
        """The part that fulfils the panel's `part`, or the ratio, in percent."""
        from sqlglot import exp

        hundred = exp.Literal.number("100.0")
        whole = self._measure(self._panel.measure)
        if self._panel.measure.aggregate == "ratio":
            return hundred * exp.paren(whole)
        part = exp.Where(this=exp.and_(*self._filters(self._panel.part, f"{self._where}.part")))
        inside = whole.transform(
            lambda node: (
                exp.Filter(this=node, expression=part.copy())
                if isinstance(node, exp.Sum | exp.Count)
                else node
            )
        )
        return hundred * inside / exp.func("nullif", whole, exp.Literal.number(0))

    def _nothing(self) -> exp.Expr:
        from sqlglot import exp

        return (
            exp.Literal.number(0)
            if self._panel.measure.aggregate in ("count", "sum", "distinct")
            else exp.Null()
        )

    # -- conditions ----------------------------------------------------------------------------

    def _condition(self, last: str) -> exp.Expr:
        """Which rows count: until $ends those of the window, until $starts those of the window before."""
        from sqlglot import exp

        filters = self._filters(self._panel.filters, f"{self._where}.filters")
        if "grain" in self._source.columns and all(each.column != "grain" for each in self._panel.filters):
            filters.append(exp.EQ(this=self._column("grain"), expression=exp.Literal.number(_HOUR)))
        if self._time is None:
            return exp.and_(*filters) if filters and last == "ends" else exp.Boolean(this=last == "ends")
        first = exp.Placeholder(this="starts" if last == "ends" else "before")
        until = exp.Placeholder(this=last)
        time = self._column(self._time)
        day = self._source.columns[self._time].type == "DATE"
        filters.append(exp.GTE(this=time, expression=exp.cast(first, "DATE" if day else "TIMESTAMP")))
        filters.append(exp.LT(this=time.copy(), expression=exp.cast(until, "TIMESTAMP")))
        if self._source.dated == self._time:
            between = exp.Between(
                this=self._column("date"),
                low=exp.cast(first.copy(), "DATE"),
                high=exp.cast(until.copy(), "DATE"),
            )
            filters.append(between)
        return exp.and_(*filters)

    def _filters(self, wanted: Sequence[Filter], field: str) -> list[exp.Expr]:
        return [self._filter(each, f"{field}[{number}]") for number, each in enumerate(wanted)]

    def _filter(self, wanted: Filter, field: str) -> exp.Expr:
        from sqlglot import exp

        kind = self._source.column(wanted.column, f"{field}.column", "text", "number", "time", "boolean").kind
        column, value = self._column(wanted.column), wanted.value
        if wanted.operator in ("empty", "present"):
            empty = exp.Is(this=column, expression=exp.Null())
            return empty if wanted.operator == "empty" else exp.Not(this=empty)
        if wanted.operator == "in":
            if not isinstance(value, list) or not value:
                raise refused(f"{field}.value", "`in` takes a list with at least one value")
            return exp.In(
                this=column, expressions=[self._parameter(_fitting(one, kind, field)) for one in value]
            )
        if value is None or isinstance(value, list):
            raise refused(f"{field}.value", f"{wanted.operator} takes one value")
        given = self._parameter(_fitting(value, kind, field))
        if wanted.operator == "contains":
            if kind != "text":
                raise refused(f"{field}.operator", f"contains is for text, and {wanted.column} is a {kind}")
            return exp.Anonymous(
                this="contains", expressions=[exp.func("lower", column), exp.func("lower", given)]
            )
        if kind == "time":
            given = exp.cast(given, "TIMESTAMP")
        made: exp.Expr = getattr(exp, _FUNCTIONS[wanted.operator])(this=column, expression=given)
        return made


def _fitting(value: Any, kind: str, field: str) -> Any:
    """A filter's value, of the column's kind. Raises BadRequestError."""
    right = {
        "text": isinstance(value, str),
        "number": isinstance(value, int | float) and not isinstance(value, bool),
        "boolean": isinstance(value, bool),
        "time": isinstance(value, str),
    }[kind]
    if not right:
        raise refused(f"{field}.value", f"{str(value)[:80]!r} is no {kind}")
    if kind == "time":
        try:
            moment = datetime.fromisoformat(value)
            return naive(moment if moment.tzinfo else moment.replace(tzinfo=UTC))
        except (ValueError, OverflowError) as error:  # no time at all, or none that UTC has
            raise refused(f"{field}.value", f"{value[:80]!r} is no time, as 2026-03-01T12:00:00") from error
    return value


def _filled(template: exp.Expr, parts: Mapping[str, Any]) -> str:
    """The template with its placeholders replaced; what they stand for is not looked into."""
    from sqlglot import exp

    def part(node: exp.Expr) -> Any:
        if isinstance(node, exp.Table) and node.name == "source":
            return parts["source"].copy()
        if isinstance(node, exp.Ordered) and node.this.name == "ordering":
            return parts["ordering"].copy()
        if isinstance(node, exp.Column) and not node.table and node.name in parts:
            found = parts[node.name]
            return (
                found
                if isinstance(found, list)
                else exp.paren(found.copy())
                if isinstance(found, exp.Binary)
                else found.copy()
            )
        return node

    filled = template.copy()
    if isinstance(parts.get("fields"), list):
        filled.set("expressions", [each.copy() for each in parts["fields"]])
    text: str = filled.transform(part).sql(dialect="duckdb", pretty=True, comments=False)
    return text


def _floor(moment: datetime, seconds: int) -> datetime:
    # As time_bucket does: periods of days and less from midnight, longer ones from Monday 2000-01-03.
    origin = datetime(2000, 1, 3)  # noqa: DTZ001 - naive UTC, as DuckDB has it
    return origin + timedelta(seconds=(moment - origin).total_seconds() // seconds * seconds)


__all__ = ["Asked", "ask"]
