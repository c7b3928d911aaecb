"""Compares a listing with the ledger, a page at a time, so that neither needs to be in memory.

What was listed is kept in a temporary table of the manifest's connection (on disk when it grows), because
servers do not agree on an order in which both could be walked side by side.
"""

from __future__ import annotations

import json
from collections.abc import Collection, Iterator

from msgspec import Struct

from warehouse.manifest import LedgerObject, Manifest, ledger_object

#: Objects of the ledger that are taken into memory together.
_PAGE = 10_000
#: No character comes after it: below it is every key that begins with what stands before it.
_LAST = chr(0x10FFFF)


class Scope(Struct, frozen=True):
    """What a listing covers: keys below `prefix`, after `after`; `loose`: only those in no folder of it.

    Keys below prefixes of `without` are somebody else's.
    """

    prefix: str
    after: str | None = None
    loose: bool = False
    without: tuple[str, ...] = ()

    def covers(self, key: str) -> bool:
        """Whether a key would have been listed."""
        return (
            key.startswith(self.prefix)
            and (self.after is None or key > self.after)
            and not (self.loose and "/" in key[len(self.prefix) :])
            and not key.startswith(self.without)
        )


class Known(Struct, frozen=True):
    """What the ledger says of a key: the version that is mirrored; gone: it was no longer in the bucket."""

    etag: str
    gone: bool


class Ledger:
    """The ledger of one bucket, and what a listing of it named so far."""

    def __init__(self, manifest: Manifest, bucket: str) -> None:
        self._manifest = manifest
        self._bucket = bucket
        manifest.query("DROP TABLE IF EXISTS temp.listed")
        manifest.query("CREATE TEMP TABLE listed (key TEXT PRIMARY KEY) WITHOUT ROWID")

    def note(self, keys: Collection[str]) -> set[str]:
        """Note keys as listed; returns those that were not before."""
        rows = self._manifest.query(
            "INSERT OR IGNORE INTO temp.listed SELECT value FROM json_each(?) RETURNING key",
            [json.dumps([*keys])],
        )
        return {row[0] for row in rows}

    def known(self, keys: Collection[str], *, unread: bool = False) -> dict[str, Known]:
        """What the ledger has of these keys.

        A row without a format is an object of the inventory, whose content nobody read: it has no version,
        but for those who do not read it either (`unread`).
        """
        rows = self._manifest.query(
            "SELECT o.key, iif(o.format IS NULL AND NOT ?, '', o.etag), o.gone FROM json_each(?) AS j"
            " CROSS JOIN objects AS o ON o.bucket = ? AND o.key = j.value",
            [unread, json.dumps([*keys]), self._bucket],
        )
        return {row[0]: Known(row[1], bool(row[2])) for row in rows}

    def objects(self, keys: Collection[str]) -> dict[str, LedgerObject]:
        """The ledger's rows of these keys."""
        if not keys:
            return {}
        rows = self._manifest.query(
            "SELECT o.* FROM json_each(?) AS j CROSS JOIN objects AS o ON o.bucket = ? AND o.key = j.value",
            [json.dumps([*keys]), self._bucket],
        )
        return {row["key"]: ledger_object(row) for row in rows}

    def held(self, prefix: str) -> Iterator[list[LedgerObject]]:
        """Objects below a prefix that the bucket has, by key, page by page."""
        after = ""
        while rows := self._manifest.query(
            "SELECT * FROM objects WHERE bucket = ? AND key >= ? AND key < ? AND key > ? AND gone = 0"
            " ORDER BY key LIMIT ?",
            [self._bucket, prefix, prefix + _LAST, after, _PAGE],
        ):
            yield [ledger_object(row) for row in rows]
            after = rows[-1]["key"]

    def vanished(self, scope: Scope) -> Iterator[list[LedgerObject]]:
        """Objects of the ledger that a listing of `scope` did not name, page by page."""
        after = scope.after
        while True:
            rows = self._manifest.query(
                "SELECT * FROM objects AS o WHERE o.bucket = :bucket AND o.key >= :prefix AND o.key < :end"
                " AND (:after IS NULL OR o.key > :after) AND o.gone = 0"
                " AND NOT (:loose AND instr(substr(o.key, length(:prefix) + 1), '/') > 0)"
                " AND NOT EXISTS (SELECT 1 FROM json_each(:without) AS w"
                " WHERE substr(o.key, 1, length(w.value)) = w.value)"
                " AND NOT EXISTS (SELECT 1 FROM temp.listed AS l WHERE l.key = o.key)"
                " ORDER BY o.key LIMIT :page",
                {
                    "bucket": self._bucket,
                    "prefix": scope.prefix,
                    "end": scope.prefix + _LAST,
                    "after": after,
                    "loose": scope.loose,
                    "without": json.dumps(scope.without),
                    "page": _PAGE,
                },
            )
            if rows:
                yield [ledger_object(row) for row in rows]
            if len(rows) < _PAGE:
                return
            after = rows[-1]["key"]


def everything(manifest: Manifest) -> Iterator[list[LedgerObject]]:
    """Every object that a bucket has, of all buckets and prefixes, page by page."""
    bucket, key = "", ""
    while rows := manifest.query(
        "SELECT * FROM objects WHERE (bucket, key) > (?, ?) AND gone = 0 ORDER BY bucket, key LIMIT ?",
        [bucket, key, _PAGE],
    ):
        yield [ledger_object(row) for row in rows]
        bucket, key = rows[-1]["bucket"], rows[-1]["key"]
