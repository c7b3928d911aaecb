"""GET /packages: inventory/packages, endpoints/packages, endpoints/packages_count and
endpoints/package_distribution."""

from __future__ import annotations

import pyarrow as pa
import pytest

from tests.sql.conftest import Open
from tests.warehouse_builder import Builder, millis, utc
from warehouse import duck, sqlfiles
from warehouse.service import Warehouse


def parsed(con: duck.Connection, path: str) -> tuple[str | None, str | None, str | None]:
    """Name, version and config hash that a key below the prefix tells."""
    objects = pa.table(
        {
            "bucket": ["b"],
            "object_key": [f"packages/{path}"],
            "path": [path],
            "etag": ["e"],
            "size": pa.array([1], pa.int64()),
            "last_modified": pa.array([0], pa.timestamp("us")),
            "storage_class": ["STANDARD"],
            "metadata": ["{}"],
        }
    )
    duck.register(con, "package_objects", objects)
    con.execute(f"CREATE OR REPLACE TEMP VIEW other_packages AS {duck.empty_relation('packages')}")
    rows = con.execute(
        f"SELECT name, version, config_hash FROM ({sqlfiles.read('inventory', 'packages')})"
    ).fetchall()
    con.unregister("package_objects")
    assert len(rows) == 1
    return rows[0]


@pytest.mark.parametrize(
    ("path", "name", "version", "config_hash"),
    [
        ("left-pad/1.3.0.tgz", "left-pad", "1.3.0", None),
        ("left-pad/1.3.0/package.tgz", "left-pad", "1.3.0", None),
        ("left-pad/-/left-pad-1.3.0.tgz", "left-pad", "1.3.0", None),
        ("left-pad-1.3.0.tgz", "left-pad", "1.3.0", None),
        ("left-pad/package.json", "left-pad", None, None),
        ("@types/node/20.1.0.tgz", "@types/node", "20.1.0", None),
        ("@types/node/-/node-20.1.0.tgz", "@types/node", "20.1.0", None),
        ("@types%2fnode/20.1.0.tgz", "@types/node", "20.1.0", None),
        ("@types%2Fnode/-/node-20.1.0.tgz", "@types/node", "20.1.0", None),
        ("@types/node-20.1.0.tgz", "@types/node", "20.1.0", None),
        ("@types/node/package.json", "@types/node", None, None),
        ("react/19.0.0-rc.1.tgz", "react", "19.0.0-rc.1", None),
        ("react/-/react-19.0.0-rc.1.tgz", "react", "19.0.0-rc.1", None),
        ("react/19.0.0-rc.1/package.tgz", "react", "19.0.0-rc.1", None),
        ("tool/1.0.0+build.5.tgz", "tool", "1.0.0+build.5", None),
        ("tool/1.0.0-beta+exp.sha.tgz", "tool", "1.0.0-beta+exp.sha", None),
        ("tool/v2.0.0.tar.gz", "tool", "2.0.0", None),
        ("base64/1.0.0.tgz", "base64", "1.0.0", None),
        ("v8/-/v8-1.2.3.tgz", "v8", "1.2.3", None),
        ("es5-ext/-/es5-ext-0.10.64.tgz", "es5-ext", "0.10.64", None),
        ("lodash.merge/-/lodash.merge-4.6.2.tgz", "lodash.merge", "4.6.2", None),
        ("0x12345678/left-pad/1.3.0.tgz", "left-pad", "1.3.0", "0x12345678"),
        ("12345678/left-pad/1.3.0.tgz", "left-pad", "1.3.0", "0x12345678"),
        ("0xABCDEF12/@types/node/20.1.0.tgz", "@types/node", "20.1.0", "0xabcdef12"),
        ("DEADBEEF/left-pad-1.3.0.tgz", "left-pad", "1.3.0", "0xdeadbeef"),
        ("0x12345678/left-pad/package.json", "left-pad", None, "0x12345678"),
        ("deadbee/1.0.0.tgz", "deadbee", "1.0.0", None),  # seven digits are a name
        ("20260301/left-pad/1.3.0.tgz", "left-pad", "1.3.0", None),  # a day
        ("README", "README", None, None),
        ("some/deep/path/file.bin", "some", None, None),
    ],
)
def test_keys_tell_name_version_and_config_hash(
    con: duck.Connection, path: str, name: str | None, version: str | None, config_hash: str | None
) -> None:
    assert parsed(con, path) == (name, version, config_hash)


@pytest.mark.parametrize(
    "path", ["", "/", "@", "@scope", "@scope/", "0x12345678/", "%2f", "-1.0.0.tgz", "//1.0.0.tgz"]
)
def test_odd_keys_are_kept_without_a_version_or_a_name_that_is_none(con: duck.Connection, path: str) -> None:
    name, _, _ = parsed(con, path)
    assert name != ""


@pytest.fixture(scope="module")
def warehouse(tmp_path_factory: pytest.TempPathFactory, synced_once: Open) -> Warehouse:
    builder = Builder(tmp_path_factory.mktemp("packages"))
    at = utc("2026-03-01T10:00:00")
    builder.put(
        [], "packages/0xaa11bb/react/19.0.0.tgz", size=10, stored=at, metadata={"integrity": "sha512-x"}
    )
    builder.put([], "packages/0xaa11bb/react/18.0.0.tgz", size=20, stored=at, metadata={"shasum": "abc"})
    builder.put([], "packages/left-pad/1.0.0.tgz", size=30, stored=at)
    builder.put([], "packages/folder/", size=0, stored=at)
    return synced_once(builder)


def test_packages_come_by_key_with_their_fields(warehouse: Warehouse) -> None:
    answer = warehouse.packages()
    assert answer["totalCount"] == 3  # a folder marker is no package
    assert answer["nextContinuationToken"] is None
    assert [package["key"] for package in answer["packages"]] == [
        "packages/0xaa11bb/react/18.0.0.tgz",
        "packages/0xaa11bb/react/19.0.0.tgz",
        "packages/left-pad/1.0.0.tgz",
    ]
    assert answer["packages"][1] == {
        "name": "react",
        "version": "19.0.0",
        "configHash": "0xaa11bb",
        "timestamp": millis("2026-03-01T10:00:00"),
        "size": 10,
        "integrity": "sha512-x",
        "bucket": "memory",
        "key": "packages/0xaa11bb/react/19.0.0.tgz",
        "etag": "etag-1",
        "storageClass": "STANDARD",
    }
    assert [package["integrity"] for package in answer["packages"]] == ["abc", "sha512-x", None]


def test_packages_are_filtered_by_name_and_hash(warehouse: Warehouse) -> None:
    assert warehouse.packages(package_name="react")["totalCount"] == 2
    assert warehouse.packages(config_hash="AA11BB")["totalCount"] == 2
    assert warehouse.packages("0xaa11bb", "left-pad")["packages"] == []


def test_pages_follow_each_other_without_loss(warehouse: Warehouse) -> None:
    first = warehouse.packages(limit=2)
    second = warehouse.packages(limit=2, continuation_token=first["nextContinuationToken"])
    assert first["nextContinuationToken"] == "memory/" + first["packages"][-1]["key"]
    assert [package["name"] for package in first["packages"] + second["packages"]] == [
        "react",
        "react",
        "left-pad",
    ]
    assert second["nextContinuationToken"] is None
    assert (first["totalCount"], second["totalCount"]) == (3, 3)
    assert warehouse.packages(limit=3)["nextContinuationToken"] is None


def test_packages_are_counted_by_config_hash_most_first(warehouse: Warehouse) -> None:
    assert warehouse.run("package_distribution") == [
        {"name": "0xaa11bb", "objects": 2},
        {"name": "unknown", "objects": 1},
    ]
