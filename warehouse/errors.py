"""The one hierarchy of errors that a person gets to see.

Each error has a title that a person understands, a detail that names the field, file or line, and
(where there is one) a hint that says what to do. The command line prints them as one line, the API
as an RFC 9457 problem. Secrets never enter any of the three texts.
"""

from __future__ import annotations

from typing import ClassVar


class WarehouseError(Exception):
    """Anything that went wrong and that its reader can act on.

    `title` is the same for every error of a class; `detail` tells this one apart.
    """

    title: ClassVar[str] = "The warehouse could not do that"
    slug: ClassVar[str] = "warehouse-error"
    http_status: ClassVar[int] = 500
    exit_code: ClassVar[int] = 1

    def __init__(self, detail: str, *, hint: str | None = None, field: str | None = None) -> None:
        super().__init__(detail)
        self.detail = detail
        self.hint = hint
        self.field = field
        #: What had been done when it happened, and stays; for work that goes on from there the next time.
        self.kept: str | None = None

    @property
    def explained(self) -> str:
        """The detail, what to do, and what was done before, as far as there are such."""
        text = f"{self.detail} ({self.hint})" if self.hint else self.detail
        return f"{text}; {self.kept}" if self.kept else text

    def __str__(self) -> str:
        """One line: title, detail and, if there is one, what to do."""
        return f"{self.title}: {self.explained}"


class SettingError(WarehouseError):
    """A setting is wrong or missing; `field` is the environment variable to mend."""

    title = "A setting is wrong or missing"
    slug = "setting"
    exit_code = 2


class BadRequestError(WarehouseError):
    """A parameter of a request or a command cannot be used; `field` is its name."""

    title = "A parameter cannot be used"
    slug = "bad-parameter"
    http_status = 400
    exit_code = 2


class NotFoundError(WarehouseError):
    """What the request names is not there."""

    title = "There is nothing of that name"
    slug = "unknown-name"
    http_status = 404


class ConflictError(WarehouseError):
    """What is to be made is there already; `field` names what has to differ."""

    title = "There is one of that name already"
    slug = "name-taken"
    http_status = 409


class OutdatedError(WarehouseError):
    """What is to be changed is no longer what the caller read; `field` is the header that tells."""

    title = "Somebody changed it meanwhile"
    slug = "outdated"
    http_status = 412


class NotifyError(WarehouseError):
    """A message about an alert did not arrive."""

    title = "The message did not arrive"
    slug = "notify"
    http_status = 502


class AccessDeniedError(WarehouseError):
    """The caller has not shown that it may do this."""

    title = "You may not do that"
    slug = "access-denied"
    http_status = 403


class AuthenticationError(WarehouseError):
    """The caller sent no admin token, or a wrong one."""

    title = "An admin token is needed"
    slug = "admin-token"
    http_status = 401


class BusyError(WarehouseError):
    """Another writer (a sync or a cleanup) holds the warehouse."""

    title = "The warehouse is busy"
    slug = "busy"
    http_status = 409


class BucketError(WarehouseError):
    """The bucket did not answer as needed: wrong name, no right, no route."""

    title = "The bucket cannot be used"
    slug = "bucket"
    http_status = 502


class CredentialsError(BucketError):
    """The credentials are refused, or the key pair cannot be derived from the API token."""

    title = "The credentials are refused"
    slug = "credentials"


class QueueError(WarehouseError):
    """The queue of event notifications did not answer as needed, or a message of it is none of R2."""

    title = "The queue cannot be used"
    slug = "queue"
    http_status = 502


class ObjectError(WarehouseError):
    """One object of the bucket cannot be read (a truncated gzip, a body that is too short)."""

    title = "An object cannot be read"
    slug = "object"


class IntegrityError(WarehouseError):
    """Counts do not add up; nothing of the batch in question was committed."""

    title = "Counts do not add up"
    slug = "integrity"


class QueryError(WarehouseError):
    """A SQL text of the user cannot be run."""

    title = "The query cannot be run"
    slug = "query"
    http_status = 400
    exit_code = 2


class UnavailableError(WarehouseError):
    """A part that is needed (the embedded S3 server, the disk) is not there or does not answer."""

    title = "Something that is needed is not available"
    slug = "unavailable"
    http_status = 503


def in_one_line(error: BaseException) -> str:
    """What a log says of an error: ours in full, of any other its class and the first line of its text."""
    if isinstance(error, WarehouseError):
        return str(error)
    reason = next(iter(str(error).splitlines()), "")
    return f"{type(error).__name__}: {reason}" if reason else type(error).__name__
