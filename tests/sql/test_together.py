"""Questions that need none of each other (Engine.together): at once or in turn, the answers are the same."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing

import pytest

from tests.warehouse_builder import Builder
from warehouse.engine import Engine
from warehouse.errors import QueryError


@pytest.fixture
def engine(builder: Builder) -> Iterator[Engine]:
    with closing(builder.open()) as warehouse:
        yield warehouse._engine


def asks(engine: Engine, number: int) -> Callable[[], int]:
    return lambda: int(engine.sql("SELECT $n", {"n": number}).rows[0][0])


def test_answers_come_in_the_order_of_their_questions(engine: Engine) -> None:
    assert engine.together(*(asks(engine, number) for number in range(20))) == list(range(20))
    assert engine.together(asks(engine, 7)) == [7]


def test_two_questions_are_answered_at_the_same_time(engine: Engine) -> None:
    met = threading.Barrier(2)
    # Each waits until the other has begun.
    places = engine.together(lambda: met.wait(30), lambda: met.wait(30))
    assert sorted(places) == [0, 1]


def test_who_finds_no_free_core_answers_alone(engine: Engine) -> None:
    held = threading.Event()
    helpers = engine._helpers._max_workers
    busy = [engine._helpers.submit(held.wait) for _ in range(helpers)]
    try:
        assert engine.together(*(asks(engine, number) for number in range(4))) == [0, 1, 2, 3]
    finally:
        held.set()
    assert all(each.result() for each in busy)


def test_who_asks_answers_what_no_helper_has_begun(engine: Engine) -> None:
    held = threading.Event()

    def last() -> bool:
        held.set()
        return True

    # The helpers are busy with the first ones until the last one, in the queue behind them, is answered.
    waiting = [lambda: held.wait(30) for _ in range(engine._helpers._max_workers)]
    assert all(engine.together(lambda: True, *waiting, last))


def test_questions_of_many_at_once_do_not_wait_for_each_other(engine: Engine) -> None:
    def several(number: int) -> list[list[int]]:
        return engine.together(
            *(lambda: engine.together(asks(engine, number), asks(engine, number + 1)) for _ in range(3))
        )

    with ThreadPoolExecutor(8) as pool:
        found = list(pool.map(several, range(40), timeout=60))
    assert found == [[[number, number + 1]] * 3 for number in range(40)]


@pytest.mark.parametrize("place", [0, 1, 2])
def test_a_question_that_fails_is_told(engine: Engine, place: int) -> None:
    questions = [asks(engine, number) for number in range(3)]
    questions[place] = lambda: engine.sql("SELECT nothing")  # type: ignore[assignment, return-value]
    with pytest.raises(QueryError, match="nothing"):
        engine.together(*questions)
    assert engine.together(asks(engine, 1), asks(engine, 2)) == [1, 2]
