"""The server's log: one JSON object per line on stderr, for errors and warnings only.

No line holds a secret of the settings: whatever text an error carries, they are masked here.
"""

from __future__ import annotations

import logging
import traceback
from datetime import UTC, datetime

import msgspec

from warehouse.settings import Settings, table

_LEVELS = {"WARNING": "warn", "ERROR": "error", "CRITICAL": "error", "INFO": "info", "DEBUG": "debug"}


class JsonLines(logging.Formatter):
    """Formats a record as one line of JSON."""

    def __init__(self, settings: Settings) -> None:
        super().__init__()
        values = (getattr(settings, info.name) for info in table() if info.secret)
        self._secrets = [value for value in values if value]

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


def configure(settings: Settings) -> None:
    """Send warnings and errors of the process to stderr."""
    handler = logging.StreamHandler()
    handler.setFormatter(JsonLines(settings))
    logging.basicConfig(level=logging.WARNING, handlers=[handler], force=True)
