"""Which format an object has: told by its first lines, or set for its prefix.

Each format's condition (see library.py) is asked about the first lines; the format that most of them meet
wins. What a condition that asks for keys and kinds says of a JSON line is remembered by the line's shape, so
that of thousands of alike objects one asks DuckDB.
"""

from __future__ import annotations

import re
import threading
from collections import Counter
from collections.abc import Sequence
from typing import Any

import msgspec
import pyarrow as pa
from msgspec import Struct

from warehouse import duck
from warehouse.errors import SettingError
from warehouse.formats import reading
from warehouse.formats.library import DEFAULT, Format, check, formats
from warehouse.ingest import heads
from warehouse.ingest.heads import Head
from warehouse.settings import Settings
from warehouse.settings_tables import PrefixRule

#: What an object is that holds no log lines: it goes into the ledger without one and is not fetched again.
SKIP = "skip"
#: Cloudflare writes a file with one such token into a bucket, to see that its owner can read it.
_CHALLENGE = re.compile(rb"\s*(?:eyJ[\w-]{10,}\.[\w-]{10,}\.[\w-]*)\s*")
_CHALLENGE_KEY = re.compile(r"(?:^|/)ownership-challenge[^/]*\.txt$")
_CHALLENGE_BYTES = 8192
#: When one format alone claims so many of the first lines, no other can have more of them.
_MOST = heads.LINES // 2 + 1
_SHAPES = 10_000
#: A value of each kind. No condition on the shape looks into a text or a list, and those may be megabytes.
_BARE: dict[type, Any] = {str: "", list: [], dict: {}, float: 0.5, bool: True, type(None): None}


class Choice(Struct, frozen=True):
    """The format of an object and why; `votes` counts the first lines that each format claims."""

    format: str
    why: str
    votes: dict[str, int]


def detect(head: Head, key: str, settings: Settings) -> str:
    """The format of an object whose text begins so: a name in sql/formats, mapping:NAME or skip.

    The longest prefix of the settings that says a format decides; else the content. Raises BadRequestError
    when a prefix names a format that there is not; SettingError when no format claims most of the lines, and
    one has a condition that cannot be asked.
    """
    if is_challenge(head, key):
        return SKIP
    rule = _rule(key, settings)
    if rule is not None and rule.format is not None:
        return rule.format if rule.format == SKIP else check(rule.format, settings)
    claimed = claims(head.lines(_MOST))
    if len(set(claimed)) != 1 or len(claimed[0]) != 1:
        claimed = claims(head.lines())
    votes = Counter(name for names in claimed for name in names)
    form = _elected(votes)
    # Lines that are nobody's may be those of a format that cannot be asked.
    if 2 * votes[form] <= len(claimed) and claimed and (faults := _DETECTOR.faults):
        raise next(iter(faults.values())).with_traceback(None)
    return form


def choose(head: Head, key: str, settings: Settings, given: str | None = None) -> Choice:
    """What `detect` gives, with its reason; or the format that is `given`."""
    lines = head.lines()
    votes = Counter(name for names in claims(lines) for name in names)
    if given is not None:
        return Choice(given, "you said so", dict(votes))
    form = detect(head, key, settings)
    rule = _rule(key, settings)
    if is_challenge(head, key):
        why = "an ownership challenge of Cloudflare: it holds no log lines"
    elif rule is not None:
        why = f"set for the prefix {rule.prefix!r}"
    elif not lines:
        why = _no_lines(head) + ": there is nothing to tell a format by"
    elif form not in votes:
        why = "no format claims any of the first lines; this one then says what is wrong with them"
    else:
        why = f"{votes[form]} of the first {len(lines)} lines meet its condition"
    return Choice(form, why, dict(votes))


def _no_lines(head: Head) -> str:
    if not head.whole:
        return "the file begins with damage, with blank lines or with a line that is too long"
    return "the file has blank lines only" if head.text else "the file is empty"


def _rule(key: str, settings: Settings) -> PrefixRule | None:
    """The longest prefix of a key that says a format."""
    rules = [rule for rule in settings.prefixes if rule.format and key.startswith(rule.prefix)]
    return max(rules, key=lambda rule: len(rule.prefix), default=None)


def _elected(votes: Counter[str]) -> str:
    return min(votes, key=lambda name: (-votes[name], name)) if votes else DEFAULT


def sample_weight(key: str, settings: Settings) -> int:
    """How many entries each line of an object stands for, by the longest prefix that it has."""
    matching = [rule for rule in settings.prefixes if key.startswith(rule.prefix)]
    return max(matching, key=lambda rule: len(rule.prefix)).sample if matching else 1


def is_challenge(head: Head, key: str) -> bool:
    """Is this an ownership challenge of Logpush: one token, or one line under its usual name?

    And nothing else: what follows a token may be log lines.
    """
    text = head.text
    if not head.whole or len(text) > _CHALLENGE_BYTES:
        return False
    if _CHALLENGE.fullmatch(text):
        return True
    return bool(_CHALLENGE_KEY.search(key)) and len(text.split()) == 1 and not text.lstrip().startswith(b"{")


def claims(lines: Sequence[str]) -> list[frozenset[str]]:
    """For each line, the formats whose condition it meets."""
    return _DETECTOR.claims(lines)


def condition_faults() -> dict[str, SettingError]:
    """What is wrong with the condition of each format that cannot be asked, by name."""
    # One of each kind, so that every condition is asked.
    claims(["{}", "text"])
    return dict(_DETECTOR.faults)


class _Detector:
    """Asks the conditions of formats, on a DuckDB of its own that is opened when it is needed.

    `faults` are those of conditions that could not be asked; they are not asked again.
    """

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._con: duck.Connection | None = None
        self._known: dict[Any, frozenset[str]] = {}
        self._seen: tuple[Format, ...] = ()
        self._formats: dict[str, list[Format]] = {}
        self.faults: dict[str, SettingError] = {}

    def claims(self, lines: Sequence[str]) -> list[frozenset[str]]:
        with self._lock:
            if self._seen is not formats():
                self._known.clear()
                self.faults.clear()
                self._seen = formats()
                self._formats = {kind: [] for kind in ("text", "shape", "values")}
                for item in self._seen:
                    self._formats[item.asks].append(item)
            shapes = [_shape(line) for line in lines]
            of_text = [line for line, shape in zip(lines, shapes, strict=True) if shape is None]
            of_json = [line for line, shape in zip(lines, shapes, strict=True) if shape is not None]
            about_text = iter(self._ask(of_text, ("text", "values")))
            about_values = iter(self._ask(of_json, ("values",)))
            self._learn({shape: line for line, shape in zip(lines, shapes, strict=True) if shape})
            return [
                next(about_text) if shape is None else self._known[shape] | next(about_values)
                for shape in shapes
            ]

    def _learn(self, lines: dict[Any, str]) -> None:
        """Know what shapes of JSON lines are; those that are new are asked about."""
        if len(self._known) > _SHAPES:
            self._known.clear()
        new = [shape for shape in lines if shape not in self._known]
        answers = self._ask([_bare(lines[shape]) for shape in new], ("shape",))
        self._known.update(zip(new, answers, strict=True))

    def _ask(self, lines: list[str], asks: tuple[str, ...]) -> list[frozenset[str]]:
        """For each line, the formats whose condition it meets, of those whose condition is of such a kind."""
        asked = [item for kind in asks for item in self._formats[kind] if item.name not in self.faults]
        if not lines or not asked:
            return [frozenset()] * len(lines)
        if self._con is None:
            self._con = duck.connect(threads=1)
        duck.register(self._con, "sample_lines", pa.table({"no": range(len(lines)), "raw": lines}))
        try:
            answers = self._answers(self._con, asked)
        except duck.STATEMENT_ERRORS:
            asked = self._sound(self._con, asked)
            answers = self._answers(self._con, asked)
        return [frozenset(item.name for item, met in zip(asked, row, strict=True) if met) for row in answers]

    def _sound(self, con: duck.Connection, asked: list[Format]) -> list[Format]:
        """Those whose conditions can be asked about the lines; the faults of the others are kept."""
        for item in asked:
            try:
                self._answers(con, [item])
            except duck.STATEMENT_ERRORS as error:
                fault = reading.broken(item.name, f"its condition (-- detect:): {reading.said(error)}")
                fault.__cause__ = error
                self.faults[item.name] = fault
        return [item for item in asked if item.name not in self.faults]

    def _answers(self, con: duck.Connection, asked: list[Format]) -> list[list[bool]]:
        conditions = ", ".join(f"coalesce({item.condition}, false)" for item in asked)
        rows = con.execute(
            f"SELECT [{conditions}] FROM (SELECT no, raw, TRY_CAST(raw AS JSON) AS entry FROM sample_lines)"
            " ORDER BY no"
        ).fetchall()
        return [row[0] for row in rows]


_DETECTOR = _Detector()


def _bare(line: str) -> str:
    """The least line that has the shape of a JSON line."""
    entry: dict[str, Any] = msgspec.json.decode(line)
    outline = {
        key: {inner: _bare_value(item) for inner, item in value.items()}
        if isinstance(value, dict)
        else _bare_value(value)
        for key, value in entry.items()
    }
    return msgspec.json.encode(outline).decode()


def _bare_value(value: Any) -> Any:
    return (-1 if value < 0 else 1) if type(value) is int else _BARE[type(value)]


def _shape(line: str) -> Any:
    """What a condition on the shape may ask of a JSON line: keys, kinds of values, signs of integers.

    None for a line that is no JSON object.
    """
    try:
        entry = msgspec.json.decode(line)
    except (msgspec.DecodeError, UnicodeError, RecursionError):
        return None
    if not isinstance(entry, dict):
        return None
    # Flat and without a call, because each object's first lines pass here: a key's kind, then the kinds below
    # it. A value's kind is its type, and of an integer whether it is negative.
    outline: list[Any] = [dict]
    for key, value in entry.items():
        kind = type(value)
        outline += (key, kind if kind is not int else value < 0)
        if kind is dict:
            for inner, item in value.items():
                kind = type(item)
                outline += (inner, kind if kind is not int else item < 0)
            outline.append(None)
    return tuple(outline)
