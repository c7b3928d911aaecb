"""Whatever the network and the server do to an answer: nothing is lost, nothing doubled, and it is told."""

from __future__ import annotations

import gzip
import random
import re
from collections.abc import Callable
from itertools import cycle

import pytest

from tests.faults.proxy import Answer, FaultyProxy, Rule, cut, dated, flipped, refused, shortened
from tests.sync.support import DATE, DAY, Mirror, assert_sound, gz, lines, text
from warehouse import sync
from warehouse.errors import BucketError, CredentialsError

Anew = Callable[[], Mirror]
PLAIN, PACKED = "logs/plain.jsonl", "logs/packed.jsonl.gz"


@pytest.fixture(autouse=True)
def no_patience(monkeypatch: pytest.MonkeyPatch) -> None:
    """Do not wait between attempts; how long is waited is another test's matter."""
    monkeypatch.setattr("warehouse.backoff.FIRST_PAUSE", 0.0)


@pytest.fixture
def filled(mirror: Mirror) -> Mirror:
    mirror.bucket.put(PLAIN, text([*lines(40, tag="plain"), b"broken"]))
    mirror.bucket.put(PACKED, gz([*lines(40, DAY + DATE, tag="packed"), b"broken"]))
    return mirror


def through(filled: Mirror, *rules: Rule) -> sync.SyncSummary:
    """A sync through a proxy with these faults, each of which must have happened."""
    with FaultyProxy(str(filled.settings.endpoint), *rules) as proxy:
        try:
            return filled.with_settings(endpoint=proxy.endpoint).sync()
        finally:
            assert [rule for rule in rules if not rule.used] == []


def assert_whole(filled: Mirror, anew: Anew) -> None:
    assert filled.row("SELECT count(*), count(DISTINCT message) FROM logs") == (80, 80)
    assert filled.row("SELECT count(*) FROM quarantine") == (2,)
    assert filled.contents() == anew().contents()
    assert_sound(filled)


PASSING: dict[str, Rule] = {
    "a reset before the first byte": Rule(cut(0.0), PACKED, reset=True),
    "a reset in the head": Rule(cut(0.1), PLAIN, reset=True),
    "a reset in the body": Rule(cut(0.9), PLAIN, times=3, reset=True),
    "an end in the body": Rule(cut(0.9), PACKED),
    "an end one byte early": Rule(cut(0.9999), PLAIN),
    "two resets": Rule(cut(0.7), PACKED, times=2, reset=True),
    "a reset of the listing": Rule(cut(0.5), "list-type=2", reset=True),
    "a listing that is refused": Rule(refused(503, "SlowDown"), "list-type=2", times=2),
    "a burst of 503": Rule(refused(503, "SlowDown"), PLAIN, times=4),
    "500": Rule(refused(500, "InternalError"), PACKED, times=2),
    "a body without its last bytes, its length adjusted": Rule(shortened(9), PLAIN, times=2),
    "a packed body without its last bytes, its length adjusted": Rule(shortened(9), PACKED, times=2),
    "a changed letter in plain text": Rule(flipped(0.5), PLAIN),
    "a changed letter in plain text that differs each time": Rule(flipped(0.3, 2), PLAIN),
    "a changed bit in gzip": Rule(flipped(0.5), PACKED),
    "a clock of 1999": Rule(dated("Fri, 01 Jan 1999 00:00:00 GMT"), PLAIN),
    "a clock of 2099": Rule(dated("Thu, 01 Jan 2099 00:00:00 GMT"), "list-type=2"),
    "an answer that comes late": Rule(cut(1.0), PLAIN, wait=0.5),
}


@pytest.mark.parametrize("fault", PASSING)
def test_a_fault_that_passes_costs_nothing_but_another_attempt(
    filled: Mirror, anew: Anew, fault: str
) -> None:
    rule = PASSING[fault]
    summary = through(filled, Rule(rule.change, rule.mark, rule.method, rule.times, rule.reset, rule.wait))
    assert (summary.status, summary.objects, summary.entries, summary.skipped) == ("ok", 2, 80, 0)
    assert_whole(filled, anew)


def test_resets_at_any_byte_of_any_answer_lose_nothing(filled: Mirror, anew: Anew) -> None:
    chance = random.Random(7)
    for number in range(6):
        filled.bucket.put(f"logs/more-{number}.gz", gz(lines(20, DAY + number * 1000, tag=f"n{number}")))
    rules = [Rule(cut(chance.random()), f"more-{n}", reset=bool(n % 2)) for n in range(6)]
    assert through(filled, *rules).entries == 80 + 120
    assert filled.contents() == anew().contents()
    assert_sound(filled)


LASTING: dict[str, tuple[Answer, type[BucketError], str]] = {
    "503 for ever": (refused(503, "SlowDown"), BucketError, "SlowDown"),
    "500 for ever": (refused(500, "InternalError"), BucketError, "InternalError"),
    "401": (refused(401, "Unauthorized"), CredentialsError, "check the key pair or API token"),
    "403": (refused(403, "AccessDenied"), CredentialsError, "check the key pair or API token"),
    "always an end in the body": (cut(0.9), BucketError, "no usable answer"),
    "always too short": (shortened(9), BucketError, r"arrives damaged \([\d,]+ bytes came\)"),
}


@pytest.mark.parametrize("fault", LASTING)
@pytest.mark.parametrize("key", [PLAIN, PACKED])
def test_an_object_that_the_bucket_does_not_give_is_told_and_does_not_keep_the_others(
    filled: Mirror, anew: Anew, fault: str, key: str
) -> None:
    change, _, message = LASTING[fault]
    rules = Rule(change, key, times=1_000), Rule(change, key, times=1_000)
    # Again and again: the next sync does not come to its end either.
    for rule, came in zip(rules, (1, 0), strict=True):
        if not came:
            filled.put("logs/later.jsonl", lines(40, DAY + 2 * DATE, tag="later"))
        summary = through(filled, rule)
        assert (summary.status, summary.objects, summary.entries, summary.skipped) == ("partial", 1, 40, 1)
        (note,) = [note for note in summary.notes if "could not be fetched" in note]
        assert key in note
        assert re.search(message, note)
        assert filled.last_run()["detail"] == note
    assert_sound(filled)
    filled.bucket.delete("logs/later.jsonl")
    assert filled.sync().status == "ok"
    assert filled.row("SELECT count(*) FROM logs WHERE NOT contains(message, 'later')") == (80,)
    assert_sound(filled)


@pytest.mark.parametrize("fault", LASTING)
def test_a_bucket_that_gives_nothing_any_more_stops_the_sync_which_says_why_and_keeps_what_came(
    mirror: Mirror, anew: Anew, fault: str
) -> None:
    change, kind, message = LASTING[fault]
    for number in range(40):
        tag = "fine" if number < 2 else "odd"
        mirror.put(f"logs/{number:02}-{tag}.gz", lines(10, DAY + number * 60_000, tag=f"{tag} {number}"))
    rule = Rule(change, "odd", times=1_000)
    with FaultyProxy(mirror.bucket.endpoint, rule) as proxy:
        with pytest.raises(kind, match=message) as caught:
            mirror.with_settings(endpoint=proxy.endpoint, fetch_threads=1).sync()
        asked = {line for _, line in proxy.requests if "odd" in line}
    assert "2 objects, 20 entries mirrored before the failure" in str(caught.value)
    assert len(asked) < 20, "what is left is not asked for"
    assert mirror.last_run()["status"] == "failed"
    assert mirror.row("SELECT count(*) FROM logs") == (20,)
    assert_sound(mirror)
    assert mirror.sync().objects == 38
    assert mirror.contents() == anew().contents()
    assert_sound(mirror)


@pytest.mark.parametrize(("status", "code"), [(401, "Unauthorized"), (403, "AccessDenied")])
def test_a_refusal_is_asked_once_by_a_whole_sync(mirror: Mirror, status: int, code: str) -> None:
    mirror.bucket.put(PLAIN, text(lines(40)))
    with FaultyProxy(mirror.bucket.endpoint, Rule(refused(status, code), PLAIN, times=1_000)) as proxy:
        with pytest.raises(CredentialsError):
            mirror.with_settings(endpoint=proxy.endpoint).sync()
        assert len([line for _, line in proxy.requests if PLAIN in line]) == 1
        assert mirror.last_run()["status"] == "failed"
    with FaultyProxy(
        mirror.bucket.endpoint, Rule(refused(status, code), "list-type=2", times=1_000)
    ) as proxy:
        with pytest.raises(CredentialsError):
            mirror.with_settings(endpoint=proxy.endpoint).sync()
        assert len(proxy.requests) == 1


def test_damage_that_is_different_each_time_is_not_taken_for_the_object(filled: Mirror, anew: Anew) -> None:
    places = cycle([0.1, 0.2, 0.3, 0.4, 0.5, 0.6])

    def elsewhere(head: bytes, body: bytes) -> bytes:
        change = flipped(next(places))
        return change(head, body)

    # As many answers as are asked for: a connection that breaks meanwhile is an attempt without one.
    summary = through(filled, Rule(elsewhere, PLAIN, times=1_000))
    assert (summary.status, summary.objects) == ("partial", 1)
    assert PLAIN in summary.notes[0]
    filled.sync()
    assert_whole(filled, anew)


def test_an_object_that_is_gone_when_it_is_fetched_is_left_for_the_next_sync(
    filled: Mirror, anew: Anew
) -> None:
    summary = through(filled, Rule(refused(404, "NoSuchKey"), PLAIN, times=2))
    assert (summary.objects, summary.skipped) == (1, 1)
    assert filled.sync().objects == 1
    assert_whole(filled, anew)


def test_an_etag_that_is_no_md5_does_not_keep_an_object_out(filled: Mirror) -> None:
    """What comes twice alike is what is stored: encrypted objects have ETags that only look like MD5s."""
    summary = through(filled, Rule(flipped(0.5), PLAIN, times=1_000))
    assert (summary.objects, summary.skipped) == (2, 0)
    assert filled.row("SELECT sum(lines) FROM ledger") == (82,)


def test_an_object_that_is_damaged_in_the_bucket_keeps_what_is_readable_and_says_so(mirror: Mirror) -> None:
    body = bytearray(gzip.compress(text(lines(40)), mtime=0))
    body[-6] ^= 1
    mirror.bucket.put(PACKED, bytes(body))
    assert mirror.sync().entries == 40
    ((line, reason),) = mirror.rows("SELECT line, reason FROM quarantine")
    assert line == 0
    assert "checksum" in reason
