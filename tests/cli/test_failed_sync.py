"""A sync that fails half-way says what it kept: on stdout, in the error, in `status` and in `runs`."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from tests.cli.conftest import variables_of
from tests.faults.proxy import FaultyProxy, Rule, refused
from tests.sync.support import DAY, lines, text
from warehouse.bucket import Bucket
from warehouse.cli.runner import main
from warehouse.settings import Settings

Run = Callable[..., tuple[int, str, str]]
KEPT = "2 objects, 20 entries mirrored before the failure; the next sync goes on from there"


@pytest.fixture
def halfway(
    bucket: tuple[Settings, Bucket],
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
    tmp_path: Path,
) -> Iterator[Run]:
    """Runs commands on a bucket of five objects, of which the server refuses the last three, twice."""
    settings, store = bucket
    for number in range(5):
        store.put(f"logs/{number}.jsonl", text(lines(10, DAY, tag=f"o{number}")))
    rules = [Rule(refused(403, "AccessDenied"), f"logs/{number}.jsonl", times=2) for number in (2, 3, 4)]
    with FaultyProxy(store.endpoint, *rules) as proxy:
        for name, value in (variables_of(settings) | {"R2_ENDPOINT": proxy.endpoint}).items():
            monkeypatch.setenv(name, value)
        monkeypatch.setenv("WAREHOUSE_FETCH_THREADS", "1")
        monkeypatch.chdir(tmp_path)
        monkeypatch.setattr("warehouse.sync._CHUNK_OBJECTS", 2)

        def run(*arguments: str) -> tuple[int, str, str]:
            code = main(arguments)
            told = capsys.readouterr()
            return code, told.out, told.err

        yield run


def test_its_summary_and_its_error_tell_what_stays(halfway: Run) -> None:
    code, out, err = halfway("sync")
    assert code == 1
    summary = json.loads(out)
    assert (summary["status"], summary["objects"], summary["entries"]) == ("failed", 2, 20)
    (outcome,) = summary["buckets"]
    assert (outcome["status"], outcome["objects"], outcome["entries"]) == ("failed", 2, 20)
    assert "cannot get logs/2.jsonl" in outcome["error"]
    assert outcome["kept"] == KEPT
    assert err.startswith("error: The credentials are refused: cannot get logs/2.jsonl")
    assert err.endswith(f"; {KEPT}\n")
    assert err.count("\n") == 1


def test_status_and_runs_tell_it_too_until_the_next_sync_has_gone_on(halfway: Run) -> None:
    halfway("sync")
    shown = halfway("status")[1]
    assert f"; {KEPT} (The credentials are refused: cannot get logs/2.jsonl" in shown
    last = json.loads(halfway("status", "--json")[1])["lastRun"]
    assert (last["status"], last["objects"], last["entries"]) == ("failed", 2, 20)
    assert KEPT in halfway("runs")[1]
    # The rules refuse the objects once more: nothing new came, so nothing is said to stay.
    again = halfway("sync")
    assert again[0] == 1
    assert "mirrored before the failure" not in again[2]
    code, out, _ = halfway("sync")
    summary = json.loads(out)
    assert (code, summary["objects"], summary["entries"]) == (0, 3, 30)
    assert "before the failure" not in halfway("status")[1]


def test_a_commit_that_fails_does_not_count(halfway: Run, monkeypatch: pytest.MonkeyPatch) -> None:
    from warehouse.errors import UnavailableError
    from warehouse.manifest import Manifest

    commit, commits = Manifest.commit, []

    def failing(self: Manifest, **what: object) -> None:
        commits.append(what)
        if len(commits) == 1:
            raise UnavailableError("the disk is full")
        commit(self, **what)  # type: ignore[arg-type]

    monkeypatch.setattr(Manifest, "commit", failing)
    code, out, err = halfway("sync")
    assert (code, json.loads(out)["objects"], json.loads(out)["entries"]) == (1, 0, 0)
    assert err == "error: Something that is needed is not available: the disk is full\n"
    last = json.loads(halfway("status", "--json")[1])["lastRun"]
    assert (last["status"], last["objects"], last["entries"]) == ("failed", 0, 0)
