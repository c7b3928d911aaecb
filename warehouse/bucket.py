"""The bucket: list, get, head, put and delete over any S3 API. The only importer of boto3.

R2 bills Class A operations (list, put) and Class B operations (get, head); every attempt is counted here.
"""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager, suppress
from datetime import UTC, datetime
from functools import cache
from typing import Any, TypeVar
from urllib.parse import urlsplit

import boto3
import botocore.exceptions
import botocore.session
from botocore.config import Config
from botocore.utils import parse_timestamp
from msgspec import Struct

from warehouse.backoff import Passing, Patience, may_pass, seconds_of
from warehouse.checksum import EtagCheck
from warehouse.credentials import resolve
from warehouse.errors import BucketError, CredentialsError, ObjectError, SettingError
from warehouse.settings import Settings

T = TypeVar("T")

_REFUSED = {"401", "403", "AccessDenied", "InvalidAccessKeyId", "SignatureDoesNotMatch", "Unauthorized"}
_MISSING = {"404", "NoSuchKey", "NotFound"}
#: Seconds without a byte after which an answer counts as stalled.
READ_TIMEOUT = 60.0
#: Codes of throttling and of timeouts, whatever the status is that they come with.
_PASSING = {"SlowDown", "Throttling", "ThrottlingException", "TooManyRequests", "RequestLimitExceeded"} | {
    "RequestTimeout",
    "RequestTimeoutException",
}
#: What R2 bills for the operations that are used here, by boto3's names. Deleting is free.
_CLASS_A = {"ListObjectsV2", "PutObject", "CreateBucket"}
_CLASS_B = {"GetObject", "HeadObject", "HeadBucket"}
#: One session per process: each new one would read the description of S3 (0.2 s) again.
_session_lock = threading.Lock()


@cache
def _session() -> boto3.session.Session:
    """The session of all clients. The parser of times that botocore brings takes half of a listing's time."""
    core = botocore.session.get_session()
    core.get_component("response_parser_factory").set_parser_defaults(timestamp_parser=_moment)
    return boto3.session.Session(botocore_session=core)


def _moment(value: Any) -> datetime:
    """A time as a server writes it: ISO 8601 in listings, other forms in headers."""
    try:
        return datetime.fromisoformat(value)
    except (TypeError, ValueError):
        return parse_timestamp(value)


class ObjectInfo(Struct, frozen=True):
    """One listed object. `size` in bytes as stored; `etag` is opaque, without quotes."""

    key: str
    etag: str
    size: int
    last_modified: datetime
    storage_class: str


class ObjectHead(Struct, frozen=True):
    """What a HEAD tells of an object: its info and the metadata its writer gave it."""

    info: ObjectInfo
    metadata: dict[str, str]


class Level(Struct, frozen=True):
    """A page of one level of keys: the objects right there, and the folders (their keys end in a slash)."""

    objects: list[ObjectInfo]
    folders: list[str]


def _is_loopback(endpoint: str) -> bool:
    return urlsplit(endpoint).hostname in {"127.0.0.1", "localhost", "::1"}


class Bucket:
    """One bucket. Safe for use from several threads at once."""

    def __init__(self, settings: Settings) -> None:
        if settings.bucket is None:
            raise SettingError(
                "R2_BUCKET_NAME is not set",
                hint="set it to your bucket's name, or start the demo with `make run`",
                field="R2_BUCKET_NAME",
            )
        credentials = resolve(settings)
        self.name = settings.bucket
        self.endpoint = credentials.endpoint
        self.etags = EtagCheck()
        self._lock = threading.Lock()
        self.class_a = 0
        self.class_b = 0
        self.retries = 0
        self.downloaded_bytes = 0
        self._patience = Patience(lambda: self.count(retries=1))
        config = Config(
            # A proxy of the environment is not the way to this machine itself.
            proxies={} if _is_loopback(credentials.endpoint) else None,
            # R2 does not know the checksums that boto3 sends by default since 1.36.
            request_checksum_calculation="when_required",
            response_checksum_validation="when_required",
            s3={"addressing_style": "path"},
            max_pool_connections=settings.fetch_threads + 2,
            connect_timeout=10,
            read_timeout=READ_TIMEOUT,
            # `warehouse.backoff` repeats: botocore does not heed Retry-After and pauses for a few
            # milliseconds after most errors of a server.
            retries={"mode": "standard", "total_max_attempts": 1},
        )
        # A session may not be used from several threads at once; the clients that it makes may.
        with _session_lock:
            self._s3: Any = _session().client(
                "s3",
                endpoint_url=credentials.endpoint,
                aws_access_key_id=credentials.access_key_id,
                aws_secret_access_key=credentials.secret_access_key,
                region_name=credentials.region,
                config=config,
            )
        self._s3.meta.events.register("before-send.s3", self._sent)

    def list(self, prefix: str, start_after: str | None = None) -> Iterator[ObjectInfo]:
        """Every object below `prefix`, page by page (1,000 keys a call, Class A)."""
        for page in self._pages({"Prefix": prefix}, start_after):
            yield from _infos(page)

    def level(self, prefix: str, start_after: str | None = None) -> Iterator[Level]:
        """The objects and folders right below `prefix`, page by page (1,000 of both a call, Class A)."""
        for page in self._pages({"Prefix": prefix, "Delimiter": "/"}, start_after):
            yield Level([*_infos(page)], [item["Prefix"] for item in page.get("CommonPrefixes", [])])

    def _pages(self, what: dict[str, str], start_after: str | None) -> Iterator[Any]:
        request: dict[str, Any] = {"Bucket": self.name} | what
        if start_after:
            request["StartAfter"] = start_after
        while True:
            page = self._ask(f"list {what['Prefix']}", self._s3.list_objects_v2, request)
            yield page
            token = page.get("NextContinuationToken")
            if not page.get("IsTruncated") or not token:
                return
            request = {"Bucket": self.name, "ContinuationToken": token} | what

    def get(
        self,
        key: str,
        *,
        etag: str | None = None,
        span: tuple[int, int] | None = None,
        size: int = 0,
        first: Callable[[], bytes] | None = None,
    ) -> bytes:
        """The body of one object (Class B), or its bytes from `span[0]` up to (not with) `span[1]`.

        With `etag`, only that version of it; with `size`, at least so many bytes. `first` is a first attempt
        by other means. Raises ObjectError when the object is gone or has changed since it was listed,
        CredentialsError when it is refused, BucketError when its body does not arrive whole and undamaged in
        several attempts.
        """
        request = {"Bucket": self.name, "Key": key} | ({"IfMatch": f'"{etag}"'} if etag else {})
        request |= {"Range": f"bytes={span[0]}-{span[1] - 1}"} if span else {}
        former: bytes | None = None

        def attempt() -> bytes:
            nonlocal first, former
            if first is not None:
                other, first = first, None
                return other()
            with self._explained(f"get {key}", key=key):
                reply = self._s3.get_object(**request)
                # Not every server heeds If-Match.
                if etag and reply["ETag"].strip('"') != etag:
                    reply["Body"].close()
                    raise changed(key)
                body: bytes = reply["Body"].read()
            self.count(downloaded_bytes=len(body))
            if len(body) < (span[1] - span[0] if span else size):
                odd = f"{len(body):,} bytes came"
            elif etag and not span and self.etags.differs(etag, body):
                if body == former:
                    # What comes twice is what is stored.
                    self.etags.came_twice()
                    return body
                odd, former = "its MD5 is not its ETag", body
            else:
                # Nor does every server heed Range.
                return body[slice(*span)] if span and len(body) > span[1] - span[0] else body
            raise Passing(self.damaged(key, odd), at_once=True)

        return self._patience.run(attempt)

    def head(self, key: str) -> ObjectHead:
        """Size, ETag, time and the writer's metadata of one object (Class B)."""
        reply = self._ask(f"head {key}", self._s3.head_object, {"Bucket": self.name, "Key": key}, key)
        info = ObjectInfo(
            key=key,
            etag=reply["ETag"].strip('"'),
            size=reply["ContentLength"],
            last_modified=reply["LastModified"].astimezone(UTC),
            storage_class=reply.get("StorageClass") or "STANDARD",
        )
        # Metadata are HTTP headers: some servers write their names in capitals.
        return ObjectHead(
            info, {name.lower(): value for name, value in (reply.get("Metadata") or {}).items()}
        )

    def put(
        self,
        key: str,
        data: bytes,
        metadata: Mapping[str, str] | None = None,
        content_type: str | None = None,
    ) -> None:
        """Store one object (Class A)."""
        request: dict[str, Any] = {"Bucket": self.name, "Key": key, "Body": data}
        request |= {"Metadata": dict(metadata)} if metadata else {}
        request |= {"ContentType": content_type} if content_type else {}
        self._ask(f"put {key}", self._s3.put_object, request)

    def delete(self, key: str) -> None:
        """Delete one object (free on R2); an object that is gone already is fine."""
        self._ask(f"delete {key}", self._s3.delete_object, {"Bucket": self.name, "Key": key})

    def create(self) -> None:
        """Create the bucket; one that is ours already is fine. For the embedded store and tests."""

        def make(**request: str) -> None:
            with suppress(self._s3.exceptions.BucketAlreadyOwnedByYou):
                self._s3.create_bucket(**request)

        self._ask("create the bucket", make, {"Bucket": self.name})

    def check(self) -> datetime | None:
        """Ask for the bucket (Class B); returns the server's clock from the Date header, if sent.

        Raises BucketError or CredentialsError with the reason.
        """
        reply = self._ask("reach the bucket", self._s3.head_bucket, {"Bucket": self.name})
        date = reply["ResponseMetadata"]["HTTPHeaders"].get("date")
        if not date:
            return None
        return datetime.strptime(date, "%a, %d %b %Y %H:%M:%S GMT").replace(tzinfo=UTC)

    def close(self) -> None:
        """Close the connections."""
        self._s3.close()

    def count(
        self, *, class_a: int = 0, class_b: int = 0, retries: int = 0, downloaded_bytes: int = 0
    ) -> None:
        """Note operations (every attempt) and bytes received, also those of another client of the bucket."""
        with self._lock:
            self.class_a += class_a
            self.class_b += class_b
            self.retries += retries
            self.downloaded_bytes += downloaded_bytes

    def refused(self, doing: str, code: str) -> CredentialsError:
        """The error that the bucket does not let us do something."""
        if code == "RequestTimeTooSkewed":
            hint = (
                "the clock of this machine is wrong: the bucket refuses requests of another time than its own"
            )
        else:
            hint = "check the key pair or API token and its rights on this bucket"
        return CredentialsError(f"cannot {doing} in bucket {self.name} at {self.endpoint}: {code}", hint=hint)

    def missing(self) -> BucketError:
        """The error that there is no such bucket."""
        return BucketError(
            f"there is no bucket {self.name} at {self.endpoint}",
            hint="check R2_BUCKET_NAME, the account and the jurisdiction",
            field="R2_BUCKET_NAME",
        )

    def unusable(self, doing: str, error: Exception) -> BucketError:
        """The error that no answer came, or none that can be read."""
        return BucketError(
            f"cannot {doing} in bucket {self.name}: no usable answer from {self.endpoint}"
            f" ({type(error).__name__})",
            hint="check R2_ENDPOINT and the network",
            field="R2_ENDPOINT",
        )

    def damaged(self, key: str, odd: str) -> BucketError:
        """The error that a body came, but not as it is stored."""
        return BucketError(
            f"cannot get {key} in bucket {self.name}: it arrives damaged ({odd})",
            hint="check the network and proxies between here and the bucket",
        )

    def _sent(self, request: Any, event_name: str, **_: Any) -> None:
        """Count a request that is about to be sent; boto3 tells of each."""
        operation = event_name.rpartition(".")[2]
        self.count(class_a=operation in _CLASS_A, class_b=operation in _CLASS_B)

    def _ask(
        self, doing: str, call: Callable[..., T], request: Mapping[str, Any], key: str | None = None
    ) -> T:
        """The answer to a request, which is repeated while that may help."""

        def attempt() -> T:
            with self._explained(doing, key):
                return call(**request)

        return self._patience.run(attempt)

    @contextmanager
    def _explained(self, doing: str, key: str | None = None) -> Iterator[None]:
        """Turn what boto3 raises into errors that say why, wrapped in Passing where it may pass."""
        try:
            yield
        except botocore.exceptions.ClientError as error:
            code = str(error.response.get("Error", {}).get("Code", ""))
            answer = error.response.get("ResponseMetadata", {})
            status = int(answer.get("HTTPStatusCode", 0))
            if code in _REFUSED or status in {401, 403}:
                raise self.refused(doing, code) from error
            if code == "NoSuchBucket" or (key is None and status == 404):
                raise self.missing() from error
            if key is not None and (code in _MISSING or status == 412):
                raise (changed(key) if status == 412 else gone(key)) from error
            failure = BucketError(f"cannot {doing} in bucket {self.name}: {code or status}")
            if code in _PASSING or may_pass(status):
                pause = seconds_of(answer.get("HTTPHeaders", {}).get("retry-after"))
                raise Passing(failure, retry_after=pause) from error
            raise failure from error
        except botocore.exceptions.ParamValidationError as error:
            raise BucketError(
                f"cannot {doing}: {self.name!r} is no name of a bucket, or the key is none",
                hint="check R2_BUCKET_NAME",
                field="R2_BUCKET_NAME",
            ) from error
        except (botocore.exceptions.ConnectionError, botocore.exceptions.HTTPClientError) as error:
            raise Passing(self.unusable(doing, error)) from error
        except (botocore.exceptions.BotoCoreError, OSError) as error:
            raise self.unusable(doing, error) from error


def _infos(page: Any) -> Iterator[ObjectInfo]:
    """The objects of a page of a listing."""
    for item in page.get("Contents", []):
        yield ObjectInfo(
            key=item["Key"],
            etag=item["ETag"].strip('"'),
            size=item["Size"],
            last_modified=item["LastModified"].astimezone(UTC),
            storage_class=item.get("StorageClass") or "STANDARD",
        )


def changed(key: str) -> ObjectError:
    """The error that an object is another one than was listed."""
    return ObjectError(f"{key} changed since it was listed", hint="the next sync takes it as it is then")


def gone(key: str) -> ObjectError:
    """The error that an object is no longer there."""
    return ObjectError(f"{key} is gone")
