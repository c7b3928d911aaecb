"""Answers that are kept as long as they hold: until the warehouse's generation moves."""

from __future__ import annotations

import threading
from collections import OrderedDict
from collections.abc import Callable
from concurrent.futures import Future
from typing import Any, TypeVar

from warehouse.engine import Engine

Answer = TypeVar("Answer")
Row = dict[str, Any]

#: Answers kept per generation and window: dashboards ask the same thing many times within one slot.
_MOST = 256
#: Commits are seconds apart and answers take milliseconds: one repetition is nearly always enough.
_ATTEMPTS = 3


class KeptAnswers:
    """The latest answers of one engine. Safe for use from several threads."""

    def __init__(self, engine: Engine) -> None:
        self._engine = engine
        self._answers: OrderedDict[tuple[Any, ...], Any] = OrderedDict()
        self._under_way: dict[tuple[Any, ...], Future[Any]] = {}
        self._lock = threading.Lock()

    def get(self, name: str, parameters: Row, compute: Callable[[Row], Answer]) -> Answer:
        """The answer to a question that was asked before in this generation, or a new one.

        Who asks what is being computed waits for it: after a commit, every viewer asks the same. An answer of
        several queries is of one generation: when a commit came between them, they are asked again.
        """
        asked = (name, *sorted((field, str(value)) for field, value in parameters.items()))
        generation = self._engine.snapshot().generation
        with self._lock:
            if (generation, asked) in self._answers:
                self._answers.move_to_end((generation, asked))
                kept: Answer = self._answers[generation, asked]
                return kept
            mine = Future[Answer]()
            under_way = self._under_way.setdefault((generation, asked), mine)
        if under_way is not mine:
            awaited: Answer = under_way.result()
            return awaited
        try:
            answer, of = self._compute(parameters, compute, generation)
        except BaseException as error:
            self._end((generation, asked))
            mine.set_exception(error)
            raise
        self._end((generation, asked), (of, asked), answer)
        mine.set_result(answer)
        return answer

    def _compute(
        self, parameters: Row, compute: Callable[[Row], Answer], generation: int
    ) -> tuple[Answer, int]:
        """An answer, and the generation that it is of."""
        attempts_left = _ATTEMPTS
        while True:
            answer = compute(parameters)
            before, generation = generation, self._engine.snapshot().generation
            attempts_left -= 1
            if not attempts_left or generation == before:
                return answer, before

    def _end(self, begun: tuple[Any, ...], key: tuple[Any, ...] | None = None, answer: Any = None) -> None:
        with self._lock:
            del self._under_way[begun]
            if key is not None:
                self._answers[key] = answer
            while len(self._answers) > _MOST:
                self._answers.popitem(last=False)
