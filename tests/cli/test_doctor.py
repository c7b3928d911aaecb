"""`warehouse doctor`: each thing that can be wrong is found, named and comes with what to mend."""

from __future__ import annotations

import json
import sqlite3
import threading
from collections.abc import Iterator
from contextlib import closing, contextmanager
from datetime import UTC, datetime, timedelta
from email.utils import format_datetime
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

import pytest

from tests.cli.conftest import Cli, put_sample
from warehouse import doctor
from warehouse.bucket import Bucket
from warehouse.settings import Settings, load

Sample = tuple[Settings, Bucket]
SECRET = "a-wrong-secret-that-nobody-may-see"


def report(cli: Cli, **variables: str) -> tuple[int, dict[str, dict[str, Any]]]:
    """The exit code and the checks by name."""
    done = cli("doctor", "--json", **variables)
    assert done.stderr == ""
    found = json.loads(done.stdout)
    assert found["healthy"] == (done.returncode == 0)
    return done.returncode, {check["name"]: check for check in found["checks"]}


def test_a_synced_warehouse_is_healthy(synced: Cli) -> None:
    code, checks = report(synced)
    assert code == 0
    assert {name: check["outcome"] for name, check in checks.items()} == {
        "settings": "ok",
        "credentials": "ok",
        "clock": "ok",
        "bucket": "ok",
        "disk": "ok",
        "catalog": "ok",
    }
    assert "5 log entries" in checks["catalog"]["detail"]


def test_for_people_each_check_is_one_line(synced: Cli) -> None:
    done = synced("doctor")
    assert done.returncode == 0
    assert [line.split()[:2] for line in done.stdout.splitlines()] == [
        ["ok", name] for name in ("settings", "credentials", "clock", "bucket", "disk", "catalog")
    ]


def test_a_wrong_key_fails_and_is_not_shown(synced: Cli) -> None:
    code, checks = report(synced, R2_SECRET_ACCESS_KEY=SECRET)
    assert code == 1
    assert checks["bucket"]["outcome"] == "fail"
    assert "key pair" in checks["bucket"]["mend"]
    done = synced("doctor", R2_SECRET_ACCESS_KEY=SECRET)
    assert done.returncode == 1
    assert "→ check the key pair" in done.stdout
    assert SECRET not in json.dumps(checks) + done.stdout + done.stderr


def test_a_bucket_that_is_not_there_fails(synced: Cli) -> None:
    code, checks = report(synced, R2_BUCKET_NAME="not-there")
    assert code == 1
    assert "there is no bucket not-there" in checks["bucket"]["detail"]


def test_an_endpoint_that_does_not_answer_fails_without_a_long_wait(synced: Cli) -> None:
    code, checks = report(synced, R2_ENDPOINT="http://127.0.0.1:9")
    assert code == 1
    assert (checks["clock"]["outcome"], checks["bucket"]["outcome"]) == ("skip", "fail")
    assert "R2_ENDPOINT" in checks["bucket"]["mend"]
    assert checks["catalog"]["outcome"] == "ok"


def test_half_a_key_pair_fails_by_name(synced: Cli) -> None:
    code, checks = report(synced, R2_SECRET_ACCESS_KEY="")
    assert code == 1
    assert "R2_SECRET_ACCESS_KEY is not set" in checks["credentials"]["detail"]
    assert (checks["clock"]["outcome"], checks["bucket"]["outcome"]) == ("skip", "skip")


def test_a_wrong_setting_fails_by_name(synced: Cli) -> None:
    code, checks = report(synced, WAREHOUSE_PORT="many")
    assert code == 1
    assert list(checks) == ["settings"]
    assert "WAREHOUSE_PORT" in checks["settings"]["detail"]


def test_without_a_bucket_and_a_demo_it_says_how_to_get_one(bare_cli: Cli) -> None:
    code, checks = report(bare_cli)
    assert code == 1
    assert "R2_BUCKET_NAME is not set" in checks["settings"]["detail"]
    assert "make run" in checks["settings"]["mend"]
    assert checks["bucket"]["outcome"] == "skip"


def test_a_prefix_without_objects_is_a_warning(synced: Cli) -> None:
    code, checks = report(synced, WAREHOUSE_LOG_PREFIX="elsewhere/")
    assert code == 0
    assert checks["bucket"]["outcome"] == "warn"
    assert "WAREHOUSE_LOG_PREFIX" in checks["bucket"]["mend"]


def test_before_the_first_sync_the_catalog_is_a_warning_and_nothing_is_made(
    cli: Cli, bucket: Sample, tmp_path: Path
) -> None:
    put_sample(bucket[1])
    code, checks = report(cli, WAREHOUSE_DATA_DIR=str(tmp_path / "new"))
    assert code == 0
    assert checks["catalog"]["outcome"] == "warn"
    assert "warehouse sync" in checks["catalog"]["mend"]
    assert not (tmp_path / "new").exists()


def synced_files(cli: Cli, bucket: Sample) -> list[Path]:
    put_sample(bucket[1])
    assert cli("sync").returncode == 0
    return sorted((bucket[0].data_dir / "lake" / "logs").glob("**/*.parquet"))


def test_a_missing_parquet_file_is_found(cli: Cli, bucket: Sample) -> None:
    victim = synced_files(cli, bucket)[0]
    victim.unlink()
    code, checks = report(cli)
    assert code == 1
    assert f"{victim.name} is missing" in checks["catalog"]["detail"]
    assert "run `warehouse sync`" in checks["catalog"]["mend"]


def test_a_truncated_parquet_file_is_found(cli: Cli, bucket: Sample) -> None:
    victim = synced_files(cli, bucket)[0]
    victim.write_bytes(victim.read_bytes()[:-100])
    code, checks = report(cli)
    assert code == 1
    assert f"{victim.name} has " in checks["catalog"]["detail"]


def test_a_parquet_file_with_a_damaged_footer_is_found(cli: Cli, bucket: Sample) -> None:
    victim = synced_files(cli, bucket)[0]
    data = bytearray(victim.read_bytes())
    footer = (
        len(data) - 8 - int.from_bytes(data[-8:-4], "little")
    )  # its length stands before the last 4 bytes
    data[footer : footer + 64] = b"\xff" * 64
    victim.write_bytes(data)
    code, checks = report(cli)
    assert code == 1
    assert checks["catalog"]["outcome"] == "fail"


def test_a_file_with_other_entries_than_the_manifest_says_is_found(cli: Cli, bucket: Sample) -> None:
    synced_files(cli, bucket)
    with closing(sqlite3.connect(bucket[0].data_dir / "manifest.sqlite")) as db, db:
        db.execute("UPDATE files SET entries = entries + 1 WHERE \"table\" = 'quarantine'")
    code, checks = report(cli)
    assert code == 1
    assert checks["catalog"]["detail"] == "table quarantine holds 1 entries, the manifest says 2"


def test_a_damaged_manifest_is_found(cli: Cli, bucket: Sample) -> None:
    synced_files(cli, bucket)
    for path in bucket[0].data_dir.glob("manifest.sqlite*"):
        path.write_bytes(b"this is no database, and long enough to look at" * 100)
    code, checks = report(cli)
    assert code == 1
    assert checks["catalog"]["outcome"] == "fail"


def test_a_data_directory_that_is_a_file_fails(synced: Cli, tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    code, checks = report(synced, WAREHOUSE_DATA_DIR=str(tmp_path / "file"))
    assert code == 1
    assert "is not a directory" in checks["disk"]["detail"]
    assert "WAREHOUSE_DATA_DIR" in checks["disk"]["mend"]


def test_an_open_host_without_an_admin_token_is_a_warning(synced: Cli) -> None:
    code, checks = report(synced, WAREHOUSE_HOST="0.0.0.0")
    assert code == 0
    assert checks["settings"]["outcome"] == "warn"
    assert "WAREHOUSE_ADMIN_TOKEN" in checks["settings"]["mend"]


@contextmanager
def server_with_clock(date: str) -> Iterator[str]:
    """A server that refuses every request and sends this Date."""

    class Handler(BaseHTTPRequestHandler):
        def do_HEAD(self) -> None:
            self.send_response_only(403)
            if date:
                self.send_header("Date", date)
            self.end_headers()

        do_GET = do_HEAD

        def log_message(self, *_: object) -> None:
            """Keep the tests' output quiet."""

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.02}, daemon=True)
    thread.start()
    try:
        yield f"http://127.0.0.1:{server.server_port}"
    finally:
        server.shutdown()
        server.server_close()
        thread.join()


@pytest.mark.parametrize(
    ("behind", "outcome", "detail"),
    [
        (timedelta(0), "ok", "within a second"),
        (timedelta(minutes=2), "warn", "s ahead of the server's"),
        (timedelta(minutes=-2), "warn", "s behind the server's"),
        (timedelta(minutes=20), "fail", "s ahead of the server's"),
        (timedelta(minutes=-20), "fail", "s behind the server's"),
    ],
)
def test_the_clock_is_compared_with_the_servers(behind: timedelta, outcome: str, detail: str) -> None:
    date = format_datetime(datetime.now(UTC) - behind, usegmt=True)
    with server_with_clock(date) as endpoint:
        settings = load(
            {
                "R2_BUCKET_NAME": "logs",
                "R2_ENDPOINT": endpoint,
                "R2_ACCESS_KEY_ID": "id",
                "R2_SECRET_ACCESS_KEY": "secret",
            }
        )
        clock = next(check for check in doctor.examine(settings) if check.name == "clock")
    assert clock.outcome == outcome
    assert detail in clock.detail
    assert (clock.mend is None) == (outcome == "ok")


def test_a_full_disk_is_a_failure(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setattr(doctor, "FREE_FAIL_BYTES", 2**62)
    checks = {check.name: check for check in doctor.examine(load({}, data_dir=tmp_path))}
    assert checks["disk"].outcome == "fail"
    assert "warehouse cleanup" in (checks["disk"].mend or "")
