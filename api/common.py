"""What the controllers share: the injected warehouse and the problems that every endpoint may answer."""

from __future__ import annotations

from litestar.di import NamedDependency
from litestar.openapi.datastructures import ResponseSpec
from litestar.params import SkipValidation

from api.problems import MEDIA_TYPE, Problem
from warehouse.service import Warehouse

TheWarehouse = NamedDependency[SkipValidation[Warehouse]]


def _spec(description: str) -> ResponseSpec:
    return ResponseSpec(Problem, description=description, generate_examples=False, media_type=MEDIA_TYPE)


BAD_PARAMETER = {400: _spec("A parameter cannot be used; the problem names it.")}
NOT_FOUND = {404: _spec("There is nothing of that name.")}
SERVER_ERROR = {500: _spec("The server failed; its log tells why under the request id.")}
ADMIN = {
    401: _spec("The admin token is missing or wrong."),
    403: _spec("A foreign origin, or a server that is open to others and has no admin token."),
    409: _spec("A sync or cleanup is running already."),
    502: _spec("The bucket does not answer as needed."),
    503: _spec("A setting or a part that this needs is missing; the problem names it."),
}
