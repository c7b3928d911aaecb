"""The locks: every package pinned and hashed, nothing that names where it comes from."""

from __future__ import annotations

import re
import tomllib
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
PROJECT = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))
LOCKS = ["requirements.lock", "requirements-dev.lock", "requirements-bench.lock"]
PINNED = re.compile(r"([a-z0-9][a-z0-9-]*)==([^\s;]+)( ; [^\\]+)?( --hash=sha256:[0-9a-f]{64})+")


def requirements(name: str) -> list[str]:
    """The lock's requirements, one line each, comments dropped."""
    text = (ROOT / name).read_text(encoding="utf-8").replace("\\\n", " ")
    lines = (" ".join(line.split("#")[0].split()) for line in text.splitlines())
    return [line for line in lines if line]


def pins(name: str) -> dict[str, str]:
    """Package and version of each requirement of a lock."""
    return {line.split("==")[0]: line.split("==")[1].split()[0] for line in requirements(name)}


def wanted(group: list[str | dict[str, str]]) -> set[str]:
    """The packages that a list of pyproject.toml names, its included groups too."""
    names = set()
    for entry in group:
        if isinstance(entry, dict):
            names |= wanted(PROJECT["dependency-groups"][entry["include-group"]])
        else:
            names.add(re.split(r"[^a-z0-9-]", entry)[0])
    return names


@pytest.mark.parametrize("lock", LOCKS)
def test_every_requirement_is_pinned_and_hashed(lock: str):
    assert len(requirements(lock)) > 20
    for line in requirements(lock):
        assert PINNED.fullmatch(line), line[:80]


@pytest.mark.parametrize("lock", LOCKS)
def test_no_lock_says_where_packages_come_from(lock: str):
    text = (ROOT / lock).read_text(encoding="utf-8")
    for sign in ("://", "--index", "--extra-index", "--find-links", "--trusted-host", " @ ", "file:"):
        assert sign not in text, sign


@pytest.mark.parametrize("lock", LOCKS)
def test_no_package_stands_in_a_lock_in_two_versions(lock: str):
    assert len(pins(lock)) == len(requirements(lock))


def test_the_locks_hold_what_the_project_asks_for():
    runtime = wanted(PROJECT["project"]["dependencies"]) | wanted(PROJECT["dependency-groups"]["build"])
    assert runtime <= pins("requirements.lock").keys()
    assert runtime | wanted(PROJECT["dependency-groups"]["dev"]) <= pins("requirements-dev.lock").keys()


def test_development_uses_the_very_versions_of_the_runtime():
    assert pins("requirements.lock").items() <= pins("requirements-dev.lock").items()


def test_duckdb_is_locked_at_the_supported_version():
    assert pins("requirements.lock")["duckdb"] == "1.5.5"


def test_no_tool_of_development_reaches_the_runtime():
    tools = wanted(PROJECT["dependency-groups"]["dev"]) - wanted(PROJECT["dependency-groups"]["build"])
    brought_along = {"httpx"}  # litestar needs it at runtime too
    assert tools & pins("requirements.lock").keys() == brought_along
