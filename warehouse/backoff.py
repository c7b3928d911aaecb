"""How a request that failed is repeated: pauses that grow, at random, bounded in number and in time.

One policy for the bucket (boto3 and obstore) and the queue. Throttling, errors of the server and broken
connections may pass; whatever else an answer says stays true however often one asks.
"""

from __future__ import annotations

import time
from collections.abc import Callable
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime
from typing import TypeVar

import tenacity

from warehouse.errors import WarehouseError

T = TypeVar("T")

#: Attempts of one request, the first included.
ATTEMPTS = 6
#: The pause after the n-th attempt is anything from 0 to FIRST_PAUSE * 2^(n-1) seconds (full jitter).
FIRST_PAUSE = 0.5
LONGEST_PAUSE = 20.0
#: Seconds from the first attempt after which there is no other one.
TOTAL = 120.0
#: Requests that were not answered in time, that came too early or too often; besides them all of 5xx but
#: "not implemented" and "HTTP version not supported".
_PASSING, _LASTING = {408, 425, 429}, {501, 505}


class Passing(Exception):
    """A failure that the next attempt may not have; `error` is what to raise when there is no next one.

    `retry_after` are the seconds that the server wants to be left alone. `at_once`: an answer came and was of
    no use, so there is no need to spare the server.
    """

    def __init__(
        self, error: WarehouseError, *, retry_after: float | None = None, at_once: bool = False
    ) -> None:
        super().__init__(str(error))
        self.error = error
        self.retry_after = retry_after
        self.at_once = at_once


def may_pass(status: int) -> bool:
    """Whether an HTTP status is one that the next attempt may not get."""
    return status in _PASSING or (500 <= status < 600 and status not in _LASTING)


def seconds_of(retry_after: str | None) -> float | None:
    """The seconds that a Retry-After header stands for (a number or a date); None for none that is usable."""
    text = (retry_after or "").strip()
    if text.isascii() and text.isdigit():
        return float(text)
    try:
        until = parsedate_to_datetime(text)
    except ValueError:
        return None
    until = until if until.tzinfo else until.replace(tzinfo=UTC)
    return max((until - datetime.now(UTC)).total_seconds(), 0.0)


class Patience:
    """Repeats requests to one server. Safe for use from several threads at once.

    When the server says Retry-After to one of them, none asks before that.
    """

    def __init__(self, repeats: Callable[[], None] = lambda: None) -> None:
        self._repeats = repeats
        self._not_before = 0.0

    def run(self, attempt: Callable[[], T]) -> T:
        """What `attempt` returns, called again as long as it raises Passing and the bounds allow it.

        Then it raises the error of the last failure. `repeats` is told of each repetition.
        """
        self._wait_as_told()
        begun = time.monotonic()
        try:
            # Most requests are made once: what repeats them takes as long as a small object.
            return attempt()
        except Passing as failure:
            failures = [failure]

        rest = max(TOTAL - (time.monotonic() - begun), 0.0)

        def counted() -> T:
            if failures:
                raise failures.pop()
            return attempt()

        retrying = tenacity.Retrying(
            retry=tenacity.retry_if_exception_type(Passing),
            stop=tenacity.stop_any(tenacity.stop_after_attempt(ATTEMPTS), tenacity.stop_before_delay(rest)),
            wait=_pause,
            before=lambda _state: self._wait_as_told(),
            before_sleep=lambda _state: self._repeats(),
            after=self._note,
            sleep=time.sleep,
            reraise=True,
        )
        try:
            return retrying(counted)
        except Passing as last:
            error = last.error
            asked = retrying.statistics["attempt_number"]
            if last.retry_after is not None and asked < ATTEMPTS:
                error.hint = f"the server asks to be left alone for {last.retry_after:.0f} s"
            raise error from last.__cause__

    def _wait_as_told(self) -> None:
        if (seconds := self._not_before - time.monotonic()) > 0:
            time.sleep(seconds)

    def _note(self, state: tenacity.RetryCallState) -> None:
        failure = _failure(state)
        # Of a wait that is too long nobody has to wait for the end: it ends the request.
        if failure is not None and failure.retry_after is not None and failure.retry_after < TOTAL:
            self._not_before = max(self._not_before, time.monotonic() + failure.retry_after)


def _pause(state: tenacity.RetryCallState) -> float:
    """Seconds until the next attempt: what the server asks for, and a random part that grows."""
    failure = _failure(state)
    if failure is not None and failure.at_once:
        return 0.0
    random_part = tenacity.wait_random_exponential(multiplier=FIRST_PAUSE, max=LONGEST_PAUSE)(state)
    return random_part + ((failure.retry_after or 0.0) if failure is not None else 0.0)


def _failure(state: tenacity.RetryCallState) -> Passing | None:
    error = state.outcome.exception() if state.outcome is not None else None
    return error if isinstance(error, Passing) else None
