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


@dataclass
class CleanupOperation(AdminOperation):
    """The cleanup's operation. Its body may be absent, which the framework cannot describe by itself."""

    def __post_init__(self) -> None:
        """Describe the body."""
        super().__post_init__()
        properties: dict[str, Any] = {
            "retentionDays": Schema(
                type=OpenAPIType.INTEGER, minimum=1, maximum=36_500, default=30, description="Days that stay."
            ),
            "dryRun": Schema(
                type=OpenAPIType.BOOLEAN,
                default=False,
                description="Tell what would be removed, and remove nothing.",
            ),
            "scope": Schema(
                type=OpenAPIType.STRING,
                enum=["warehouse", "bucket", "both"],
                default="warehouse",
                description="Where to remove it.",
            ),
        }
        self.request_body = RequestBody(
            required=False,
            description="Absent or empty: the defaults.",
            content={
                "application/json": OpenAPIMediaType(
                    schema=Schema(
                        type=OpenAPIType.OBJECT, properties=properties, additional_properties=False
                    ),
                    examples={"default": Example(value={"retentionDays": 30})},
                )
            },
        )


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
