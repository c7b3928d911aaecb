"""Errors as RFC 9457 problems (application/problem+json).

What a reader can act on is told in full; what is a fault of ours is logged with its traceback under a
request id, and the reader gets that id and nothing of our insides.
"""

from __future__ import annotations

import logging
import re
from collections.abc import Mapping
from http import HTTPStatus
from typing import Annotated, Any

from litestar import Request, Response
from litestar.exceptions import (
    HTTPException,
    MethodNotAllowedException,
    NotFoundException,
    ValidationException,
)
from msgspec import UNSET, Meta, Struct, UnsetType

from api.params import CHOICES
from api.paths import PROBLEMS
from warehouse.errors import AuthenticationError, BadRequestError, SettingError, WarehouseError

MEDIA_TYPE = "application/problem+json"
FAULT_SLUG = "internal-error"
FAULT_TITLE = "The server failed"
log = logging.getLogger("api")


class Problem(Struct, rename="camel", kw_only=True):
    """What went wrong (RFC 9457)."""

    type: Annotated[str, Meta(description="URI reference of the kind of problem.")]
    title: Annotated[str, Meta(description="The kind of problem in words.")]
    status: Annotated[int, Meta(description="The HTTP status.")]
    detail: Annotated[str, Meta(description="What is wrong with this request, and what to do.")]
    instance: Annotated[str, Meta(description="Path of the request.")]
    parameter: Annotated[
        str | UnsetType, Meta(description="Name of the parameter or body field that cannot be used.")
    ] = UNSET
    request_id: Annotated[
        str | UnsetType, Meta(description="Under this id the server's log tells more (status 500 and above).")
    ] = UNSET


def status_of(error: type[WarehouseError]) -> int:
    """The HTTP status of one of our errors."""
    # No request can mend a setting: the server cannot do this until its owner has.
    return HTTPStatus.SERVICE_UNAVAILABLE if issubclass(error, SettingError) else error.http_status


def slug_of(status: HTTPStatus) -> str:
    """`not-found` for 404: how a refusal of the framework is called."""
    return status.phrase.lower().replace(" ", "-").replace("'", "")


#: How the framework says that a parameter has to be there.
_MISSING = re.compile(r"Missing required query parameter '(\w+)'")


def path_of(request: Request[Any, Any, Any]) -> str:
    """The path of a request. Not `request.url`: that fails over a Host header that is no name."""
    return str(request.scope["path"])


def respond(
    request: Request[Any, Any, Any], problem: Problem, headers: Mapping[str, str] | None = None
) -> Response[Any]:
    """The response that carries a problem."""
    if problem.status >= HTTPStatus.INTERNAL_SERVER_ERROR:
        problem.request_id = request.scope.get("state", {}).get("request_id", UNSET)
    return Response(problem, status_code=problem.status, media_type=MEDIA_TYPE, headers=dict(headers or {}))


def of_warehouse(request: Request[Any, Any, Any], error: WarehouseError) -> Response[Any]:
    """A problem from one of our own errors."""
    problem = Problem(
        type=f"{PROBLEMS}/{error.slug}",
        title=error.title,
        status=status_of(type(error)),
        detail=error.explained,
        instance=path_of(request),
    )
    if isinstance(error, BadRequestError) and error.field:
        problem.parameter = error.field
    if problem.status >= HTTPStatus.INTERNAL_SERVER_ERROR:
        log.error("%s", error, extra=_about(request))
    headers = (
        {"www-authenticate": 'Bearer realm="warehouse"'} if isinstance(error, AuthenticationError) else {}
    )
    return respond(request, problem, headers)


def of_http(request: Request[Any, Any, Any], error: HTTPException) -> Response[Any]:
    """A problem from an error that the framework raised."""
    if isinstance(error, ValidationException):
        return of_warehouse(request, _bad_parameter(error))
    status = HTTPStatus(error.status_code)
    if status >= HTTPStatus.INTERNAL_SERVER_ERROR:
        return of_fault(request, error)
    headers = dict(error.headers or {})
    if isinstance(error, NotFoundException):
        detail = f"there is nothing at {path_of(request)}"
    elif isinstance(error, MethodNotAllowedException):
        allowed = with_head(headers.get("allow", ""))
        detail = f"{request.method} is not allowed here; allowed: {allowed}"
        headers["allow"] = allowed
    else:
        detail = error.detail or status.description or status.phrase
    problem = Problem(
        type=f"{PROBLEMS}/{slug_of(status)}",
        title=status.phrase,
        status=status,
        detail=detail,
        instance=path_of(request),
    )
    return respond(request, problem, headers)


def with_head(allow: str) -> str:
    """An Allow header in order; `api.edge` answers HEAD wherever GET is."""
    names = {name.strip() for name in allow.split(",")}
    return ", ".join(sorted(names | {"HEAD"} if "GET" in names else names))


def of_fault(request: Request[Any, Any, Any], error: Exception) -> Response[Any]:
    """A problem for a fault of ours: the log gets everything, the reader a request id."""
    log.error("unexpected %s", type(error).__name__, exc_info=error, extra=_about(request))
    problem = Problem(
        type=f"{PROBLEMS}/{FAULT_SLUG}",
        title=FAULT_TITLE,
        status=HTTPStatus.INTERNAL_SERVER_ERROR,
        detail="the server could not answer this; its log tells why under the request id",
        instance=path_of(request),
    )
    return respond(request, problem)


HANDLERS: dict[int | type[Exception], Any] = {
    WarehouseError: of_warehouse,
    HTTPException: of_http,
    Exception: of_fault,
}


def _bad_parameter(error: ValidationException) -> BadRequestError:
    """The framework's complaint with the name that the client knows and without our types' names."""
    first: Any = error.extra[0] if isinstance(error.extra, list) and error.extra else {}
    name = camel(str(first.get("key", ""))) or None
    complaint = str(first.get("message") or error.detail)
    if missing := _MISSING.match(complaint):
        name, complaint = missing[1], "it is missing"
    if name in CHOICES:
        complaint = f"takes {CHOICES[name]}"
    complaint = re.sub(r", got `?\w+`?$", "", complaint.replace(" | null", ""))
    for technical, plain in (
        ("`int`", "an integer"),
        ("`float`", "a number"),
        ("`str`", "a text"),
        ("`bool`", "true or false"),
    ):
        complaint = complaint.replace(technical, plain)
    complaint = complaint[:1].lower() + complaint[1:]
    return BadRequestError(f"{name}: {complaint}" if name else complaint, field=name)


def camel(name: str) -> str:
    """`min_response_ms` as `minResponseMs`, the spelling of the contract."""
    return re.sub(r"_([a-z0-9])", lambda found: found.group(1).upper(), name)


def _about(request: Request[Any, Any, Any]) -> dict[str, Any]:
    state = request.scope.get("state", {})
    return {"request_id": state.get("request_id"), "method": request.method, "path": path_of(request)}


__all__ = [
    "FAULT_SLUG",
    "FAULT_TITLE",
    "HANDLERS",
    "MEDIA_TYPE",
    "Problem",
    "camel",
    "of_http",
    "of_warehouse",
    "respond",
    "slug_of",
    "status_of",
    "with_head",
]
