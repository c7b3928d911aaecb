"""Where things are served. The prefix is part of the contract."""

from __future__ import annotations

from pathlib import Path

PREFIX = "/_dashboard/api/r2"
PROBLEMS = f"{PREFIX}/problems"
DASHBOARD = "/_dashboard"
STATIC = "/_dashboard/static"
DOCS = f"{PREFIX}/docs"
OPENAPI_JSON = f"{PREFIX}/openapi.json"
OPENAPI_YAML = f"{PREFIX}/openapi.yaml"

PAGES_DIR = Path(__file__).resolve().parent / "dashboard"
STATIC_DIR = PAGES_DIR / "static"
