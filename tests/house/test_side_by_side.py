"""Queries side by side on one database: all are answered, an error ends them, the connection is as before."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from contextlib import closing

import pytest

from warehouse import duck


@pytest.fixture
def con() -> Iterator[duck.Connection]:
    with closing(duck.connect(threads=2)) as opened:
        yield opened


def threads_of(con: duck.Connection) -> object:
    return con.execute("SELECT current_setting('threads')").fetchall()


def square(con: duck.Connection, number: int) -> int:
    con.execute(f"CREATE OR REPLACE TEMP VIEW mine AS SELECT {number} AS n")
    return int(con.execute("SELECT n * n FROM mine").fetchall()[0][0])


def test_every_task_is_done_with_a_connection_that_no_other_uses_meanwhile(con: duck.Connection) -> None:
    assert sorted(duck.side_by_side(con, square, range(50))) == [number**2 for number in range(50)]
    assert threads_of(con) == [(2,)]


def test_as_many_run_at_a_time_as_the_connection_has_threads(con: duck.Connection) -> None:
    both = threading.Barrier(2, timeout=30)
    assert sorted(duck.side_by_side(con, lambda _, number: both.wait() + 10 * number, [1, 1])) == [10, 11]


def test_no_task_is_no_work(con: duck.Connection) -> None:
    assert list(duck.side_by_side(con, square, [])) == []
    assert threads_of(con) == [(2,)]


def test_an_error_ends_the_tasks_and_leaves_the_connection_as_it_was(con: duck.Connection) -> None:
    done: list[int] = []

    def work(cursor: duck.Connection, number: int) -> int:
        if number == 3:
            raise OSError("no space left")
        done.append(square(cursor, number))
        return number

    with pytest.raises(OSError, match="no space left"):
        list(duck.side_by_side(con, work, range(1000)))
    assert len(done) < 999
    assert threads_of(con) == [(2,)]
    assert square(con, 7) == 49
