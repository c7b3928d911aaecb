"""SQL texts as people can run them: parameters filled in."""

from __future__ import annotations

import re
from collections.abc import Mapping
from datetime import datetime
from typing import Any

from warehouse import duck


def reproduced(text: str, values: Mapping[str, Any]) -> str:
    """A query with its parameters filled in, for `warehouse sql`."""
    code = re.sub(r"^--[^\n]*\n", "", text, flags=re.MULTILINE)
    return re.sub(r"\$([a-z_0-9]+)", lambda match: _literal(values.get(match[1])), code).strip()


def _literal(value: Any) -> str:
    if value is None:
        return "NULL"
    if isinstance(value, datetime):
        return f"TIMESTAMP '{value}'"
    return repr(value) if isinstance(value, bool | int | float) else duck.quoted(str(value))
