"""Bodies of requests: JSON of a shape, or an error that names the field."""

from __future__ import annotations

import re
from typing import TypeVar

import msgspec
from msgspec import Struct

from warehouse.errors import BadRequestError

Body = TypeVar("Body", bound=Struct)

_FIELD = re.compile(r" - at `\$\.?(\w*)")
_UNKNOWN = re.compile(r"unknown field `(.*)`", re.DOTALL)
_MISSING = re.compile(r"missing required field `(\w+)`")


def decoded(body: bytes, kind: type[Body]) -> Body:
    """A body as its struct; an empty one means the defaults. Raises BadRequestError."""
    try:
        return msgspec.json.decode(body if body.strip() else b"{}", type=kind)
    except msgspec.ValidationError as error:
        if unknown := _UNKNOWN.search(str(error)):
            field = unknown.group(1)[:40]
            names = ", ".join(kind.__struct_encode_fields__)
            raise BadRequestError(f"{field!r} is none of {names}", field=field) from error
        if missing := _MISSING.search(str(error)):
            raise BadRequestError(f"{missing[1]}: it is missing", field=missing[1]) from error
        found = _FIELD.search(str(error))
        field = (found and found.group(1)) or "body"
        raise BadRequestError(f"{field}: {str(error).partition(' - at')[0]}", field=field) from error
    except (msgspec.DecodeError, UnicodeDecodeError) as error:
        fields = ", ".join(kind.__struct_encode_fields__)
        raise BadRequestError(
            "the body is not JSON", hint=f"an object with {fields}", field="body"
        ) from error
