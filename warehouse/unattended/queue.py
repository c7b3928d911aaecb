"""The queue of event notifications: Cloudflare Queues, pulled over HTTP.

A message that is pulled is leased: nobody else gets it until it is acknowledged, given back, or the lease
ends. Delivery is at least once and in no order.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import msgspec
import urllib3
from msgspec import Struct

from warehouse.backoff import Passing, Patience, may_pass, seconds_of
from warehouse.cloudflare import account_of, cause, host_of, http_pool, reason_of, usable_token
from warehouse.errors import CredentialsError, QueueError, SettingError, UnavailableError
from warehouse.settings import Settings

#: Messages of one pull, and of one acknowledgement; the API allows no more of the former.
BATCH = 100
#: How long messages are leased, in milliseconds: much longer than it takes to mirror what is pulled together.
#: After a kill they come again when it is over.
LEASE_MS = 10 * 60 * 1000
#: Seconds before a message that was given back is delivered again.
AGAIN_SECONDS = 60


class Message(Struct, frozen=True):
    """A message as it was pulled; `attempts` counts its deliveries, this one included."""

    id: str
    lease_id: str
    body: Any = None
    attempts: int = 1
    metadata: dict[str, Any] = {}


class _Pulled(Struct):
    messages: list[Message]


class Consumer(Struct, frozen=True):
    """Who takes the queue's messages: `type` is http_pull or worker."""

    type: str = ""
    dead_letter_queue: str | None = None


class Described(Struct, frozen=True):
    """What the API says of the queue itself."""

    queue_name: str = ""
    consumers: list[Consumer] = []


class Queue:
    """One queue. Make it where WAREHOUSE_QUEUE_ID is set; `close` it."""

    def __init__(self, settings: Settings) -> None:
        if settings.queue_id is None:
            raise SettingError(
                "WAREHOUSE_QUEUE_ID is not set",
                hint="set it to the id that `wrangler queues info NAME` shows",
                field="WAREHOUSE_QUEUE_ID",
            )
        if settings.account_id is None:
            raise SettingError(
                "CLOUDFLARE_ACCOUNT_ID is not set, which the queue needs",
                hint="set it to the account of the queue",
                field="CLOUDFLARE_ACCOUNT_ID",
            )
        self._variable = "WAREHOUSE_QUEUE_TOKEN" if settings.queue_token else "CLOUDFLARE_API_KEY"
        token = settings.queue_token or settings.api_token
        if token is None:
            raise SettingError(
                "neither WAREHOUSE_QUEUE_TOKEN nor CLOUDFLARE_API_KEY is set, of which the queue needs one",
                hint="set WAREHOUSE_QUEUE_TOKEN to an API token with Queues Edit rights",
                field="WAREHOUSE_QUEUE_TOKEN",
            )
        self._token = usable_token(token, self._variable)
        self._id, self._account = settings.queue_id, account_of(settings.account_id)
        self._host = host_of(settings.cloudflare_api)
        self._url = f"{settings.cloudflare_api.rstrip('/')}/accounts/{self._account}/queues/{self._id}"
        try:
            self._http = http_pool(self._url)
        except ValueError as error:
            raise SettingError(
                "CLOUDFLARE_API_BASE_URL is no usable address",
                hint="https://api.cloudflare.com/client/v4 when it is unset",
                field="CLOUDFLARE_API_BASE_URL",
            ) from error
        self._patience = Patience()

    def __repr__(self) -> str:
        """Which queue; not the token."""
        return f"Queue({self._id})"

    def close(self) -> None:
        """Close the connections."""
        self._http.clear()

    def described(self) -> Described:
        """Its name and consumers; no message is touched. Raises what `pull` raises."""
        answer = self._patience.run(lambda: self._asked("GET", "", None, "describe"))
        try:
            return msgspec.convert(answer.get("result"), Described)
        except msgspec.ValidationError as error:
            raise self._odd("a question about the queue", error) from error

    def pull(self) -> list[Message]:
        """Lease the next messages, BATCH at most; none when none is due now.

        Raises CredentialsError when the token is refused, QueueError when there is no such queue or its
        answer is none, UnavailableError when there is no answer in several attempts.
        """
        answer = self._post("pull", {"visibility_timeout_ms": LEASE_MS, "batch_size": BATCH})
        try:
            return msgspec.convert(answer.get("result"), _Pulled).messages
        except msgspec.ValidationError as error:
            raise self._odd("a pull from the queue", error) from error

    def settle(self, done: Sequence[Message], again: Sequence[Message] = ()) -> None:
        """Acknowledge messages, and give others back: those come again after AGAIN_SECONDS.

        A queue delivers a message as often as its consumer is set to, then it goes to the dead-letter queue.
        Raises what `pull` raises.
        """
        acks = [{"lease_id": message.lease_id} for message in done]
        retries = [{"lease_id": message.lease_id, "delay_seconds": AGAIN_SECONDS} for message in again]
        for start in range(0, max(len(acks), len(retries)), BATCH):
            part = slice(start, start + BATCH)
            self._post("ack", {"acks": acks[part], "retries": retries[part]})

    def _post(self, action: str, body: dict[str, Any]) -> dict[str, Any]:
        doing = f"{action} messages of"
        return self._patience.run(lambda: self._asked("POST", f"/messages/{action}", body, doing))

    def _asked(self, method: str, path: str, body: dict[str, Any] | None, doing: str) -> dict[str, Any]:
        """The answer of the API; raises Passing where another attempt may get a better one."""
        try:
            reply = self._http.request(
                method,
                self._url + path,
                body=None if body is None else msgspec.json.encode(body),
                headers={"Authorization": f"Bearer {self._token}", "Content-Type": "application/json"},
                timeout=urllib3.Timeout(connect=10, read=60),
                retries=False,
                redirect=False,  # a token is sent to no other host
            )
        except (urllib3.exceptions.HTTPError, OSError) as error:
            raise Passing(
                UnavailableError(
                    f"no usable answer from {self._host}, which holds the queue ({cause(error)})",
                    hint="check the network and CLOUDFLARE_API_BASE_URL",
                    field="CLOUDFLARE_API_BASE_URL",
                )
            ) from error
        try:
            answer = msgspec.json.decode(reply.data)
        except msgspec.DecodeError:
            answer = {}
        answer = answer if isinstance(answer, dict) else {}
        if reply.status != 200 or answer.get("success") is not True:
            self._fail(doing, reply, reason_of(answer, reply.status, self._token))
        return answer

    def _odd(self, what: str, error: Exception) -> QueueError:
        return QueueError(
            f"{self._host} answers {what} with something else: {error}",
            hint="check CLOUDFLARE_API_BASE_URL",
            field="CLOUDFLARE_API_BASE_URL",
        )

    def _fail(self, doing: str, reply: urllib3.BaseHTTPResponse, reason: str) -> None:
        """Raise what an answer means that is none."""
        if reply.status in {401, 403}:
            raise CredentialsError(
                f"{self._host} refuses the API token of {self._variable} for the queue: {reason}",
                hint="the token needs the right Account > Queues > Edit",
                field=self._variable,
            )
        if reply.status == 404:
            raise QueueError(
                f"there is no queue {self._id} in account {self._account}: {reason}",
                hint="check WAREHOUSE_QUEUE_ID (the id, not the name) and CLOUDFLARE_ACCOUNT_ID",
                field="WAREHOUSE_QUEUE_ID",
            )
        failure = QueueError(
            f"{self._host} does not {doing} the queue {self._id}: {reason}",
            hint="does it have an HTTP consumer? `wrangler queues consumer http add NAME` makes one",
        )
        if may_pass(reply.status):
            failure.hint = None
            raise Passing(failure, retry_after=seconds_of(reply.headers.get("Retry-After")))
        raise failure
