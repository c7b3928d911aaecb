"""The formats that there are: the files of `sql/formats/` that say how to detect them, and the mappings.

The head of a file is a comment. Its first line says what the format is; the lines from `-- detect:` on (those
that go on are indented) are a SQL condition over one line: `raw` is its text and `entry` the same as JSON. A
condition on `raw` alone is for lines that are no JSON objects. A file without a condition is a template and
no format by itself.
"""

from __future__ import annotations

import re
from functools import cache

from msgspec import Struct

from warehouse import sqlfiles
from warehouse.errors import BadRequestError
from warehouse.formats import mapping
from warehouse.settings import Settings

#: What an object has that no format claims: its lines then tell in quarantine what is wrong with them.
DEFAULT = "registry"
#: What tells a condition that looks further than the keys and kinds of an object and of those in it.
_VALUES = re.compile(r"\braw\b|->|json_extract|json_value|json_contains|json_array|\$(\.\w+){3}|\[|\*")
_DETECT = re.compile(r"^-- detect: (.+(?:\n--   +.+)*)", re.MULTILINE)


class Format(Struct, frozen=True):
    """One format: its name, what it is in a sentence, and the condition that a line of it meets."""

    name: str
    about: str
    condition: str

    @property
    def asks(self) -> str:
        """What the condition looks at: the `text` of a line, the `shape` of its JSON, or `values` in it."""
        if "entry" not in self.condition:
            return "text"
        return "values" if _VALUES.search(self.condition) else "shape"


@cache
def formats() -> tuple[Format, ...]:
    """Every format that can be detected, by name."""
    found = []
    for name in sqlfiles.names("formats"):
        text = sqlfiles.read("formats", name)
        if match := _DETECT.search(text):
            condition = " ".join(line.removeprefix("--").strip() for line in match[1].splitlines())
            found.append(Format(name, text.splitlines()[0].removeprefix("-- "), condition))
    return tuple(found)


def check(name: str, settings: Settings) -> str:
    """The name, if there is such a format or mapping. Raises BadRequestError that lists what there is."""
    known = [item.name for item in formats()] + [f"{mapping.PREFIX}{key}" for key in settings.mappings]
    if name not in known:
        raise BadRequestError(
            f"there is no format {name!r}", hint=f"there are {', '.join(known)}", field="format"
        )
    return name


def sql(name: str, settings: Settings) -> str:
    """The SELECT of a format: from raw_lines and raw_objects, one row per raw line.

    Raises BadRequestError when there is no such format.
    """
    check(name, settings)
    if name.startswith(mapping.PREFIX):
        return mapping.sql(settings.mappings[name.removeprefix(mapping.PREFIX)])
    return sqlfiles.read("formats", name)
