"""How requests are repeated: pauses that grow, Retry-After, and no second try where none can help."""

from __future__ import annotations

import threading
import time
from collections.abc import Iterator
from contextlib import closing, contextmanager
from datetime import UTC, datetime, timedelta
from email.utils import format_datetime
from itertools import pairwise

import msgspec
import pytest

from tests.faults.proxy import Answer, FaultyProxy, Rule, cut, refused
from warehouse import backoff
from warehouse.backoff import Passing, Patience, may_pass, seconds_of
from warehouse.bucket import Bucket, ObjectInfo
from warehouse.errors import BucketError, CredentialsError, ObjectError
from warehouse.fetcher import Fetcher
from warehouse.settings import Settings

Store = tuple[Settings, Bucket]
KEY = "logs/a.jsonl"


class Through:
    """A bucket with one object behind a proxy with faults; `asked` are the requests' times in seconds."""

    def __init__(self, settings: Settings, proxy: FaultyProxy, bucket: Bucket, info: ObjectInfo) -> None:
        self.proxy, self.bucket, self._info = proxy, bucket, info
        self._fetcher = Fetcher(settings, bucket)

    def do(self, way: str) -> object:
        """List, get by boto3, fetch by obstore (boto3 after it)."""
        if way == "list":
            return [*self.bucket.list("logs/")]
        return self.bucket.get(KEY) if way == "get" else self._fetcher.get(self._info)

    @property
    def pauses(self) -> list[float]:
        times = [at for at, _ in self.proxy.requests]
        return [after - before for before, after in pairwise(times)]


@contextmanager
def through(store: Store, *rules: Rule) -> Iterator[Through]:
    settings, bucket = store
    bucket.put(KEY, b"one\n")
    info = bucket.head(KEY).info
    with FaultyProxy(bucket.endpoint, *rules) as proxy:
        behind = msgspec.structs.replace(settings, endpoint=proxy.endpoint)
        with closing(Bucket(behind)) as other:
            yield Through(behind, proxy, other, info)


@pytest.fixture
def longest(monkeypatch: pytest.MonkeyPatch) -> None:
    """Pauses of 50, 100, 200 … milliseconds: the most that chance can give."""
    monkeypatch.setattr(backoff, "FIRST_PAUSE", 0.05)
    monkeypatch.setattr("tenacity.wait.random.uniform", lambda low, high: high)


WAYS = ["list", "get", "fetch"]
BURSTS: dict[str, Answer] = {
    "503": refused(503, "SlowDown"),
    "429": refused(429, "TooManyRequests"),
    "500": refused(500, "InternalError"),
    "522, of Cloudflare": refused(522, "Timeout"),
    "no answer": cut(0.0),
}


@pytest.mark.usefixtures("longest")
@pytest.mark.parametrize("fault", BURSTS)
@pytest.mark.parametrize("way", WAYS)
def test_the_pauses_of_a_burst_of_faults_grow(bucket: Store, way: str, fault: str) -> None:
    with through(bucket, Rule(BURSTS[fault], times=4)) as work:
        work.do(way)
        assert len(work.pauses) == 4
        for pause, least in zip(work.pauses, (0.05, 0.1, 0.2, 0.4), strict=True):
            assert pause >= least
        assert work.bucket.retries == 4
        operations = (work.bucket.class_a, work.bucket.class_b)
        assert operations == ((5, 0) if way == "list" else (0, 5)), "every attempt is billed"


@pytest.mark.parametrize("way", WAYS)
def test_a_fault_that_lasts_ends_after_six_attempts(
    bucket: Store, way: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(backoff, "FIRST_PAUSE", 0.0)
    with through(bucket, Rule(refused(503, "SlowDown"), times=100)) as work:
        with pytest.raises(BucketError, match="SlowDown"):
            work.do(way)
        assert len(work.proxy.requests) == 6


@pytest.mark.parametrize("way", WAYS)
@pytest.mark.parametrize(
    ("status", "code", "kind"),
    [
        (401, "Unauthorized", CredentialsError),
        (403, "AccessDenied", CredentialsError),
        (403, "SignatureDoesNotMatch", CredentialsError),
        (404, "NoSuchBucket", BucketError),
        (404, "NoSuchKey", ObjectError),
        (412, "PreconditionFailed", ObjectError),
    ],
)
def test_what_asking_again_does_not_change_is_asked_once(
    bucket: Store, way: str, status: int, code: str, kind: type[Exception]
) -> None:
    if way == "list" and kind is ObjectError:
        kind = BucketError  # a listing has no object that could be gone
    with through(bucket, Rule(refused(status, code), times=100)) as work:
        with pytest.raises(kind) as told:
            work.do(way)
        assert len(work.proxy.requests) == 1
        assert work.bucket.retries == 0
    if kind is CredentialsError:
        assert code in str(told.value)
        assert "check the key pair or API token and its rights on this bucket" in str(told.value)
    if code == "NoSuchBucket":
        assert f"there is no bucket {bucket[1].name}" in str(told.value)


@pytest.mark.usefixtures("longest")
@pytest.mark.parametrize("way", ["list", "get"])
def test_retry_after_is_respected(bucket: Store, way: str) -> None:
    with through(bucket, Rule(refused(503, "SlowDown", retry_after="1"))) as work:
        work.do(way)
        assert work.pauses[0] >= 1.05


@pytest.mark.usefixtures("longest")
def test_retry_after_is_respected_by_fetches_too_as_soon_as_boto3_was_told(bucket: Store) -> None:
    """obstore does not show the header: the first pause is a short one, then everybody waits."""
    with through(bucket, Rule(refused(429, "TooManyRequests", retry_after="1"), times=2)) as work:
        work.do("fetch")
        assert len(work.pauses) == 2
        assert work.pauses[1] >= 1.05
        before = time.monotonic()
        work.do("fetch")
        assert time.monotonic() - before < 1.0, "the wait is over"


@pytest.mark.usefixtures("longest")
def test_what_one_request_is_told_to_wait_all_requests_wait() -> None:
    patience, failed = Patience(), threading.Event()
    failures = [Passing(BucketError("slow"), retry_after=0.5)]

    def attempt() -> None:
        if failures:
            failed.set()
            raise failures.pop()

    other = threading.Thread(target=patience.run, args=[attempt])
    other.start()
    failed.wait(5)
    time.sleep(0.1)  # until the failure is noted
    before = time.monotonic()
    patience.run(lambda: None)
    assert 0.25 < time.monotonic() - before < 0.6
    other.join()


def test_a_wait_that_is_longer_than_all_attempts_may_take_ends_them_at_once(bucket: Store) -> None:
    with through(bucket, Rule(refused(429, "TooManyRequests", retry_after="3600"))) as work:
        with pytest.raises(BucketError, match="the server asks to be left alone for 3600 s"):
            work.do("list")
        assert len(work.proxy.requests) == 1
        assert [*work.bucket.list("logs/")], "the next request is not kept waiting"


@pytest.mark.usefixtures("longest")
def test_all_attempts_together_take_no_longer_than_their_bound(
    bucket: Store, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(backoff, "FIRST_PAUSE", 0.2)
    monkeypatch.setattr(backoff, "TOTAL", 0.5)
    with through(bucket, Rule(refused(503, "SlowDown"), times=100)) as work:
        with pytest.raises(BucketError, match="SlowDown"):
            work.do("list")
        assert len(work.proxy.requests) == 2, "the pause of 0.4 s after the second would end too late"


def test_retry_after_is_a_number_of_seconds_or_a_date() -> None:
    assert seconds_of("120") == 120
    soon = format_datetime(datetime.now(UTC) + timedelta(seconds=30), usegmt=True)
    assert 28 < (seconds_of(soon) or 0) <= 30
    assert seconds_of("Fri, 01 Jan 1999 00:00:00 GMT") == 0
    assert [seconds_of(text) for text in (None, "", "soon", "-3", "1.5")] == [None] * 5


def test_only_throttling_timeouts_and_faults_of_the_server_may_pass() -> None:
    assert [status for status in range(200, 600) if may_pass(status)] == [
        *(408, 425, 429, 500, 502, 503, 504),
        *range(506, 600),
    ]


def test_pauses_are_random_from_nothing_up_to_their_bound(monkeypatch: pytest.MonkeyPatch) -> None:
    slept: list[float] = []
    monkeypatch.setattr(backoff.time, "sleep", slept.append)

    def attempt() -> None:
        raise Passing(BucketError("slow"))

    for _ in range(200):
        with pytest.raises(BucketError):
            Patience().run(attempt)
    bounds = [0.5, 1, 2, 4, 8]
    for number, bound in enumerate(bounds):
        pauses = slept[number::5]
        assert 0 <= min(pauses) < bound * 0.1
        assert bound * 0.9 < max(pauses) <= bound
