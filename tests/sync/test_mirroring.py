"""What one sync takes from the bucket, and what the next ones do."""

from __future__ import annotations

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime

import pytest

from tests.sync.support import DATE, DAY, HOUR, Mirror, assert_sound, gz, line, lines, text, zst
from warehouse.bucket import Bucket, ObjectInfo


def test_the_first_sync_mirrors_every_line_whatever_the_compression_and_the_name(mirror: Mirror) -> None:
    bodies = {
        "logs/0xabc123/1.jsonl.gz": (gz(lines(3, tag="a")), 3),
        "logs/0xabc123/2.jsonl.zst": (zst(lines(4, tag="b")), 4),
        "logs/0xabc123/3.jsonl": (text(lines(5, tag="c")), 5),
        "logs/0xabc123/plain-named-gz.jsonl.gz": (text(lines(6, tag="d")), 6),
        "logs/0xabc123/gzip-named-plain.jsonl": (gz(lines(7, tag="e")), 7),
        "logs/0xabc123/no-newline-at-the-end": (b"\n".join(lines(8, tag="f")), 8),
        "logs/ä b+c%20'd'/1.jsonl": (gz(lines(2, tag="g")), 2),
        "logs/two-members.gz": (gz(lines(1, tag="h")) + gz(lines(1, tag="i")), 2),
        "logs/empty.jsonl": (b"", 0),
    }
    for key, (body, _) in bodies.items():
        mirror.bucket.put(key, body)
    mirror.bucket.put("other/not-ours.jsonl", gz(lines(9)))

    summary = mirror.sync()

    entries = sum(count for _, count in bodies.values())
    assert (summary.status, summary.objects, summary.entries) == ("ok", len(bodies), entries)
    assert (summary.rejected_lines, summary.replaced, summary.skipped, summary.gone) == (0, 0, 0, 0)
    assert summary.compressed_bytes == sum(len(body) for body, _ in bodies.values())
    assert summary.class_b == len(bodies)
    assert summary.sync_url == f"s3://{mirror.bucket.name}/logs/"
    found = mirror.rows("SELECT object_key, list(line ORDER BY line) FROM logs GROUP BY 1")
    assert dict(found) == {key: list(range(1, count + 1)) for key, (_, count) in bodies.items() if count}
    assert mirror.rows(
        "SELECT message, level, status, response_ms, config_hash, epoch_ms(ts) FROM logs"
        " WHERE object_key = 'logs/0xabc123/3.jsonl' AND line = 5"
    ) == [("c 4", "error", 500, 7.5, "0xabc123", DAY + 4000)]
    assert_sound(mirror)


def test_the_raw_size_is_that_of_the_text_before_compression(mirror: Mirror) -> None:
    rows = lines(50)
    mirror.put("logs/a.gz", rows)

    assert mirror.sync().raw_bytes == len(text(rows))
    assert mirror.row("SELECT raw_bytes, lines, accepted, rejected FROM ledger") == (
        len(text(rows)),
        50,
        50,
        0,
    )


def test_a_second_sync_downloads_nothing_and_changes_nothing(mirror: Mirror) -> None:
    for number in range(5):
        mirror.put(f"logs/{number}.gz", lines(4, DAY + number * DATE))
    mirror.sync()
    files, contents = mirror.files(), mirror.contents()

    summary = mirror.sync()

    assert (summary.class_b, summary.objects, summary.entries, summary.files) == (0, 0, 0, 0)
    assert mirror.files() == files
    assert mirror.contents() == contents
    assert mirror.retired() == set()


def test_a_later_sync_fetches_only_what_is_new(mirror: Mirror, anew: Callable[[], Mirror]) -> None:
    mirror.put("logs/1.gz", lines(10, tag="first"))
    mirror.put("logs/2.gz", lines(10, DAY + DATE, tag="second"))
    mirror.sync()
    mirror.put("logs/0-late.gz", lines(10, DAY + HOUR, tag="late"))

    summary = mirror.sync()

    assert (summary.class_b, summary.objects, summary.entries) == (1, 1, 10)
    assert mirror.contents() == anew().contents()
    assert_sound(mirror)


def test_folder_markers_are_no_log_objects(mirror: Mirror) -> None:
    mirror.put("logs/a/1.gz", lines(1))
    mirror.bucket.put("logs/b/", b"")

    assert mirror.sync().objects == 1
    assert mirror.sync().class_b == 0


def test_an_empty_bucket_gives_an_empty_warehouse(mirror: Mirror) -> None:
    summary = mirror.sync()

    assert (summary.status, summary.objects, summary.entries) == ("ok", 0, 0)
    assert_sound(mirror)


def test_more_than_a_page_of_keys_is_mirrored_whatever_order_the_server_lists_them_in(mirror: Mirror) -> None:
    # Servers disagree on whether `a/b` comes before `a-b`; the edges of pages must lose nothing either way.
    keys = [f"logs/a{sign}{number:04}.gz" for sign in "/-" for number in range(560)]
    with ThreadPoolExecutor(8) as pool:
        list(pool.map(lambda key: mirror.put(key, [line(DAY + keys.index(key))]), keys))

    summary = mirror.sync()

    assert summary.objects == summary.entries == summary.class_b == len(keys)
    assert summary.class_a == 3, "two pages of logs, one of packages"
    assert [key for (key,) in mirror.rows("SELECT object_key FROM logs ORDER BY 1")] == sorted(keys)
    again = mirror.sync()
    assert (again.class_b, again.objects) == (0, 0)


def test_only_the_prefix_of_the_logs_is_mirrored_and_a_narrower_one_doubles_nothing(mirror: Mirror) -> None:
    mirror.put("logs/a/1.gz", lines(3))
    mirror.put("logs/b/1.gz", lines(3))
    mirror.sync()

    narrower = mirror.with_settings(log_prefix="logs/a/")
    assert narrower.sync().class_b == 0
    assert mirror.with_settings(log_prefix="logs/").sync().class_b == 0
    assert mirror.row("SELECT count(*), count(DISTINCT (object_key, line)) FROM logs") == (6, 6)
    assert_sound(mirror)


class _ChangingBucket(Bucket):
    """A bucket in which an object changes after it was listed and before it is read."""

    def list(self, prefix: str, start_after: str | None = None):  # type: ignore[no-untyped-def]
        infos: list[ObjectInfo] = list(super().list(prefix, start_after))
        if any(info.key == "logs/changing.gz" for info in infos):
            self.put("logs/changing.gz", gz(lines(5, tag="after")))
            self.delete("logs/leaving.gz")
        return iter(infos)


def test_what_changes_or_goes_while_it_is_read_is_skipped_and_taken_next_time(
    mirror: Mirror, monkeypatch: pytest.MonkeyPatch
) -> None:
    mirror.put("logs/changing.gz", lines(3, tag="before"))
    mirror.put("logs/leaving.gz", lines(3, tag="leaving"))
    mirror.put("logs/steady.gz", lines(3, tag="steady"))
    with monkeypatch.context() as patch:
        patch.setattr("warehouse.sync.Bucket", _ChangingBucket)
        summary = mirror.sync()
    assert (summary.objects, summary.skipped, summary.entries) == (1, 2, 3)
    assert mirror.rows("SELECT DISTINCT object_key FROM logs") == [("logs/steady.gz",)]

    summary = mirror.sync()

    assert (summary.objects, summary.skipped, summary.replaced) == (1, 0, 0)
    assert mirror.row("SELECT count(*) FROM logs WHERE message LIKE 'after %'") == (5,)
    assert_sound(mirror)


def test_an_object_of_many_batches_keeps_its_line_numbers_and_counts(mirror: Mirror) -> None:
    padding = "x" * 900
    rows = [line(DAY + number * 100, message=padding, n=number) for number in range(29_000)]
    for broken in (0, 12_345, 28_999):
        rows[broken] = b"broken"
    assert len(text(rows)) > 29_000_000
    mirror = mirror.with_settings(batch_mib=1)
    mirror.put("logs/big.gz", rows)

    summary = mirror.sync()

    assert (summary.entries, summary.rejected_lines, summary.raw_bytes) == (28_997, 3, len(text(rows)))
    assert mirror.row(
        "SELECT count(*), count(DISTINCT line), min(line), max(line),"
        " count(*) FILTER (WHERE CAST(metadata ->> '$.n' AS INTEGER) <> line - 1) FROM logs"
    ) == (28_997, 28_997, 2, 28_999, 0)
    assert mirror.rows("SELECT line FROM quarantine ORDER BY 1") == [(1,), (12_346,), (29_000,)]
    assert_sound(mirror)


def test_the_run_notes_its_counts_and_the_time_is_utc(mirror: Mirror) -> None:
    mirror.put("logs/1.gz", [*lines(3), b"broken"])
    before = datetime.now(UTC).timestamp() * 1000 - 1

    summary = mirror.sync()

    run = mirror.last_run()
    assert (run["runId"], run["kind"], run["status"], run["detail"]) == (summary.run_id, "sync", "ok", None)
    assert (run["objects"], run["entries"], run["rejectedLines"]) == (1, 3, 1)
    assert before <= run["startedAt"] <= run["finishedAt"] <= datetime.now(UTC).timestamp() * 1000 + 1
