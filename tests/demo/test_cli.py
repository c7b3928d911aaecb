"""The command `warehouse demo`."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from click.testing import CliRunner

from warehouse import demo, settings
from warehouse.bucket import Bucket
from warehouse.demo.cli import demo as command
from warehouse.embedded import demo_store
from warehouse.errors import BadRequestError

SMALL = ["--entries", "120", "--days", "0.2", "--end", "2026-03-05T12:00:00Z"]


@pytest.fixture
def own_bucket(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Settings that name a real bucket which nobody answers for, and a fresh data directory."""
    monkeypatch.setenv("WAREHOUSE_DATA_DIR", str(tmp_path / "data"))
    monkeypatch.setenv("R2_BUCKET_NAME", "my-own")
    monkeypatch.setenv("R2_ENDPOINT", "http://127.0.0.1:9")
    monkeypatch.setenv("R2_ACCESS_KEY_ID", "KEY")
    monkeypatch.setenv("R2_SECRET_ACCESS_KEY", "a secret")
    return tmp_path / "data"


def test_it_fills_the_embedded_store_even_when_a_bucket_is_configured(own_bucket: Path) -> None:
    result = CliRunner().invoke(command, [*SMALL, "--json"], catch_exceptions=False)
    summary = json.loads(result.stdout)
    assert (summary["entries"], summary["malformed"], summary["end"]) == (120, 25, "2026-03-05T12:00:00Z")
    with demo_store(settings.load()) as store:
        assert store.data_dir == own_bucket
        bucket = Bucket(store)
        assert sum(1 for _ in bucket.list("logs/")) == summary["objects"]

        with pytest.raises(BadRequestError, match="--fresh"):
            CliRunner().invoke(command, SMALL, catch_exceptions=False)
        CliRunner().invoke(command, [*SMALL, "--fresh", "--seed", "9"], catch_exceptions=False)
        replaced = demo.filled(bucket)
        assert replaced is not None
        assert replaced.seed == 9
        assert sum(1 for _ in bucket.list("logs/")) == replaced.objects


def test_it_writes_files_without_starting_a_server(own_bucket: Path, tmp_path: Path) -> None:
    result = CliRunner().invoke(command, [*SMALL, "--to", str(tmp_path / "out")], catch_exceptions=False)
    assert result.exit_code == 0
    assert result.stdout.startswith("120 entries and 25 malformed lines in ")
    assert result.stdout.rstrip().endswith(str(tmp_path / "out"))
    assert list((tmp_path / "out" / "logs").rglob("*.jsonl.gz"))
    assert not own_bucket.exists()


def test_fresh_and_to_do_not_go_together(tmp_path: Path) -> None:
    result = CliRunner().invoke(command, ["--fresh", "--to", str(tmp_path)])
    assert result.exit_code == 2
    assert "--fresh goes with the embedded store" in result.stderr


def test_an_end_that_is_no_time_is_refused() -> None:
    result = CliRunner().invoke(command, ["--end", "yesterday"])
    assert result.exit_code == 2
    assert "2026-01-05T12:00:00Z" in result.stderr


def test_the_help_shows_examples() -> None:
    assert "warehouse demo --to ./sample" in CliRunner().invoke(command, ["--help"]).stdout
