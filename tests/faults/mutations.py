"""Is each defence tested? `python -m tests.faults.mutations [NAME …]` removes them, one at a time.

Each defence is taken out of a copy of the tree, and the tests that stand for it must fail there. Ends with 1
when one survives. `test_mutations.py` sees to it that what is replaced is still there.
"""

from __future__ import annotations

import argparse
import os
import shutil
import subprocess
import sys
import tempfile
from pathlib import Path

import click
from msgspec import Struct

ROOT = Path(__file__).parents[2]


class Mutation(Struct, frozen=True):
    """A defence: what of which files is replaced by what, and the tests that fail without it."""

    name: str
    tests: tuple[str, ...]
    changes: tuple[tuple[str, str, str], ...]


MUTATIONS = (
    Mutation(
        "one writer at a time",
        ("tests/sync/test_failures.py::test_of_two_writers_at_once_one_wins_and_the_other_is_told",),
        (("warehouse/lock.py", "fcntl.LOCK_EX | fcntl.LOCK_NB", "fcntl.LOCK_SH | fcntl.LOCK_NB"),),
    ),
    Mutation(
        "objects, files and rollups in one transaction",
        ("tests/sync/test_kill.py::test_a_sync_killed_at_random_moments_loses_and_doubles_nothing",),
        (
            (
                "warehouse/commit.py",
                "objects=objects, add=change.add, remove=change.remove, state=state, run=self._run\n",
                "objects=objects\n        )\n"
                "        __import__('time').sleep(0.2)\n"
                "        self._manifest.commit(\n"
                "            add=change.add, remove=change.remove, state=state, run=self._run\n",
            ),
        ),
    ),
    Mutation(
        "leftovers of killed runs are swept",
        ("tests/sync/test_failures.py::test_leftovers_of_a_failure_are_swept_at_the_next_start",),
        (("warehouse/lake.py", "        for path in leftovers:\n", "        for path in leftovers[:0]:\n"),),
    ),
    Mutation(
        "what a reader reads is not swept",
        ("tests/sync/test_readers.py",),
        (("warehouse/lake.py", "min(now_us(), reader or now_us())", "now_us()"),),
    ),
    Mutation(
        "a killed reader keeps nothing",
        ("tests/sync/test_readers.py::test_a_reader_that_was_killed_keeps_nothing",),
        (
            (
                "warehouse/readers.py",
                "            fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)\n",
                "            raise OSError\n",
            ),
        ),
    ),
    Mutation(
        "an object that the bucket does not give does not keep the others",
        (
            "tests/faults/test_network.py::test_an_object_that_the_bucket_does_not_give_is_told_and_does_not_keep_the_others",
        ),
        (("warehouse/ingest/pipeline.py", "_MOST_FAILURES = 3", "_MOST_FAILURES = 1"),),
    ),
    Mutation(
        "the only copy of entries stays in the bucket",
        ("tests/sync/test_cleanup.py::test_the_only_copy_of_entries_stays_in_the_bucket",),
        (("warehouse/housekeeping/bucket_cleanup.py", "    if with_rows:\n", "    if held is not None:\n"),),
    ),
    Mutation(
        "an object leaves no bucket while its rows are damaged",
        ("tests/sync/test_cleanup.py::test_objects_whose_rows_lie_in_a_damaged_file_stay_in_the_bucket",),
        (("warehouse/housekeeping/bucket_cleanup.py", "    work.lake.require_sound(files)\n", ""),),
    ),
    Mutation(
        "what is damaged is not compacted",
        ("tests/housekeeping/test_compact.py::test_a_file_with_a_changed_byte_is_not_made_a_good_one",),
        (("warehouse/housekeeping/compact.py", "    work.lake.require_sound(files)\n", ""),),
    ),
    Mutation(
        "a full disk is told as such",
        ("tests/sync/test_full_disk.py",),
        (("warehouse/lake.py", "except (duck.IOError, OSError) as error:", "except KeyError as error:"),),
    ),
    Mutation(
        "what a failed chunk wrote is removed",
        (
            "tests/ingest/test_pipeline.py",
            "tests/faults/test_machine.py::test_a_disk_that_fills_up_during_a_sync_costs_nothing",
        ),
        (
            (
                "warehouse/ingest/pipeline.py",
                "        except IntegrityError:\n            self._lake.discard(files)\n",
                "        except IntegrityError:\n",
            ),
        ),
    ),
    Mutation(
        "faults that may pass are asked again",
        ("tests/faults/test_network.py::test_a_fault_that_passes_costs_nothing_but_another_attempt",),
        (("warehouse/backoff.py", "ATTEMPTS = 6\n", "ATTEMPTS = 1\n"),),
    ),
    Mutation(
        "pauses grow",
        ("tests/faults/test_backoff.py::test_the_pauses_of_a_burst_of_faults_grow",),
        (
            (
                "warehouse/backoff.py",
                "tenacity.wait_random_exponential(multiplier=FIRST_PAUSE, max=LONGEST_PAUSE)(state)",
                "0.0",
            ),
        ),
    ),
    Mutation(
        "Retry-After is heeded",
        ("tests/faults/test_backoff.py::test_retry_after_is_respected",),
        (
            (
                "warehouse/backoff.py",
                "self._not_before = max(self._not_before, time.monotonic() + failure.retry_after)",
                "pass",
            ),
            (
                "warehouse/backoff.py",
                " + ((failure.retry_after or 0.0) if failure is not None else 0.0)",
                "",
            ),
        ),
    ),
    Mutation(
        "a body has the size that was listed",
        (
            "tests/sync/test_fetcher.py",
            "tests/faults/test_network.py::test_a_fault_that_passes_costs_nothing_but_another_attempt",
        ),
        (
            (
                "warehouse/fetcher.py",
                "            or len(body) != (span[1] - span[0] if span else info.size)\n",
                "",
            ),
            ("warehouse/bucket.py", "if len(body) < (span[1] - span[0] if span else size):", "if False:"),
            ("warehouse/checksum.py", "        return not same\n", "        return False\n"),
        ),
    ),
    Mutation(
        "a body is what its ETag says",
        ("tests/faults/test_network.py::test_a_fault_that_passes_costs_nothing_but_another_attempt",),
        (("warehouse/checksum.py", "        return not same\n", "        return False\n"),),
    ),
    Mutation(
        "an object that changed since it was listed is not taken",
        ("tests/sync/test_fetcher.py",),
        (
            (
                "warehouse/fetcher.py",
                """options: Any = {"if_match": f'"{info.etag}"'}""",
                "options: Any = {}",
            ),
            (
                "warehouse/fetcher.py",
                """same = (answer.meta["e_tag"] or "").strip('"') == info.etag""",
                "same = True",
            ),
        ),
    ),
    Mutation(
        "a stalled answer is given up",
        (
            "tests/faults/test_machine.py::test_an_answer_that_stalls_is_asked_for_again_and_one_that_always_does_is_told",
        ),
        (
            ("warehouse/bucket.py", "read_timeout=READ_TIMEOUT", "read_timeout=60"),
            ("warehouse/fetcher.py", "timedelta(seconds=s3.READ_TIMEOUT)", "timedelta(seconds=60)"),
        ),
    ),
    Mutation(
        "gzip data that end early are a fault",
        ("tests/ingest/test_lines.py", "tests/lossless/test_objects.py"),
        (
            (
                "warehouse/ingest/lines.py",
                "    if not member.eof:\n        raise",
                "    if False:\n        raise",
            ),
        ),
    ),
    Mutation(
        "a line that is too long for memory is cut",
        ("tests/ingest/test_lines.py",),
        (("warehouse/ingest/longlines.py", "LONGEST - size", "1 << 60"),),
    ),
    Mutation(
        "lines in are rows and quarantined lines",
        ("tests/ingest/test_pipeline.py",),
        (
            (
                "warehouse/ingest/pipeline.py",
                "if counts.lines != counts.accepted + counts.rejected:",
                "if False:",
            ),
        ),
    ),
    Mutation(
        "what long lines took is given back",
        ("tests/ingest/test_memory.py",),
        (("warehouse/ingest/conform.py", "flush_threshold = '16MB'", "flush_threshold = '512MB'"),),
    ),
    Mutation(
        "the format of a long line is told by its shape",
        ("tests/formats/test_detection.py",),
        (("warehouse/formats/detection.py", "[_bare(lines[shape]) for", "[lines[shape] for"),),
    ),
    Mutation(
        "the fast lane takes lines with the ten keys only",
        ("tests/ingest/test_lanes.py",),
        (("sql/lanes/registry.sql", "TRY(len(json_keys(t.raw))) = 10", "TRY(len(json_keys(t.raw))) >= 10"),),
    ),
    Mutation(
        "the fast lane takes no NaN",
        ("tests/ingest/test_split.py", "tests/ingest/test_lanes.py"),
        (
            (
                "warehouse/ingest/split.py",
                "        fit[np.searchsorted(self._ends, _odd_places(text))] = False\n",
                "",
            ),
        ),
    ),
    Mutation(
        "late objects are looked for behind the newest one, whatever the clock says",
        (
            "tests/listing/test_nothing_lost.py::test_runs_of_any_kind_in_any_order_take_all_that_comes_within_the_look_back",
        ),
        (("warehouse/listing.py", "folder.until_us - self._lookback_us", "folder.until_us"),),
    ),
    Mutation(
        "an object that could not be read is remembered",
        ("tests/listing/test_nothing_lost.py",),
        (
            (
                "warehouse/comparison.py",
                'state |= {(SKIPPED, f"{self._bucket.name}/{key}"): self._now_us for key in missed}\n',
                "\n",
            ),
        ),
    ),
    Mutation(
        "a cleanup looks at an object right before it deletes it",
        ("tests/sync/test_cleanup.py::test_an_object_that_is_written_anew_during_the_cleanup_stays",),
        (
            (
                "warehouse/housekeeping/bucket_cleanup.py",
                "if bucket.head(item.key).info.etag != item.etag:",
                "if False:",
            ),
        ),
    ),
    Mutation(
        "a cleanup deletes objects that are mirrored whole only",
        ("tests/sync/test_cleanup.py::test_the_bucket_loses_only_objects_that_are_mirrored_whole_and_old",),
        (
            (
                "warehouse/housekeeping/bucket_cleanup.py",
                "        and item.rejected == 0\n        and item.accepted == item.lines\n",
                "",
            ),
        ),
    ),
    Mutation(
        "a compaction swaps its files in one transaction",
        (
            "tests/housekeeping/test_compact.py"
            "::test_a_compaction_killed_at_random_moments_loses_and_doubles_nothing",
        ),
        (
            (
                "warehouse/housekeeping/compact.py",
                "    work.manifest.commit(add=written, remove=[file.path for file in files], run=work.run)\n",
                "    work.manifest.commit(add=written)\n"
                "    __import__('time').sleep(0.2)\n"
                "    work.manifest.commit(remove=[file.path for file in files], run=work.run)\n",
            ),
        ),
    ),
    Mutation(
        "a cleanup takes rows and makes their rollups in one transaction",
        ("tests/sync/test_kill.py::test_a_cleanup_killed_at_random_moments_loses_and_doubles_nothing",),
        (
            (
                "warehouse/housekeeping/cleanup.py",
                "    work.manifest.commit(add=change.add, remove=change.remove, state={CUTOFF: latest})\n",
                "    work.manifest.commit(remove=change.remove)\n"
                "    __import__('time').sleep(0.2)\n"
                "    work.manifest.commit(add=change.add, state={CUTOFF: latest})\n",
            ),
        ),
    ),
    Mutation(
        "a name from the future does not move the start of a listing",
        (
            "tests/listing/test_increments.py"
            "::test_an_object_named_after_the_future_does_not_hide_what_comes_until_then",
        ),
        (("warehouse/keytimes.py", "min(newest, now_us)", "newest"),),
    ),
    Mutation(
        "a clock that was put back does not keep the schedule waiting",
        (
            "tests/unattended/test_scheduler.py"
            "::test_a_clock_that_was_put_back_does_not_keep_the_schedule_waiting",
        ),
        (
            (
                "warehouse/unattended/scheduler.py",
                'return min(datetime.fromisoformat(state["due"]), now)',
                'return datetime.fromisoformat(state["due"])',
            ),
        ),
    ),
    Mutation(
        "a compaction counts the rows that it wrote",
        ("tests/housekeeping/test_compact.py",),
        (("warehouse/housekeeping/compact.py", "raise IntegrityError(", "str("),),
    ),
)


def survivors(mutations: tuple[Mutation, ...]) -> list[str]:
    """The names of those whose tests pass all the same."""
    alive = []
    files = subprocess.run(["git", "ls-files"], cwd=ROOT, check=True, capture_output=True, text=True).stdout
    with tempfile.TemporaryDirectory() as folder:
        copy = Path(folder)
        for name in files.splitlines():
            if (ROOT / name).is_file():
                (copy / name).parent.mkdir(parents=True, exist_ok=True)
                shutil.copy2(ROOT / name, copy / name)
        for mutation in mutations:
            before = {name: (copy / name).read_text() for name, _, _ in mutation.changes}
            for name, old, new in mutation.changes:
                (copy / name).write_text((copy / name).read_text().replace(old, new))
            ended = subprocess.run(
                [sys.executable, "-m", "pytest", "-q", "-x", "-p", "no:cacheprovider", *mutation.tests],
                cwd=copy,
                env=os.environ | {"PYTHONPATH": str(copy)},
                capture_output=True,
                text=True,
                check=False,
            )
            for name, content in before.items():
                (copy / name).write_text(content)
            verdict = {0: "SURVIVED", 1: "found"}.get(
                ended.returncode, f"pytest ended with {ended.returncode}"
            )
            click.echo(f"{verdict:<10} {mutation.name}: {ended.stdout.strip().splitlines()[-1]}")
            if ended.returncode != 1:
                alive.append(mutation.name)
    return alive


def main() -> None:
    """Remove the defences, print a line for each."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("names", nargs="*", metavar="NAME", help="beginnings of names; all by default")
    names = tuple(parser.parse_args().names)
    alive = survivors(tuple(item for item in MUTATIONS if item.name.startswith(names or "")))
    sys.exit(1 if alive else 0)


if __name__ == "__main__":
    main()
