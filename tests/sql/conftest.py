"""Warehouses for the tests of the queries, closed again when a test or a module ends."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import ExitStack, closing
from pathlib import Path

import pytest

from tests.warehouse_builder import Builder
from warehouse import duck
from warehouse.service import Warehouse

Open = Callable[[Builder], Warehouse]


@pytest.fixture
def builder(tmp_path: Path) -> Builder:
    """An empty bucket and its warehouse."""
    return Builder(tmp_path / "data")


@pytest.fixture
def synced() -> Iterator[Open]:
    """Syncs a builder and opens its warehouse until the test ends."""
    with ExitStack() as stack:

        def open_it(builder: Builder) -> Warehouse:
            builder.sync()
            return stack.enter_context(closing(builder.open()))

        yield open_it


@pytest.fixture(scope="module")
def synced_once() -> Iterator[Open]:
    """The same, until the module's tests are over."""
    with ExitStack() as stack:

        def open_it(builder: Builder) -> Warehouse:
            builder.sync()
            return stack.enter_context(closing(builder.open()))

        yield open_it


@pytest.fixture(scope="module")
def con() -> Iterator[duck.Connection]:
    """A bare DuckDB that knows the macros."""
    with closing(duck.connect(threads=1)) as opened:
        yield opened
