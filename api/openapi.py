"""The API's own description, as OpenAPI 3.1 in JSON and YAML."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import msgspec
from litestar import MediaType, Request, Response, get
from litestar.openapi.config import OpenAPIConfig
from litestar.openapi.plugins import OpenAPIRenderPlugin
from litestar.openapi.spec import (
    Components,
    Example,
    OpenAPIMediaType,
    OpenAPIType,
    Operation,
    RequestBody,
    Schema,
    SecurityScheme,
)
from msgspec import Struct

from api.paths import DOCS, OPENAPI_JSON, OPENAPI_YAML, PAGES_DIR
from warehouse import __version__

_SECURITY = "adminToken"
_ABOUT = """What the registry logged, as figures. Every number is computed in SQL over Parquet.

Times are epoch milliseconds unless a field says otherwise, percentages run from 0 to 100, 1 MB = 1,048,576
bytes. Errors are problems as of RFC 9457 (application/problem+json). Unknown query parameters are ignored."""


@dataclass
class AdminOperation(Operation):
    """An operation that asks for the admin token when one is set."""

    def __post_init__(self) -> None:
        """Name the token; the empty requirement says that a server without a token needs none."""
        self.security = [{_SECURITY: []}, {}]


def operation_with_body(
    body: type[Struct] | None, *, required: bool = True, example: dict[str, Any] | None = None
) -> type[AdminOperation]:
    """An admin's operation with a body of our own decoding, which the framework cannot describe by itself."""

    @dataclass
    class WithBody(AdminOperation):
        def __post_init__(self) -> None:
            super().__post_init__()
            if body is None:
                return
            described = msgspec.json.schema(body)["$defs"][body.__name__]
            properties: dict[str, Any] = {
                name: _schema(about) for name, about in described["properties"].items()
            }
            examples: dict[str, Any] = {"examples": {"default": Example(value=example)}} if example else {}
            self.request_body = RequestBody(
                required=required,
                description=None if required else "Absent or empty: the defaults.",
                content={
                    "application/json": OpenAPIMediaType(
                        schema=Schema(
                            type=OpenAPIType.OBJECT,
                            properties=properties,
                            required=described.get("required") or None,
                            additional_properties=False,
                        ),
                        **examples,
                    )
                },
            )

    return WithBody


def _schema(about: dict[str, Any]) -> Schema:
    """One property of a JSON schema."""
    given: dict[str, Any] = {
        name: about[name]
        for name in ("description", "default", "enum", "minimum", "maximum")
        if name in about
    }
    if "type" in about:
        given["type"] = OpenAPIType(about["type"])
    if "anyOf" in about:
        given["one_of"] = [_schema(each) for each in about["anyOf"]]
    if "maxLength" in about:
        given["max_length"] = about["maxLength"]
    return Schema(**given)


class DocsPage(OpenAPIRenderPlugin):
    """The description for people: a viewer that we ship, fed with our own openapi.json."""

    def __init__(self) -> None:
        super().__init__(path="/", media_type=MediaType.HTML)

    def render(self, request: Request[Any, Any, Any], openapi_schema: dict[str, Any]) -> bytes:
        """The page; it loads the description by itself."""
        return (PAGES_DIR / "docs.html").read_bytes()


def config() -> OpenAPIConfig:
    """Title, security and description of the document."""
    return OpenAPIConfig(
        title="R2 log warehouse",
        version=__version__,
        description=_ABOUT,
        components=Components(
            security_schemes={
                _SECURITY: SecurityScheme(
                    type="http", scheme="bearer", description="The value of WAREHOUSE_ADMIN_TOKEN."
                )
            }
        ),
        use_handler_docstrings=True,
        path=DOCS,
        render_plugins=[DocsPage()],
    )


@get(OPENAPI_JSON, include_in_schema=False, sync_to_thread=True)
def openapi_json(request: Request[Any, Any, Any]) -> Response[bytes]:
    """The description as JSON."""
    document = msgspec.json.encode(request.app.openapi_schema.to_schema())
    return Response(document, media_type=MediaType.JSON)


@get(OPENAPI_YAML, include_in_schema=False, sync_to_thread=True)
def openapi_yaml(request: Request[Any, Any, Any]) -> Response[bytes]:
    """The description as YAML."""
    document = msgspec.yaml.encode(msgspec.to_builtins(request.app.openapi_schema.to_schema()))
    return Response(document, media_type="application/yaml")
