"""The inventory of the packages: what lies below the prefix, with the metadata of its writer."""

from __future__ import annotations

import time
from collections.abc import Callable

import pytest

from tests.sync.support import Mirror, assert_sound, lines
from warehouse.bucket import Bucket, ObjectHead
from warehouse.errors import ObjectError

Anew = Callable[[], Mirror]

INVENTORY = "SELECT object_key, name, version, config_hash, size, integrity FROM packages ORDER BY object_key"


def put(mirror: Mirror, key: str, size: int, **metadata: str) -> None:
    mirror.bucket.put(f"packages/{key}", b"p" * size, metadata=metadata)


def filled(mirror: Mirror) -> Mirror:
    put(mirror, "0xabc12345/@acme/ui/1.2.3.tgz", 30, integrity="sha512-ui")
    put(mirror, "left-pad/1.3.0.tgz", 20, integrity="sha512-left-pad", author="anna")
    put(mirror, "plain/-/plain-2.0.0-beta.1.tgz", 10)
    mirror.put("logs/1.gz", lines(2))
    return mirror


def test_names_versions_and_integrity_are_in_the_inventory(mirror: Mirror) -> None:
    filled(mirror)

    summary = mirror.sync()

    assert (summary.packages, summary.objects, summary.class_b) == (3, 1, 4)
    assert mirror.rows(INVENTORY) == [
        ("packages/0xabc12345/@acme/ui/1.2.3.tgz", "@acme/ui", "1.2.3", "0xabc12345", 30, "sha512-ui"),
        ("packages/left-pad/1.3.0.tgz", "left-pad", "1.3.0", None, 20, "sha512-left-pad"),
        ("packages/plain/-/plain-2.0.0-beta.1.tgz", "plain", "2.0.0-beta.1", None, 10, None),
    ]
    assert mirror.row("SELECT metadata ->> '$.author' FROM packages WHERE name = 'left-pad'") == ("anna",)
    assert mirror.rows("SELECT prefix, objects, bytes FROM ledger WHERE prefix = 'packages/'") == [
        ("packages/", 3, 60)
    ]
    assert mirror.rows(
        "SELECT sum(objects), sum(bytes) FROM storage WHERE prefix = 'packages/' AND grain = 30"
    ) == [(3, 60)]


def test_only_new_packages_are_asked_for_their_metadata(mirror: Mirror) -> None:
    filled(mirror)
    mirror.sync()
    files = mirror.files()
    assert (mirror.sync().class_b, mirror.files()) == (0, files)
    put(mirror, "left-pad/1.3.1.tgz", 21, integrity="sha512-newer")

    summary = mirror.sync()

    assert (summary.packages, summary.class_b) == (1, 1)
    assert mirror.row("SELECT count(*) FROM packages") == (4,)
    assert len([path for path in mirror.files() if path.startswith("packages/")]) == 1


def test_replaced_and_deleted_packages_are_replaced_and_deleted(mirror: Mirror, anew: Anew) -> None:
    filled(mirror)
    mirror.sync()
    put(mirror, "left-pad/1.3.0.tgz", 25, integrity="sha512-again")
    mirror.bucket.delete("packages/plain/-/plain-2.0.0-beta.1.tgz")

    summary = mirror.sync()

    assert summary.packages == 2
    assert [row[0:2] + row[4:] for row in mirror.rows(INVENTORY)] == [
        ("packages/0xabc12345/@acme/ui/1.2.3.tgz", "@acme/ui", 30, "sha512-ui"),
        ("packages/left-pad/1.3.0.tgz", "left-pad", 25, "sha512-again"),
    ]
    assert mirror.contents(["packages", "storage"]) == anew().contents(["packages", "storage"])


def test_a_package_that_comes_back_is_in_the_inventory_again(mirror: Mirror, anew: Anew) -> None:
    put(mirror, "left-pad/1.3.0.tgz", 20, integrity="sha512-left-pad")
    mirror.sync()
    mirror.bucket.delete("packages/left-pad/1.3.0.tgz")
    mirror.sync()
    assert mirror.row("SELECT count(*) FROM packages") == (0,)
    time.sleep(1.1)  # the server notes whole seconds: it comes back at another time than it left
    put(mirror, "left-pad/1.3.0.tgz", 20, integrity="sha512-left-pad")

    summary = mirror.sync()

    assert (summary.packages, summary.class_b) == (1, 0)
    assert mirror.contents(["packages", "storage"]) == anew().contents(["packages", "storage"])
    assert_sound(mirror)


class _LeavingBucket(Bucket):
    """A bucket in which one package goes after it was listed."""

    def head(self, key: str) -> ObjectHead:
        if "left-pad" in key:
            raise ObjectError(f"{key} is gone")
        return super().head(key)


def test_a_package_that_goes_while_it_is_asked_for_is_left_out(
    mirror: Mirror, monkeypatch: pytest.MonkeyPatch
) -> None:
    filled(mirror)
    with monkeypatch.context() as patch:
        patch.setattr("warehouse.sync.Bucket", _LeavingBucket)
        assert mirror.sync().packages == 2

    assert mirror.sync().packages == 1
    assert mirror.row("SELECT count(*) FROM packages") == (3,)
