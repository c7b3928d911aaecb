"""The import contracts hold, and each of them fails when a module breaks it."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]


@pytest.fixture
def house(tmp_path: Path) -> Path:
    """A copy of both packages and of the contracts."""
    for package in ("warehouse", "api"):
        shutil.copytree(ROOT / package, tmp_path / package, ignore=shutil.ignore_patterns("__pycache__"))
    shutil.copy(ROOT / "pyproject.toml", tmp_path)
    return tmp_path


def lint(house: Path) -> subprocess.CompletedProcess[str]:
    """Check the contracts of a copy. Its packages come first on the path, before the checkout's."""
    command = [str(Path(sys.executable).with_name("lint-imports")), "--no-cache"]
    environment = os.environ | {"PYTHONPATH": str(house)}
    return subprocess.run(command, cwd=house, env=environment, capture_output=True, text=True, check=False)


def test_the_house_keeps_its_contracts(house: Path):
    result = lint(house)
    assert result.returncode == 0, result.stdout + result.stderr
    assert "5 kept, 0 broken" in result.stdout


@pytest.mark.parametrize(
    ("module", "line", "contract"),
    [
        ("warehouse/errors.py", "import api.main", "api imports warehouse, never back"),
        ("warehouse/settings.py", "import boto3", "Only warehouse.bucket speaks S3"),
        ("warehouse/settings.py", "from botocore import config", "Only warehouse.bucket speaks S3"),
        ("api/main.py", "import obstore", "Only warehouse.fetcher fetches in bulk"),
        ("warehouse/errors.py", "import duckdb", "Only warehouse.duck opens DuckDB"),
        ("api/main.py", "def late():\n    from duckdb import connect", "Only warehouse.duck opens DuckDB"),
        ("warehouse/bucket.py", "import duckdb", "Only warehouse.duck opens DuckDB"),
        ("warehouse/cli/__init__.py", "import sqlite3", "Only warehouse.manifest opens SQLite"),
    ],
)
def test_a_module_that_breaks_a_contract_is_named(house: Path, module: str, line: str, contract: str):
    with (house / module).open("a", encoding="utf-8") as file:
        file.write(f"\n{line}\n")
    result = lint(house)
    assert result.returncode == 1
    assert f"{contract} BROKEN" in result.stdout
    assert "4 kept, 1 broken" in result.stdout
    name = module.removesuffix(".py").removesuffix("/__init__").replace("/", ".")
    assert f"{name} -> " in result.stdout
