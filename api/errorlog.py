"""The server's log: one JSON object per line on stderr, for errors and warnings only.

No line holds a secret of the settings: whatever text an error carries, they are masked here.
"""

from __future__ import annotations

import logging
import re
import traceback
from datetime import UTC, datetime

import msgspec

from warehouse.settings import Settings, table

_LEVELS = {"WARNING": "warn", "ERROR": "error", "CRITICAL": "error", "INFO": "info", "DEBUG": "debug"}


class JsonLines(logging.Formatter):
    """Formats a record as one line of JSON."""

    def __init__(self, settings: Settings) -> None:
        super().__init__()
        self._secrets = _secrets(settings)

    def format(self, record: logging.LogRecord) -> str:
        """The record as a line, its secrets masked."""
        line = {
            "time": datetime.fromtimestamp(record.created, UTC).isoformat(timespec="milliseconds"),
            "level": _LEVELS.get(record.levelname, record.levelname.lower()),
            "logger": record.name,
            "message": record.getMessage(),
        }
        for name, key in (("request_id", "requestId"), ("method", "method"), ("path", "path")):
            if getattr(record, name, None) is not None:
                line[key] = str(getattr(record, name))
        if record.exc_info and record.exc_info[1] is not None:
            line["traceback"] = "".join(traceback.format_exception(record.exc_info[1]))
        return self._masked(msgspec.json.encode(line).decode())

    def _masked(self, text: str) -> str:
        for secret in self._secrets:
            # As it looks inside a JSON string.
            text = text.replace(msgspec.json.encode(secret).decode()[1:-1], "***")
        return text


#: Shorter parts of an address are words and names, which other lines need.
_SHORTEST_TOKEN = 12


def _secrets(settings: Settings) -> list[str]:
    """What no line may hold, the longest first: one may begin with another.

    The secret settings; of addresses each one, and what in them is long enough to be a token, because whoever
    reports a failed request spells its address in another way.
    """
    found = {getattr(settings, info.name) for info in table() if info.secret}
    for address in f"{settings.alert_webhook or ''} {settings.alert_notify or ''}".split():
        parts = re.split(r"[/:@?&=,;#]+", address)
        found |= {address, *(part for part in parts if len(part) >= _SHORTEST_TOKEN)}
    return sorted(filter(None, found), key=len, reverse=True)


def configure(settings: Settings) -> None:
    """Send warnings and errors of the process to stderr."""
    handler = logging.StreamHandler()
    handler.setFormatter(JsonLines(settings))
    logging.basicConfig(level=logging.WARNING, handlers=[handler], force=True)
