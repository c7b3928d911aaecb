"""Settings of a process from the command line, the environment and the settings file.

Which settings there are stands in `settings_fields`.
"""

from __future__ import annotations

import os
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import msgspec

from warehouse import settings_file
from warehouse.errors import SettingError
from warehouse.settings_fields import FILE_ONLY, MIB, SettingInfo, Settings, table

__all__ = ["FILE_ONLY", "MIB", "SettingInfo", "Settings", "load", "load_with_origins", "table"]


def load(environment: Mapping[str, str] | None = None, **overrides: Any) -> Settings:
    """Settings from the environment and the settings file; see `load_with_origins`."""
    return load_with_origins(environment, **overrides)[0]


def load_with_origins(
    environment: Mapping[str, str] | None = None, **overrides: Any
) -> tuple[Settings, dict[str, str]]:
    """The settings, and where each value that is no default comes from, by field name.

    `overrides` (from the command line) win over the environment, and that over the settings file; None means
    not given, and a variable that is empty or blank counts as unset. Raises SettingError, which names the
    variable, or the file and its key, and says what it takes.
    """
    environment = os.environ if environment is None else environment
    file = settings_file.load(environment, [info.name for info in table()])
    values: dict[str, Any] = {}
    origins: dict[str, str] = {}
    for info in table():
        if overrides.get(info.name) is not None:
            values[info.name] = _checked(info, overrides[info.name], info.env[0])
            origins[info.name] = "command line"
            continue
        for variable in info.env:
            if text := environment.get(variable, "").strip():
                values[info.name] = _checked(info, text, variable)
                origins[info.name] = variable
                break
        else:
            if info.name in file.values:
                values[info.name] = _of_file(info, file)
                origins[info.name] = str(file.path)
    origins |= {name: str(file.path) for name in FILE_ONLY if getattr(file, name)}
    settings = Settings(**values, prefixes=file.prefixes, mappings=file.mappings, alerts=file.alerts)
    complete = settings_file.with_buckets(settings, file)
    for info in table():
        if getattr(complete, info.name) != getattr(settings, info.name):
            origins[info.name] = f"{file.path} [[bucket]]"
    return complete, origins


def _of_file(info: SettingInfo, file: settings_file.SettingsFile) -> Any:
    """A value of the settings file in the setting's type."""
    try:
        return _checked(info, file.values[info.name], info.name)
    except SettingError as error:
        detail = error.detail.removeprefix(f"{info.name} ")
        raise file.wrong(info.name, detail) from error


def _checked(info: SettingInfo, value: Any, variable: str) -> Any:
    """`value` in the setting's type, or an error that says which variable is wrong but shows no secret."""
    try:
        return msgspec.convert(value, info.type, strict=False, dec_hook=_to_path)
    except (msgspec.ValidationError, ValueError, RuntimeError) as error:
        # An address may carry a password before its @.
        shown = "its value" if info.secret or "@" in str(value) else repr(value)
        need = "" if info.takes == "text" else f"; it takes a {info.takes}"
        raise SettingError(
            f"{variable} does not take {shown}{need}", hint=info.about.rstrip("."), field=variable
        ) from error


def _to_path(_kind: type, value: Any) -> Path:
    """The one type that msgspec does not know is Path; `~` stands for the home directory."""
    return Path(value).expanduser()
