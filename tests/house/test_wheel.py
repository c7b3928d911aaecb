"""The built wheel is whole: installed away from the checkout it has its code, queries and commands."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import sysconfig
import venv
import zipfile
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]


def run(*command: str | Path, cwd: Path, check: bool = True) -> subprocess.CompletedProcess[str]:
    """Run a command in an environment that says nothing about the checkout or about a bucket."""
    kept = {name: os.environ[name] for name in ("PATH", "HOME", "LANG") if name in os.environ}
    result = subprocess.run(
        [str(part) for part in command], cwd=cwd, env=kept, capture_output=True, text=True, check=False
    )
    assert not check or result.returncode == 0, result.stdout + result.stderr
    return result


@pytest.fixture(scope="module")
def wheel(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The wheel, built from this checkout."""
    out = tmp_path_factory.mktemp("dist")
    run(sys.executable, "-m", "hatchling", "build", "-t", "wheel", "-d", out, cwd=ROOT)
    (built,) = out.glob("*.whl")
    return built


@pytest.fixture(scope="module")
def installed(wheel: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A fresh environment with the wheel in it.

    Its dependencies are those of the running environment, put on its path by a .pth file. Such a folder's
    own .pth files are not read, so the checkout's editable install stays out.
    """
    home = tmp_path_factory.mktemp("fresh")
    venv.create(home, with_pip=False)
    site = Path(
        run(
            home / "bin/python", "-c", "import site; print(site.getsitepackages()[0])", cwd=home
        ).stdout.strip()
    )
    (site / "dependencies.pth").write_text(sysconfig.get_path("purelib") + "\n", encoding="utf-8")
    run(
        *(home / "bin/python", "-m", "pip", "install", "--quiet", "--no-deps", "--no-index"),
        *("--force-reinstall", "--ignore-installed", "--no-warn-script-location", wheel),
        cwd=home,
    )
    return home


def test_the_wheel_holds_every_query_and_every_file_of_the_packages(wheel: Path):
    inside = set(zipfile.ZipFile(wheel).namelist())
    queries = {f"warehouse/{path.relative_to(ROOT)}" for path in (ROOT / "sql").rglob("*.sql")}
    tracked = run("git", "ls-files", "warehouse", "api", cwd=ROOT).stdout.splitlines()
    present = {name for name in tracked if (ROOT / name).is_file()}
    assert len(queries) > 20
    assert queries <= inside
    assert present <= inside


def test_the_wheel_holds_no_test_and_no_data(wheel: Path):
    tops = {name.split("/")[0] for name in zipfile.ZipFile(wheel).namelist()}
    assert {top for top in tops if not top.endswith(".dist-info")} == {"warehouse", "api"}


def test_an_installed_wheel_finds_its_own_code_and_queries(installed: Path):
    script = (
        "import json, warehouse, api, warehouse.sqlfiles as s;"
        "print(json.dumps([warehouse.__file__, api.__file__, str(s.root()), s.names('endpoints')]))"
    )
    answer = run(installed / "bin/python", "-c", script, cwd=installed).stdout
    code, api, queries, names = json.loads(answer)
    for found in (code, api, queries):
        assert Path(found).is_relative_to(installed)
    assert set(names) == {path.stem for path in (ROOT / "sql/endpoints").glob("*.sql")}


def test_an_installed_wheel_offers_every_command(installed: Path):
    usage = run(installed / "bin/warehouse", "--help", cwd=installed).stdout
    assert usage.startswith("Usage: warehouse")
    for command in ("sync", "serve", "run", "status", "sql", "doctor", "cleanup", "demo"):
        assert f"\n  {command} " in usage


def test_an_installed_wheel_reads_a_warehouse_with_its_own_queries(installed: Path, tmp_path: Path):
    before = run(installed / "bin/warehouse", "status", cwd=tmp_path, check=False)
    assert before.returncode == 1
    assert "there is no warehouse in data" in before.stderr

    make = "from warehouse.manifest import Manifest; from pathlib import Path; Manifest(Path('data')).close()"
    (tmp_path / "data").mkdir()
    run(installed / "bin/python", "-c", make, cwd=tmp_path)
    status = json.loads(run(installed / "bin/warehouse", "status", "--json", cwd=tmp_path).stdout)
    assert status["entries"] == 0
    rows = run(installed / "bin/warehouse", "sql", "--json", "SELECT count(*) AS n FROM logs", cwd=tmp_path)
    assert json.loads(rows.stdout) == [{"n": 0}]


def test_the_version_of_the_wheel_is_the_packages_own(wheel: Path, installed: Path):
    script = (
        "import warehouse, importlib.metadata as m; print(warehouse.__version__, m.version('r2-warehouse'))"
    )
    own, recorded = run(installed / "bin/python", "-c", script, cwd=installed).stdout.split()
    assert own == recorded == wheel.name.split("-")[1]
