"""The quarantine, for reading: what is in it and why, a page at a time, and one line with its damage.

Every count comes from a query of `sql/endpoints/`. Times are epoch milliseconds in answers.
"""

from __future__ import annotations

import base64
import json
import re
from datetime import UTC, datetime
from typing import Any

from msgspec import Struct

from warehouse.engine import Engine
from warehouse.errors import BadRequestError

_AT_BYTE = re.compile(r" at byte ([0-9]+)$")
#: Python's parser recurses: it does not look for damage in lines that may be nested deeper than that.
_MOST_BRACKETS = 500


class QuarantineFilter(Struct, frozen=True):
    """Which lines: reasons and keys that begin so, met at `since` or later; at most `limit` of them."""

    reason: str | None = None
    object: str | None = None
    since: datetime | None = None
    limit: int = 50
    cursor: str | None = None


def page(engine: Engine, wanted: QuarantineFilter) -> dict[str, Any]:
    """GET /quarantine: lines, newest first, with the counts by reason of everything that matches."""
    parameters = _parameters(wanted)
    after = _decode(wanted.cursor) if wanted.cursor else {}
    rows = engine.run("quarantine", parameters | after)
    reasons = engine.run("quarantine_reasons", parameters)
    more = len(rows) > wanted.limit
    rows = rows[: wanted.limit]
    return {
        "lines": [{name: value for name, value in row.items() if name != "at_us"} for row in rows],
        "totalCount": sum(row["lines"] for row in reasons),
        "nextCursor": _encode(rows[-1]) if more else None,
        "reasons": reasons,
    }


def objects(engine: Engine, wanted: QuarantineFilter) -> list[dict[str, Any]]:
    """The objects that have matching lines, most lines first."""
    return engine.run("quarantine_objects", _parameters(wanted))


def line(engine: Engine, key: str, number: int, bucket: str | None = None) -> dict[str, Any]:
    """One line, whole, with the place of its damage. Raises BadRequestError when it is not in quarantine."""
    rows = engine.run("quarantine_line", {"object": key, "line": number, "bucket": bucket})
    if not rows:
        raise BadRequestError(
            f"line {number} of {key} is not in quarantine",
            hint="`warehouse quarantine list` names what is",
            field="line",
        )
    if len(rows) > 1:
        names = ", ".join(row["bucket"] for row in rows)
        raise BadRequestError(
            f"line {number} of {key} is in quarantine for several buckets: {names}",
            hint="name one with --bucket",
            field="bucket",
        )
    return rows[0] | {"damage": damage(rows[0]["raw"], rows[0]["reason"])}


def damage(raw: str, reason: str) -> dict[str, Any] | None:
    """Where a line is damaged: `column` is the first odd character (from 1), `problem` what is odd; or None.

    Only damage to bytes and JSON has a place; a line that lacks something or is out of range has none.
    """
    if found := _AT_BYTE.search(reason):
        # Up to the odd byte the text is as it was, so its bytes can be counted.
        before = raw.encode(errors="surrogatepass")[: int(found[1]) - 1]
        return {
            "column": len(before.decode(errors="ignore")) + 1,
            "problem": reason[: found.start()],
        }
    if not reason.startswith("not valid JSON") or raw.count("{") + raw.count("[") > _MOST_BRACKETS:
        return None
    try:
        json.loads(raw, parse_constant=_refused, parse_int=float)
    except json.JSONDecodeError as error:
        return {"column": error.pos + 1, "problem": error.msg}
    except _NotFiniteError as error:
        found_at = re.search(rf"(?<=[\s:,\[]){re.escape(str(error))}", raw)
        return {
            "column": found_at.start() + 1 if found_at else None,
            "problem": f"{error} is not JSON",
        }
    return None


class _NotFiniteError(ValueError):
    """A constant that Python reads and JSON does not have."""


def _refused(name: str) -> None:
    raise _NotFiniteError(name)


def _parameters(wanted: QuarantineFilter) -> dict[str, Any]:
    since = wanted.since.astimezone(UTC).replace(tzinfo=None) if wanted.since else None
    return {
        "reason": wanted.reason,
        "object": wanted.object,
        "since": since,
        "limit": wanted.limit,
    }


def _encode(row: dict[str, Any]) -> str:
    """A cursor names the last row of its page, so that it stays right while syncs commit."""
    text = json.dumps([row["at_us"], row["objectKey"], row["bucket"], row["line"]])
    return base64.urlsafe_b64encode(text.encode()).decode().rstrip("=")


def _decode(cursor: str) -> dict[str, Any]:
    try:
        at_us, key, bucket, number = json.loads(base64.urlsafe_b64decode(cursor + "=" * (-len(cursor) % 4)))
        at = datetime.fromtimestamp(int(at_us) // 1_000_000, UTC)
        if not (isinstance(key, str) and isinstance(bucket, str)):
            raise TypeError("no key")
        return {
            "after_at": at.replace(microsecond=int(at_us) % 1_000_000, tzinfo=None),
            "after_key": key,
            "after_bucket": bucket,
            "after_line": int(number),
        }
    except (ValueError, TypeError, OverflowError, OSError, RecursionError) as error:
        raise BadRequestError(
            "cursor is not one that /quarantine gave", hint="leave it out to begin anew", field="cursor"
        ) from error
