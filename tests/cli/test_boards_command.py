"""`warehouse boards`: listed, exported, changed as JSON, imported, forgotten."""

from __future__ import annotations

import json
from pathlib import Path

from tests.cli.conftest import Cli, log_object
from warehouse.bucket import Bucket
from warehouse.settings import Settings

Sample = tuple[Settings, Bucket]


def test_a_board_goes_out_and_comes_back(cli: Cli, bucket: Sample, tmp_path: Path) -> None:
    bucket[1].put("logs/1767268800000.jsonl.gz", log_object({"timestamp": 1767268800000, "level": "info"}))
    cli("sync")
    assert [line.split()[0] for line in cli("boards", "list").stdout.splitlines()[2:]] == [
        "registry", "faults", "installs",
    ]  # fmt: skip

    board = json.loads(cli("boards", "export", "registry").stdout)
    board["title"] = "Ours"
    file = tmp_path / "board.json"
    file.write_text(json.dumps(board))
    taken = cli("boards", "import", str(file))
    assert taken.returncode == 1
    assert "there is a board registry already (take another id, or replace it)" in taken.stderr
    kept = cli("boards", "import", str(file), "--replace")
    assert kept.stdout == f"Kept registry with {len(board['panels'])} panels.\n"
    listed = json.loads(cli("boards", "list", "--json").stdout)["boards"]
    assert {each["id"]: (each["title"], each["origin"]) for each in listed}["registry"] == ("Ours", "changed")

    assert cli("boards", "delete", "registry").stdout == "Forgot registry.\n"
    assert json.loads(cli("boards", "export", "registry").stdout)["title"] == "Registry at a glance"

    board["panels"][0]["source"] = "nothing"
    file.write_text(json.dumps(board))
    refused = cli("boards", "import", str(file), "--replace")
    assert refused.returncode == 2
    assert "panels[0].source: there is no 'nothing', but activity" in refused.stderr
