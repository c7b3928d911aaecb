"""Kept answers (warehouse/answers.py): of one generation, computed once for all who ask at the same time."""

from __future__ import annotations

import threading
from concurrent.futures import ThreadPoolExecutor
from types import SimpleNamespace
from typing import Any, cast

import pytest

from warehouse.answers import KeptAnswers
from warehouse.engine import Engine


class Generations:
    """An engine of which only the generation counts."""

    def __init__(self) -> None:
        self.generation = 1

    def snapshot(self) -> SimpleNamespace:
        return SimpleNamespace(generation=self.generation)


def kept(engine: Generations) -> KeptAnswers:
    return KeptAnswers(cast(Engine, engine))


def test_a_question_is_computed_once_a_generation() -> None:
    engine, computed = Generations(), []
    answers = kept(engine)

    def ask(hours: int) -> Any:
        return answers.get("figures", {"hours": hours}, lambda asked: computed.append(asked["hours"]))

    for hours in (1, 1, 2, 1):
        ask(hours)
    assert computed == [1, 2]
    engine.generation = 2
    ask(1)
    assert computed == [1, 2, 1]


@pytest.mark.parametrize("fails", [False, True])
def test_who_asks_what_is_being_computed_waits_for_it(fails: bool) -> None:
    answers, begun, go = kept(Generations()), threading.Event(), threading.Event()
    computed = []

    def compute(_: dict[str, Any]) -> str:
        computed.append(1)
        begun.set()
        assert go.wait(10)
        if fails:
            raise ValueError("no file")
        return "answer"

    def ask() -> str:
        try:
            return answers.get("figures", {}, compute)
        except ValueError as error:
            return str(error)

    with ThreadPoolExecutor(4) as pool:
        asked = [pool.submit(ask)]
        assert begun.wait(10)
        asked += [pool.submit(ask) for _ in range(3)]
        while len(answers._under_way) != 1 or sum(one.running() for one in asked) < 4:
            pass
        go.set()
        told = {one.result(10) for one in asked}
    assert told == {"no file" if fails else "answer"}
    assert not answers._under_way
    if not fails:
        assert computed == [1]


def test_an_answer_that_a_commit_came_into_is_computed_again() -> None:
    engine = Generations()
    answers = kept(engine)
    seen = []

    def compute(_: dict[str, Any]) -> int:
        seen.append(engine.generation)
        if len(seen) == 1:
            engine.generation = 2
        return engine.generation

    assert answers.get("figures", {}, compute) == 2
    assert answers.get("figures", {}, compute) == 2
    assert seen == [1, 2]


def test_the_longest_unasked_answers_go_first(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("warehouse.answers._MOST", 2)
    answers, computed = kept(Generations()), []
    for hours in (1, 2, 1, 3, 1, 2):
        answers.get("figures", {"hours": hours}, lambda asked: computed.append(asked["hours"]))
    assert computed == [1, 2, 3, 2]
