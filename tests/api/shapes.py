"""Compares answers with the contract's fields, and with the models that the OpenAPI document is made of."""

from __future__ import annotations

from typing import Any

import msgspec

NUMBER = (int, float)


def has(answer: dict[str, Any], fields: dict[str, Any]) -> None:
    """Each field is there and has one of its types; a bool is no number."""
    for name, kinds in fields.items():
        assert name in answer, f"{name} is missing"
        value, allowed = answer[name], kinds if isinstance(kinds, tuple) else (kinds,)
        allowed = tuple(type(None) if kind is None else kind for kind in allowed)
        right = isinstance(value, allowed) and (not isinstance(value, bool) or bool in allowed)
        assert right, f"{name} is {value!r}, not of {allowed}"


def is_exactly(answer: Any, model: type[Any]) -> None:
    """The answer fits the model, and the model names every field of the answer."""
    kept = msgspec.to_builtins(msgspec.convert(answer, model))
    assert _paths(kept) == _paths(answer)


def _paths(value: Any, at: str = "") -> set[str]:
    if isinstance(value, dict):
        found = {f"{at}.{name}" for name in value}
        return found.union(*(_paths(item, f"{at}.{name}") for name, item in value.items()))
    if isinstance(value, list):
        return set().union(*(_paths(item, f"{at}[]") for item in value))
    return set()
