"""Writes docs/settings.md from the tables of settings: `python -m warehouse.settings_docs FILE`."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import Any, get_type_hints

import msgspec
from msgspec import Struct

from warehouse.alerts.rules import AlertRule
from warehouse.settings import SettingInfo, table
from warehouse.settings_tables import SECRETS, BucketSettings, MappingRule, PrefixRule

_HEAD = """\
# Settings

Made from the tables in `warehouse/settings_fields.py` and `warehouse/settings_tables.py` by `make format`;
change a setting there, not here.

Every setting of the first table is an environment variable. Where several are named, the first one that is
set wins; an empty one counts as unset. Options of the command line win over the environment, and that over
the [settings file](#the-settings-file). `warehouse settings` shows the values in force and where each comes
from, and of a secret only that it is set.

| Variable | In the file | Takes | Default | Meaning |
|---|---|---|---|---|
"""

_FILE = """
## The settings file

`warehouse.toml` in the working directory, or the file that `WAREHOUSE_CONFIG` names, is TOML with five kinds
of tables. A text `"${NAME}"` stands for the environment variable `NAME`, so that no secret need be in the
file. A key that is not known is refused, and every error names the file, the line and the key.

```toml
[warehouse]                          # any setting, by its name in the file
data_dir = "/var/lib/warehouse"
account_id = "0123456789abcdef0123456789abcdef"

[[bucket]]
name = "registry-logs"
access_key_id = "${LOGS_KEY_ID}"
secret_access_key = "${LOGS_SECRET}"

[[bucket]]                           # another jurisdiction, another key pair
name = "registry-logs-eu"
jurisdiction = "eu"
access_key_id = "${EU_KEY_ID}"
secret_access_key = "${EU_SECRET}"

[[prefix]]
prefix = "logs/edge/"
format = "mapping:edge"
sample = 10                          # one line in ten was kept

[mapping.edge]
ts = "meta.when"
time_unit = "s"
level = "severity"
message = "text"

[[alert]]
id = "slow-installs"
metric = "p95ResponseTime"
threshold = 2000
hours = 1
group_by = "package"
```

### [[bucket]]

All buckets are mirrored into one warehouse. What a table leaves out is as in `[warehouse]` and the
environment, with two exceptions: a bucket that says its account or jurisdiction has its endpoint made from
them, and one that has a token or key pair of its own takes none of the general ones. A bucket that
`R2_BUCKET_NAME` names is mirrored too, whether or not it has a table.

"""
_PREFIX = """
### [[prefix]]

How the log objects below a prefix are read. The longest prefix that fits wins.

"""
_MAPPING = """
### [mapping.NAME]

A log format of JSON lines, for `format = "mapping:NAME"`. A path leads through objects by dots:
`"req.headers.host"`.

"""
_ALERT = """
### [[alert]]

An [alert rule](alerts.md). It needs a metric or a query; a query says itself what it looks at, and a rule
with `group_by` takes no filter.

"""


def page() -> str:
    """The whole page, as Markdown."""
    settings = "".join(_row(info) for info in table())
    tables = _FILE + _keys(BucketSettings) + _PREFIX + _keys(PrefixRule) + _MAPPING + _keys(MappingRule)
    tables += _ALERT + _keys(AlertRule)
    return _HEAD + settings + tables


def _row(info: SettingInfo) -> str:
    variables = ", ".join(f"`{variable}`" for variable in info.env)
    takes = "secret text" if info.secret else info.takes
    default = f"`{info.default}`" if info.default else "unset"
    return f"| {variables} | `{info.name}` | {takes} | {default} | {_escaped(info.about)} |\n"


def _keys(kind: type[Struct]) -> str:
    """One table of the settings file."""
    hints = get_type_hints(kind, include_extras=True)
    rows = ["| Key | Default | Meaning |\n|---|---|---|\n"]
    for field in msgspec.structs.fields(kind):
        default: Any = "needed" if field.required else "unset"
        if not field.required and field.default is not None:
            default = f"`{field.default}`"
        secret = " Secret." if field.name in SECRETS else ""
        about = next(meta.description for meta in hints[field.name].__metadata__ if meta.description)
        rows.append(f"| `{field.name}` | {default} | {_escaped(about)}{secret} |\n")
    return "".join(rows)


def _escaped(text: str) -> str:
    return text.replace("|", chr(92) + "|")


if __name__ == "__main__":
    Path(sys.argv[1]).write_text(page(), encoding="utf-8")
