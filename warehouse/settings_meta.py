"""How a setting is declared: its variables, what it means and what it takes."""

from __future__ import annotations

from typing import Any

from msgspec import Meta


def setting(
    *env: str,
    about: str,
    secret: bool = False,
    ge: int | None = None,
    le: int | None = None,
    pattern: str | None = None,
) -> Meta:
    """The annotation of a setting's field; the first of its variables that is set wins."""
    extra: dict[str, Any] = {"env": env, "secret": secret}
    if pattern is not None:
        return Meta(description=about, extra=extra, pattern=pattern)
    if ge is not None and le is not None:
        return Meta(description=about, extra=extra, ge=ge, le=le)
    return Meta(description=about, extra=extra)
