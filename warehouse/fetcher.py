"""Fetches bodies in bulk: obstore asks first, and what it does not get is asked for by boto3.

obstore takes a sixth of boto3's time per object. It asks once: it could repeat requests too, but tells
neither how often (each one is billed and counted) nor what Retry-After says. So `warehouse.bucket` asks
again where that may help, after a pause. What is refused, gone or another version by now is not asked for
again.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from concurrent.futures import Executor, Future
from datetime import timedelta
from typing import Any

import obstore
from obstore.exceptions import (
    BaseError,
    PermissionDeniedError,
    PreconditionError,
    UnauthenticatedError,
)
from obstore.store import S3Store

from warehouse import bucket as s3
from warehouse.backoff import Passing
from warehouse.bucket import Bucket, ObjectInfo, changed, gone
from warehouse.credentials import resolve
from warehouse.settings import MIB, Settings

#: Bytes of a large object that one request asks for.
RANGE_BYTES = 8 * MIB
#: Bytes of an object from the first number up to (not with) the second.
Span = tuple[int, int]
#: The code in the body of an error, which obstore quotes in its message.
_CODE = re.compile(r"<Code>(\w+)</Code>")


class Fetcher:
    """Gets bodies of one bucket. Safe for use from several threads at once."""

    def __init__(self, settings: Settings, bucket: Bucket) -> None:
        self._bucket = bucket
        credentials = resolve(settings)
        self._store = S3Store(
            bucket.name,
            endpoint=credentials.endpoint,
            access_key_id=credentials.access_key_id,
            secret_access_key=credentials.secret_access_key,
            region=credentials.region,
            virtual_hosted_style_request=False,
            client_options={
                "allow_http": True,
                "connect_timeout": timedelta(seconds=10),
                "timeout": timedelta(minutes=5),
                "read_timeout": timedelta(seconds=s3.READ_TIMEOUT),
            },
            retry_config={"max_retries": 0},
        )

    def get(self, info: ObjectInfo, span: Span | None = None) -> bytes:
        """The body of an object as it was listed, or its bytes from `span[0]` up to (not with) `span[1]`.

        Raises ObjectError when the object is gone or has changed, CredentialsError when it is refused,
        BucketError when it cannot be had.
        """
        return self._bucket.get(
            info.key, etag=info.etag, span=span, size=info.size, first=lambda: self._first(info, span)
        )

    def _first(self, info: ObjectInfo, span: Span | None) -> bytes:
        """The first attempt; raises Passing where boto3 shall ask."""
        bucket, doing = self._bucket, f"get {info.key}"
        bucket.count(class_b=1)
        options: Any = {"if_match": f'"{info.etag}"'}
        if span:
            options["range"] = span
        try:
            answer = obstore.get(self._store, info.key, options=options)
            # Not every server heeds If-Match and Range.
            same = (answer.meta["e_tag"] or "").strip('"') == info.etag
            whole = tuple(answer.range) == (span or (0, info.size))
            body = bytes(answer.bytes()) if same and whole else b""
        except (PermissionDeniedError, UnauthenticatedError) as error:
            status = "403" if isinstance(error, PermissionDeniedError) else "401"
            raise bucket.refused(doing, _code(error) or status) from error
        except PreconditionError as error:
            raise changed(info.key) from error
        except FileNotFoundError as error:
            raise (bucket.missing() if _code(error) == "NoSuchBucket" else gone(info.key)) from error
        except (BaseError, ValueError, OSError) as error:
            raise Passing(bucket.unusable(doing, error)) from error
        if (
            not (same and whole)
            or len(body) != (span[1] - span[0] if span else info.size)
            or (span is None and bucket.etags.differs(info.etag, body))
        ):
            raise Passing(bucket.damaged(info.key, f"{len(body):,} bytes came"), at_once=True)
        bucket.count(downloaded_bytes=len(body))
        return body


def _code(error: Exception) -> str | None:
    found = _CODE.search(str(error))
    return found[1] if found else None


class LargeBody:
    """A body that is not held as a whole: iterating gives it in order, part by part, each time anew.

    The part after the one that is being read is fetched meanwhile. A part that fails is asked for again, and
    not what came before it.
    """

    def __init__(self, get: Callable[[ObjectInfo, Span], bytes], info: ObjectInfo, pool: Executor) -> None:
        self._get = get
        self._info = info
        self._pool = pool

    def __iter__(self) -> Iterator[bytes]:
        """Raises ObjectError when the object changes meanwhile, BucketError when a part cannot be had."""
        size = self._info.size
        following: Future[bytes] | None = None
        for start in range(0, size, RANGE_BYTES):
            part = following or self._ask(start)
            end = start + RANGE_BYTES
            following = self._ask(end) if end < size else None
            yield part.result()

    def _ask(self, start: int) -> Future[bytes]:
        span = (start, min(start + RANGE_BYTES, self._info.size))
        return self._pool.submit(self._get, self._info, span)
