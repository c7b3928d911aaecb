"""The bulk fetcher: bodies as they are in the bucket, whole and of the listed version, from a real server."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from contextlib import closing

import msgspec
import pytest

from tests.sync.test_network import CuttingProxy
from warehouse import fetcher as fetchers
from warehouse.bucket import Bucket, ObjectInfo
from warehouse.errors import BucketError, CredentialsError, ObjectError
from warehouse.fetcher import Fetcher, LargeBody
from warehouse.settings import Settings

Store = tuple[Settings, Bucket]


def listed(bucket: Bucket, key: str) -> ObjectInfo:
    return next(info for info in bucket.list(key) if info.key == key)


@pytest.mark.parametrize(
    "key",
    [
        "logs/plain.jsonl",
        "logs/with blank and + and %41 and #1?.jsonl",
        "logs/äöü-日本-😀.jsonl",
        "logs/a=b&c;d,e'f(g)!h*i~j.jsonl",
        "logs/..hidden/.x.jsonl",
    ],
)
def test_an_object_of_any_name_is_fetched_whole(bucket: Store, key: str) -> None:
    settings, store = bucket
    store.put(key, b"0123456789" * 1000)
    fetcher = Fetcher(settings, store)
    assert fetcher.get(listed(store, key)) == b"0123456789" * 1000
    assert fetcher.get(listed(store, key), (10, 15)) == b"01234"


def test_an_empty_object_is_empty(bucket: Store) -> None:
    settings, store = bucket
    store.put("logs/empty.jsonl", b"")
    assert Fetcher(settings, store).get(listed(store, "logs/empty.jsonl")) == b""


def test_a_fetch_is_one_operation_and_its_bytes_are_counted(bucket: Store) -> None:
    settings, store = bucket
    store.put("logs/a.jsonl", b"x" * 500)
    info = listed(store, "logs/a.jsonl")
    operations, received = store.class_b, store.downloaded_bytes
    Fetcher(settings, store).get(info)
    assert (store.class_b - operations, store.downloaded_bytes - received, store.retries) == (1, 500, 0)


def test_an_object_that_changed_since_it_was_listed_is_not_taken(bucket: Store) -> None:
    settings, store = bucket
    store.put("logs/a.jsonl", b"one")
    info = listed(store, "logs/a.jsonl")
    store.put("logs/a.jsonl", b"two")
    with pytest.raises(ObjectError, match=r"logs/a.jsonl changed since it was listed"):
        Fetcher(settings, store).get(info)


def test_an_object_that_went_away_since_it_was_listed_is_told(bucket: Store) -> None:
    settings, store = bucket
    store.put("logs/a.jsonl", b"one")
    info = listed(store, "logs/a.jsonl")
    store.delete("logs/a.jsonl")
    with pytest.raises(ObjectError, match=r"logs/a.jsonl is gone"):
        Fetcher(settings, store).get(info)


def test_wrong_keys_are_told_without_the_secret(bucket: Store) -> None:
    settings, store = bucket
    store.put("logs/a.jsonl", b"one")
    info = listed(store, "logs/a.jsonl")
    wrong = msgspec.structs.replace(settings, secret_access_key="not-the-secret")
    with closing(Bucket(wrong)) as other, pytest.raises(CredentialsError) as told:
        Fetcher(wrong, other).get(info)
    assert "not-the-secret" not in str(told.value)


def test_a_body_that_breaks_off_is_asked_for_again(bucket: Store) -> None:
    settings, store = bucket
    store.put("logs/cut.jsonl", b"x" * 100_000)
    info = listed(store, "logs/cut.jsonl")
    proxy = CuttingProxy(store.endpoint, "cut.jsonl", cuts=1)
    through = msgspec.structs.replace(settings, endpoint=proxy.endpoint)
    with closing(proxy), closing(Bucket(through)) as other:
        assert Fetcher(through, other).get(info) == b"x" * 100_000
        assert (other.class_b, other.retries) == (2, 1)


def test_a_body_that_always_breaks_off_is_an_error_and_never_half_a_body(bucket: Store) -> None:
    settings, store = bucket
    store.put("logs/cut.jsonl", b"x" * 100_000)
    info = listed(store, "logs/cut.jsonl")
    proxy = CuttingProxy(store.endpoint, "cut.jsonl", cuts=100)
    through = msgspec.structs.replace(settings, endpoint=proxy.endpoint)
    with closing(proxy), closing(Bucket(through)) as other, pytest.raises(BucketError):
        Fetcher(through, other).get(info)


def test_a_large_body_comes_in_parts_in_order_and_anew_each_time(
    bucket: Store, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(fetchers, "RANGE_BYTES", 1000)
    settings, store = bucket
    body = bytes(range(256)) * 10
    store.put("logs/large.jsonl", body)
    with ThreadPoolExecutor(2) as pool:
        large = LargeBody(Fetcher(settings, store).get, listed(store, "logs/large.jsonl"), pool)
        for _ in range(2):
            assert [len(part) for part in large] == [1000, 1000, 560]
            assert b"".join(large) == body


def test_a_large_body_that_changes_while_it_is_read_is_not_taken_further(
    bucket: Store, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(fetchers, "RANGE_BYTES", 1000)
    settings, store = bucket
    store.put("logs/large.jsonl", b"a" * 5000)
    with ThreadPoolExecutor(2) as pool:
        parts = iter(LargeBody(Fetcher(settings, store).get, listed(store, "logs/large.jsonl"), pool))
        assert next(parts) == b"a" * 1000
        store.put("logs/large.jsonl", b"b" * 5000)
        with pytest.raises(ObjectError, match="changed"):
            list(parts)
