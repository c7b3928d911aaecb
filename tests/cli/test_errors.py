"""Errors: one line on stderr that names what to mend, the right exit code, never a secret."""

from __future__ import annotations

import json
import signal
import socket
import subprocess
from pathlib import Path

import pytest

from tests.cli.conftest import COMMAND, Cli
from tests.credentials.fake_cloudflare import REFUSED, running

SECRET = "s3cr3t-value-that-nobody-may-see"
PAIR = {"R2_ACCESS_KEY_ID": "key-id", "R2_SECRET_ACCESS_KEY": SECRET}
R2 = {"R2_BUCKET_NAME": "logs", "CLOUDFLARE_ACCOUNT_ID": "0123456789abcdef0123456789abcdef"}


@pytest.mark.parametrize(
    ("variables", "named"),
    [
        ({}, "R2_BUCKET_NAME is not set"),
        ({"WAREHOUSE_PORT": "many"}, "WAREHOUSE_PORT"),
        ({"WAREHOUSE_BATCH_MIB": "0"}, "WAREHOUSE_BATCH_MIB"),
        ({"R2_JURISDICTION": "moon"}, "R2_JURISDICTION"),
        ({"R2_BUCKET_NAME": "logs"} | PAIR, "neither R2_ENDPOINT nor CLOUDFLARE_ACCOUNT_ID"),
        (R2, "CLOUDFLARE_API_KEY"),
        (R2 | {"R2_ACCESS_KEY_ID": "key-id"}, "R2_SECRET_ACCESS_KEY is not set"),
        (R2 | {"R2_SECRET_ACCESS_KEY": SECRET}, "R2_ACCESS_KEY_ID is not set"),
        (R2 | PAIR | {"R2_ENDPOINT": f"https://user:{SECRET}@host"}, "R2_ENDPOINT"),
        (R2 | {"CLOUDFLARE_API_KEY": f"{SECRET} with spaces"}, "CLOUDFLARE_API_KEY"),
    ],
)
def test_a_wrong_setting_is_one_line_that_names_it(
    bare_cli: Cli, variables: dict[str, str], named: str
) -> None:
    done = bare_cli("sync", **variables)
    assert done.returncode == 2
    assert done.stdout == ""
    assert done.stderr.startswith("error: A setting is wrong or missing: ")
    assert named in done.stderr
    assert done.stderr.count("\n") == 1
    assert SECRET not in done.stderr


def test_without_a_bucket_sync_tells_of_the_demo(bare_cli: Cli) -> None:
    assert "`make run` starts a demo" in bare_cli("sync").stderr


def test_a_refused_token_fails_with_the_reason_and_without_the_token(bare_cli: Cli) -> None:
    with running() as cloudflare:
        cloudflare.answer("/user/tokens/verify", REFUSED)
        cloudflare.answer(f"/accounts/{R2['CLOUDFLARE_ACCOUNT_ID']}/tokens/verify", REFUSED)
        variables = R2 | {"CLOUDFLARE_API_KEY": SECRET, "CLOUDFLARE_API_BASE_URL": cloudflare.url}
        done = bare_cli("sync", **variables)
        debugged = bare_cli("--debug", "sync", **variables)
    assert done.returncode == 1
    assert done.stderr.startswith("error: The credentials are refused: ")
    assert "Invalid API Token" in done.stderr
    assert "Traceback" not in done.stderr
    assert "Traceback" in debugged.stderr
    assert SECRET not in done.stderr + debugged.stderr + debugged.stdout


def test_a_wrong_secret_is_refused_by_the_server_in_one_line(cli: Cli) -> None:
    done = cli("sync", R2_SECRET_ACCESS_KEY=SECRET)
    assert done.returncode == 1
    assert done.stderr.startswith("error: The credentials are refused: ")
    assert done.stderr.count("\n") == 1
    summary = json.loads(done.stdout)
    assert (summary["status"], summary["objects"], summary["entries"]) == ("failed", 0, 0)
    assert summary["buckets"][0]["error"].startswith("The credentials are refused: ")
    assert SECRET not in done.stderr + done.stdout


def test_a_bucket_that_is_not_there_is_named(cli: Cli) -> None:
    done = cli("sync", R2_BUCKET_NAME="not-there")
    assert done.returncode == 1
    assert "there is no bucket not-there" in done.stderr


def test_a_command_that_reads_makes_no_warehouse(bare_cli: Cli, tmp_path: Path) -> None:
    done = bare_cli("--data-dir", str(tmp_path / "elsewhere"), "status")
    assert done.returncode == 1
    assert f"there is no warehouse in {tmp_path / 'elsewhere'}" in done.stderr
    assert not (tmp_path / "elsewhere").exists()


def test_settings_can_be_listed_and_secrets_show_as_stars(bare_cli: Cli) -> None:
    for options in ([], ["--json"]):
        done = bare_cli("settings", *options, R2_SECRET_ACCESS_KEY=SECRET, WAREHOUSE_ADMIN_TOKEN=SECRET)
        assert done.returncode == 0
        assert "***" in done.stdout
        assert SECRET not in done.stdout + done.stderr


def test_ctrl_c_ends_with_130_and_no_traceback(bare_cli: Cli) -> None:
    # A server that accepts and never answers keeps the command waiting until the signal comes.
    with socket.socket() as silent:
        silent.bind(("127.0.0.1", 0))
        silent.listen()
        endpoint = f"http://127.0.0.1:{silent.getsockname()[1]}"
        process = bare_cli.start("sync", R2_BUCKET_NAME="logs", R2_ENDPOINT=endpoint, **PAIR)
        silent.settimeout(60)
        connection, _ = silent.accept()
        process.send_signal(signal.SIGINT)
        stdout, stderr = process.communicate(timeout=60)
        connection.close()
    assert process.returncode == 130
    assert stdout == ""
    assert "Traceback" not in stderr
    assert "interrupted" in stderr


def test_a_reader_that_goes_away_is_no_error_message(synced: Cli) -> None:
    process = subprocess.Popen(
        [*COMMAND, "sql", "--format", "csv", "SELECT * FROM range(300000)"],
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        env=synced.environment(),
        cwd=synced.cwd,
    )
    assert process.stdout is not None
    assert process.stderr is not None
    assert process.stdout.readline() == b"range\n"
    process.stdout.close()
    stderr = process.stderr.read()
    process.stderr.close()
    assert process.wait(timeout=60) == 141
    assert stderr == b""
