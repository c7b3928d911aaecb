"""docs/deploy: the unit and the image can be used as they are, and name nothing that is not there."""

from __future__ import annotations

import fnmatch
import json
import os
import re
import shlex
import shutil
import signal
import socket
import subprocess
import sys
import sysconfig
import time
import tomllib
import venv
from pathlib import Path

import click
import pytest

from api.main import cli
from warehouse import settings as config
from warehouse.settings import table

ROOT = Path(__file__).resolve().parents[2]
DEPLOY = ROOT / "docs/deploy"
UNIT = DEPLOY / "r2-warehouse.service"
SYSTEMD = shutil.which("systemd-analyze")
needs_systemd = pytest.mark.skipif(SYSTEMD is None, reason="systemd-analyze is not there")

VARIABLES = {name for info in table() for name in info.env} | {"WAREHOUSE_CONFIG"}
SECRET = {name for info in table() if info.secret for name in info.env}


def unit_values(key: str) -> list[str]:
    """The values of a key of the unit, in their order."""
    return [line.split("=", 1)[1] for line in UNIT.read_text().splitlines() if line.startswith(f"{key}=")]


def instructions() -> list[tuple[str, str]]:
    """The instructions of the Containerfile, comments and line breaks aside."""
    text = re.sub(r"^\s*#.*\n", "", (DEPLOY / "Containerfile").read_text(), flags=re.MULTILINE)
    lines = re.sub(r"\\\n\s*", " ", text).splitlines()
    return [(word, rest.strip()) for word, _, rest in (line.partition(" ") for line in lines if line.strip())]


def of(word: str) -> list[str]:
    return [rest for name, rest in instructions() if name == word]


def copied() -> list[str]:
    """What the image takes from the checkout."""
    return [source for rest in of("COPY") if "--from" not in rest for source in rest.split()[:-1]]


def image_environment() -> dict[str, str]:
    return dict(part.split("=", 1) for part in shlex.split(of("ENV")[0]))


@pytest.fixture
def unit(tmp_path: Path) -> Path:
    """The unit with a program that is there in place of the installed one."""
    program = tmp_path / "warehouse"
    program.write_text("#!/bin/sh\n")
    program.chmod(0o755)
    text = UNIT.read_text().replace("/opt/r2-warehouse/bin/warehouse", str(program))
    (tmp_path / UNIT.name).write_text(text)
    return tmp_path / UNIT.name


@needs_systemd
def test_systemd_finds_nothing_wrong_with_the_unit(unit: Path) -> None:
    done = subprocess.run(
        [str(SYSTEMD), "verify", "--man=no", str(unit)], capture_output=True, text=True, check=False
    )
    assert (done.returncode, done.stdout + done.stderr) == (0, "")


@needs_systemd
def test_the_unit_is_little_exposed(unit: Path) -> None:
    done = subprocess.run(
        [str(SYSTEMD), "security", "--offline=true", "--threshold=20", "--no-pager", str(unit)],
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stdout.splitlines()[-1]
    [exposure] = re.findall(r"exposure level for \S+: ([0-9.]+)", done.stdout)
    assert f"at {exposure} of 10" in (DEPLOY / "README.md").read_text()


def test_every_variable_that_is_named_is_a_setting() -> None:
    named = {
        name
        for path in DEPLOY.iterdir()
        for name in re.findall(r"\b(?:WAREHOUSE|R2|CLOUDFLARE|AWS)_[A-Z_]+\b", path.read_text())
    }
    assert {"WAREHOUSE_DATA_DIR", "WAREHOUSE_CONFIG", "WAREHOUSE_PORT"} <= named
    assert named <= VARIABLES


def test_every_command_that_is_named_is_there() -> None:
    called = {command for text in unit_values("ExecStart") for command in text.split()[1:]}
    called |= set(json.loads(of("CMD")[0]))
    pattern = re.compile(r"(?:bin/warehouse|`warehouse|r2-warehouse warehouse)(?: --[a-z-]+ \S+)* ([a-z]+)")
    for path in DEPLOY.iterdir():
        called |= set(pattern.findall(path.read_text()))
    assert {"serve", "status", "doctor", "rebuild"} <= called
    assert {name for name in called if cli.get_command(click.Context(cli), name) is None} == set()


def test_the_settings_file_is_taken_as_it_is(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in VARIABLES:
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv("WAREHOUSE_CONFIG", str(DEPLOY / "warehouse.toml"))
    loaded = config.load()
    written = tomllib.loads((DEPLOY / "warehouse.toml").read_text())["warehouse"]
    assert {name: getattr(loaded, name) for name in written} == written
    from warehouse.unattended.plan import planned

    assert planned(loaded) is not None


def test_no_secret_is_in_the_environment_of_the_unit_or_in_a_layer() -> None:
    names = {value.split("=")[0] for value in unit_values("Environment")} | set(image_environment())
    assert "WAREHOUSE_DATA_DIR" in names
    assert names & SECRET == set()
    assert of("ARG") == []
    assert unit_values("LoadCredential") == ["warehouse.toml:/etc/r2-warehouse/warehouse.toml"]


def test_the_image_is_that_of_a_python_that_is_supported_and_runs_as_nobody_special() -> None:
    images = {rest.split()[0] for rest in of("FROM")}
    assert len(images) == 1
    found = re.fullmatch(r"python:3\.(\d+)-slim", images.pop())
    assert found is not None
    assert 11 <= int(found[1]) <= 13
    user = [rest for name, rest in instructions() if name in ("USER", "FROM")][-1]
    assert re.fullmatch(r"[1-9]\d*:[1-9]\d*", user)
    last = [name for name, _ in instructions()]
    assert last.index("USER") > len(last) - 1 - last[::-1].index("RUN"), "nothing is run after it"


def test_the_build_sees_what_it_copies_and_nothing_else() -> None:
    rules = [
        line for line in (DEPLOY / "containerignore").read_text().splitlines() if line and line[0] != "#"
    ]
    assert rules[0] == "*"
    seen = {rule[1:] for rule in rules if rule.startswith("!")}
    assert seen == set(copied())
    assert [name for name in copied() if not (ROOT / name).exists()] == []
    for private in ("data", ".env", "warehouse.toml", ".git", ".venv"):
        assert not any(fnmatch.fnmatch(private, name) for name in seen)


@pytest.fixture(scope="module")
def built(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """What the image has at the end: its build, with the files that it copies, in a fresh environment.

    The packages of the lock are those of the running environment: downloading them again is no test of ours.
    """
    home = tmp_path_factory.mktemp("image")
    source = home / "src"
    source.mkdir()
    for name in copied():
        if (ROOT / name).is_dir():
            shutil.copytree(ROOT / name, source / name, ignore=shutil.ignore_patterns("__pycache__"))
        else:
            shutil.copy(ROOT / name, source / name)
    venv.create(home / "opt", with_pip=False)
    site = next((home / "opt/lib").glob("python3*/site-packages"))
    (site / "dependencies.pth").write_text(sysconfig.get_path("purelib") + "\n")
    steps = [rest for rest in of("RUN") if "pip install" in rest]
    assert [("--require-hashes -r requirements.lock" in step, "--no-deps" in step) for step in steps] == [
        (True, False),
        (False, True),
    ]
    step = shlex.split(steps[1].replace("/opt/r2-warehouse", str(home / "opt")))
    # A fresh environment of the image has nothing of ours to begin with; this one sees the checkout's.
    subprocess.run(
        [*step, "--no-index", "--force-reinstall", "--ignore-installed"],
        cwd=source,
        check=True,
        capture_output=True,
    )
    shutil.rmtree(source)
    return home / "opt/bin"


def test_what_is_installed_offers_its_commands(built: Path, tmp_path: Path) -> None:
    [entry] = json.loads(of("ENTRYPOINT")[0])
    done = subprocess.run(
        [built / entry, "--help"], cwd=tmp_path, capture_output=True, text=True, check=False
    )
    assert done.returncode == 0
    assert "\n  serve " in done.stdout


@pytest.fixture
def container(built: Path, tmp_path: Path) -> tuple[dict[str, str], list[str]]:
    """The environment and the command of the image, with a data directory and a port that are free."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    kept = {name: value for name, value in os.environ.items() if name not in VARIABLES}
    environment = (
        kept | image_environment() | {"WAREHOUSE_DATA_DIR": str(tmp_path), "WAREHOUSE_PORT": str(port)}
    )
    environment["PATH"] = f"{built}:{os.environ['PATH']}"
    [entry] = json.loads(of("ENTRYPOINT")[0])
    return environment, [str(built / entry), *json.loads(of("CMD")[0])]


def test_the_image_serves_is_healthy_and_stops_cleanly(
    container: tuple[dict[str, str], list[str]], tmp_path: Path
) -> None:
    environment, command = container
    check = json.loads(of("HEALTHCHECK")[0].split("CMD ")[1])
    assert check[0] == "python"
    environment["WAREHOUSE_ADMIN_TOKEN"] = "a-token-of-the-test"
    server = subprocess.Popen(command, env=environment, cwd=tmp_path, stderr=subprocess.PIPE, text=True)
    try:
        deadline = time.monotonic() + 60
        while (
            code := subprocess.run(
                [sys.executable, *check[1:]], env=environment, capture_output=True, check=False
            ).returncode
        ) and time.monotonic() < deadline:
            assert server.poll() is None
        assert code == 0
        server.send_signal(getattr(signal, of("STOPSIGNAL")[0]))
        assert server.wait(30) == 0
    finally:
        server.kill()
        server.communicate()
    assert subprocess.run(
        [sys.executable, *check[1:]], env=environment, capture_output=True, check=False
    ).returncode


def test_without_a_token_the_image_says_that_it_needs_one(
    container: tuple[dict[str, str], list[str]], tmp_path: Path
) -> None:
    environment, command = container
    done = subprocess.run(
        command, env=environment, cwd=tmp_path, capture_output=True, text=True, timeout=60, check=False
    )
    assert done.returncode == 2
    assert "WAREHOUSE_ADMIN_TOKEN" in done.stderr
