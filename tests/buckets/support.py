"""Several buckets of one warehouse, on a real S3 server and in memory."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any

import msgspec

from tests.sync.support import Mirror, gz, line
from tests.warehouse_builder import Builder
from warehouse.bucket import Bucket
from warehouse.embedded import EmbeddedS3
from warehouse.settings import Settings
from warehouse.settings_file import SettingsFile, with_buckets
from warehouse.settings_tables import BucketSettings


def settings_of(base: Settings, *tables: BucketSettings) -> Settings:
    """`base` with these tables in its settings file."""
    return with_buckets(base, SettingsFile(buckets=tables))


class Several:
    """Buckets that exist, and one warehouse of them all."""

    def __init__(self, s3: EmbeddedS3, data_dir: Path, names: Sequence[str]) -> None:
        base = msgspec.structs.replace(s3.settings(Settings(), names[0]), data_dir=data_dir, compact_days=0)
        self.base = base
        self.buckets = {name: Bucket(msgspec.structs.replace(base, bucket=name)) for name in names}
        for bucket in self.buckets.values():
            bucket.create()
        self.settings = settings_of(base, *(BucketSettings(name=name) for name in names))
        self.mirror = Mirror(self.settings, self.buckets[names[0]])

    def close(self) -> None:
        """Close the clients and the warehouse."""
        self.mirror.close()
        for bucket in self.buckets.values():
            bucket.close()

    def put(self, name: str, key: str, *messages: str, at_ms: float) -> None:
        """An object with a line per message, all of one moment."""
        self.buckets[name].put(key, gz([line(at_ms, message=message) for message in messages]))


def in_memory(data_dir: Path, *names: str) -> dict[str, Builder]:
    """A bucket in memory for each name; all are mirrored into one warehouse."""
    builders = {}
    for name in names:
        builder = Builder(data_dir)
        builder.bucket.name = name
        builder.settings = msgspec.structs.replace(builder.settings, bucket=name)
        builders[name] = builder
    return builders


def pages(answer: Any, key: str, token: str) -> list[Any]:
    """Everything that `answer(token)` gives, page by page."""
    found: list[Any] = []
    after = None
    while True:
        page = answer(after)
        found += page[key]
        after = page[token]
        if after is None:
            return found
