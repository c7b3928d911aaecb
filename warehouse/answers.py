"""Answers that are kept as long as they hold: until the warehouse's generation moves."""

from __future__ import annotations

import threading
from collections import OrderedDict
from collections.abc import Callable
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
        self._lock = threading.Lock()

    def get(self, name: str, parameters: Row, compute: Callable[[Row], Answer]) -> Answer:
        """The answer to a question that was asked before in this generation, or a new one.

        An answer of several queries is of one generation: when a commit came between them, they are asked
        again.
        """
        asked = (name, *sorted((field, str(value)) for field, value in parameters.items()))
        attempts_left = _ATTEMPTS
        while True:
            generation = self._engine.snapshot().generation
            with self._lock:
                if (generation, asked) in self._answers:
                    self._answers.move_to_end((generation, asked))
                    kept: Answer = self._answers[generation, asked]
                    return kept
            answer = compute(parameters)
            attempts_left -= 1
            if not attempts_left or self._engine.snapshot().generation == generation:
                break
        with self._lock:
            self._answers[generation, asked] = answer
            while len(self._answers) > _MOST:
                self._answers.popitem(last=False)
        return answer
