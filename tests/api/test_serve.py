"""The commands `serve` and `run` as processes: start, stop, and what they refuse."""

from __future__ import annotations

import os
import shutil
import signal
import socket
import subprocess
import sys
from pathlib import Path

import httpx
import pytest

from tests.api.conftest import PREFIX
from tests.api.processes import command, environment, of, started
from warehouse.settings import Settings


def test_serve_answers_soon_and_prints_its_addresses(tmp_path: Path) -> None:
    with started("serve", env=environment(WAREHOUSE_DATA_DIR=str(tmp_path))) as (process, address, said):
        assert httpx.get(f"{address}/health").json()["status"] == "ok"
        # Processor time: how long it takes by the clock depends on what else the machine does.
        fields = Path(f"/proc/{process.pid}/stat").read_text().rsplit(")", 1)[1].split()
        assert (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK") <= 2
    assert any(line.startswith("Dashboard ") and f"{address}/_dashboard" in line for line in said)


def test_a_monitor_may_ask_with_head_and_go_on_with_the_connection(tmp_path: Path) -> None:
    with (
        started("serve", env=environment(WAREHOUSE_DATA_DIR=str(tmp_path))) as (process, address, _),
        httpx.Client(base_url=address, headers={"accept-encoding": "identity"}) as monitor,
    ):
        for path in ("/health", "/_dashboard/static/app.js", "/nothing"):
            head, whole = monitor.head(path), monitor.get(path)
            assert head.status_code == whole.status_code
            assert (head.content, len(whole.content)) == (b"", int(head.headers["content-length"]))
        process.send_signal(signal.SIGTERM)
        assert process.wait(15) == 0
        assert process.stderr
        assert "rror" not in process.stderr.read()


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT])
def test_a_stop_signal_ends_it_with_exit_code_0(tmp_path: Path, number: int) -> None:
    with started("serve", env=environment(WAREHOUSE_DATA_DIR=str(tmp_path))) as (process, address, _):
        assert httpx.get(f"{address}/health").status_code == 200
        process.send_signal(number)
        assert process.wait(15) == 0
        assert process.stdout
        assert process.stdout.read() == ""


def test_a_port_in_use_is_one_line_and_exit_code_1(tmp_path: Path) -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = str(taken.getsockname()[1])
        for name in ("serve", "run"):
            done = command(name, "--port", port, env=environment(WAREHOUSE_DATA_DIR=str(tmp_path / name)))
            assert done.returncode == 1
            [line] = done.stderr.splitlines()
            assert f"port {port}" in line
            assert "--port" in line
            # Nothing was made for a server that cannot be reached.
            assert not (tmp_path / name / "embedded").exists()


@pytest.mark.parametrize("name", ["serve", "run"])
def test_an_open_bind_without_a_token_is_refused_with_exit_code_2(tmp_path: Path, name: str) -> None:
    done = command(name, "--host", "0.0.0.0", env=environment(WAREHOUSE_DATA_DIR=str(tmp_path)))
    assert done.returncode == 2
    [line] = done.stderr.splitlines()
    assert "WAREHOUSE_ADMIN_TOKEN" in line
    assert not list(tmp_path.iterdir())


def test_an_address_that_is_not_ours_is_a_wrong_setting(tmp_path: Path) -> None:
    env = environment(WAREHOUSE_DATA_DIR=str(tmp_path), WAREHOUSE_ADMIN_TOKEN="t" * 20)
    done = command("serve", "--host", "192.0.2.1", env=env)
    assert done.returncode == 2
    assert "WAREHOUSE_HOST" in done.stderr


@pytest.mark.parametrize("address", ["", "[]", "a..b"])
def test_an_address_that_is_none_is_a_wrong_setting_in_one_line(tmp_path: Path, address: str) -> None:
    env = environment(WAREHOUSE_DATA_DIR=str(tmp_path), WAREHOUSE_ADMIN_TOKEN="t" * 20)
    done = command("serve", "--host", address, env=env)
    assert done.returncode == 2
    [line] = done.stderr.splitlines()
    assert "WAREHOUSE_HOST" in line
    assert "127.0.0.1" in line


@pytest.mark.parametrize("address", ["::1", "[::1]"])
def test_an_ipv6_address_is_printed_as_a_browser_takes_it(tmp_path: Path, address: str) -> None:
    try:
        socket.create_server(("::1", 0), family=socket.AF_INET6).close()
    except OSError:
        pytest.skip("this machine has no IPv6 loopback")
    env = environment(WAREHOUSE_DATA_DIR=str(tmp_path))
    with started("serve", "--host", address, env=env) as (_, base, _said):
        assert base.startswith("http://[::1]:")
        assert httpx.get(f"{base}/health").status_code == 200


@pytest.mark.parametrize("name", ["serve", "run"])
@pytest.mark.parametrize("damage", ["manifest", "parquet", "directory"])
def test_a_warehouse_that_cannot_be_opened_is_one_line_and_exit_code_1(
    filled: Settings, tmp_path: Path, damage: str, name: str
) -> None:
    data = tmp_path / "data"
    if damage == "directory":
        data.write_text("a file where the data directory should be")
    else:
        shutil.copytree(filled.data_dir, data)
        if damage == "manifest":
            for part in data.glob("manifest.sqlite*"):
                part.unlink()
            (data / "manifest.sqlite").write_bytes(b"no database at all" * 500)
        else:
            for part in data.rglob("*.parquet"):
                part.unlink()
    # `run` syncs first; it finds no bucket here and goes on to serve.
    env = of(filled) | {"WAREHOUSE_DATA_DIR": str(data), "R2_BUCKET_NAME": "there-is-no-such-bucket"}
    done = command(name, "--port", "0", env=env)
    assert done.returncode == 1, done.stderr
    lines = [line for line in done.stderr.splitlines() if "the sync failed" not in line]
    [line] = lines
    assert line.startswith("error: ")
    assert str(data) in line


def test_an_open_bind_with_a_token_asks_for_it(filled: Settings) -> None:
    env = of(filled) | {"WAREHOUSE_ADMIN_TOKEN": "a-long-token"}
    with started("serve", "--host", "0.0.0.0", env=env) as (_, address, _said):
        url = address.replace("0.0.0.0", "127.0.0.1") + f"{PREFIX}/sync"
        assert httpx.post(url).status_code == 401
        allowed = httpx.post(url, headers={"authorization": "Bearer a-long-token"}, timeout=60)
        assert allowed.json()["synced"] is True


def test_run_syncs_a_configured_bucket_and_serves_it(filled: Settings, tmp_path: Path) -> None:
    with started("run", env=of(filled) | {"WAREHOUSE_DATA_DIR": str(tmp_path)}) as (process, address, said):
        stats = httpx.get(f"{address}{PREFIX}/logs/stats").json()
        assert stats["totalEntries"] == 3_000
        assert any(line.startswith("Synced s3://") and "3,000 entries" in line for line in said)
        process.send_signal(signal.SIGTERM)
        assert process.wait(15) == 0


def test_run_tells_a_failing_sync_and_serves_what_is_there(filled: Settings) -> None:
    env = of(filled) | {"R2_BUCKET_NAME": "there-is-no-such-bucket"}
    with started("run", env=env) as (_, address, said):
        assert any("the sync failed" in line and "there-is-no-such-bucket" in line for line in said)
        assert httpx.get(f"{address}{PREFIX}/logs/stats").json()["totalEntries"] == 3_000


def test_run_without_a_bucket_serves_the_demo_and_stops_its_store(tmp_path: Path) -> None:
    env = environment(WAREHOUSE_DATA_DIR=str(tmp_path))
    made = command("demo", "--entries", "400", "--days", "1", env=env)
    assert made.returncode == 0, made.stderr
    with started("run", env=env) as (process, address, said):
        assert any("starting the demo" in line for line in said)
        assert httpx.get(f"{address}{PREFIX}/logs/stats").json()["totalEntries"] == 400
        assert httpx.post(f"{address}{PREFIX}/sync", timeout=60).json()["objects"] == 0
        process.send_signal(signal.SIGTERM)
        assert process.wait(30) == 0


def test_a_fault_is_one_line_of_json_on_stderr(filled: Settings, tmp_path: Path) -> None:
    env = of(filled) | {"R2_BUCKET_NAME": "there-is-no-such-bucket", "WAREHOUSE_DATA_DIR": str(tmp_path)}
    with started("serve", env=env) as (process, address, _said):
        assert httpx.post(f"{address}{PREFIX}/sync", timeout=60).status_code == 502
        process.send_signal(signal.SIGTERM)
        process.wait(15)
        assert process.stderr
        lines = process.stderr.read().splitlines()
    [line] = [each for each in lines if each.startswith("{")]
    assert '"requestId":"' in line
    assert filled.secret_access_key is not None
    assert filled.secret_access_key not in line


@pytest.mark.parametrize("name", ["serve", "run"])
def test_help_shows_examples(name: str) -> None:
    done = command(name, "--help", env=environment())
    assert done.returncode == 0
    assert "Examples:\n  " in done.stdout
    assert "--port" in done.stdout


def test_the_command_line_imports_nothing_heavy_for_its_help() -> None:
    heavy = ["litestar", "duckdb", "pyarrow", "boto3", "numpy", "uvicorn", "rich"]
    script = (
        "import sys; from api.main import main; code = main(['--help']);"
        f" sys.exit(str([name for name in {heavy} if name in sys.modules]) if code == 0 else 'failed')"
    )
    call = [sys.executable, "-c", script]
    done = subprocess.run(call, check=False, env=environment(), capture_output=True, text=True)
    assert done.stderr.strip() == "[]"
    assert "serve" in done.stdout
