"""Writes docs/settings.md from the table of settings: `python -m warehouse.settings_docs FILE`."""

from __future__ import annotations

import sys
from pathlib import Path

from warehouse.settings import SettingInfo, table

_HEAD = """\
# Settings

Made from the table in `warehouse/settings.py` by `make format`; change a setting there, not here.

Every setting is an environment variable. Where several are named, the first one that is set wins; an
empty one counts as unset. Options of the command line win over the environment. `warehouse settings`
shows the values in force, and of a secret only that it is set.

| Variable | Takes | Default | Meaning |
|---|---|---|---|
"""


def page() -> str:
    """The whole page, as Markdown."""
    return _HEAD + "".join(_row(info) for info in table())


def _row(info: SettingInfo) -> str:
    variables = ", ".join(f"`{variable}`" for variable in info.env)
    takes = "secret text" if info.secret else info.takes
    default = f"`{info.default}`" if info.default else "unset"
    return f"| {variables} | {takes} | {default} | {info.about.replace('|', chr(92) + '|')} |\n"


if __name__ == "__main__":
    Path(sys.argv[1]).write_text(page(), encoding="utf-8")
