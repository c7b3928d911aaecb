"""A browser, and servers with real data from a real sync."""

from __future__ import annotations

import os
import uuid
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import msgspec
import pytest
from playwright.sync_api import Browser, BrowserContext, ConsoleMessage, Page, expect

from api.paths import DASHBOARD
from tests.api.processes import of, started
from tests.dashboard.chromium import chromium, program
from warehouse import demo, sync
from warehouse.bucket import Bucket
from warehouse.embedded import EmbeddedS3
from warehouse.settings import Settings

SIZES = [(1440, 900), (390, 844)]
_SECONDS = 60_000
# A machine that runs other tests beside this one may take its time.
expect.set_options(timeout=_SECONDS)


class Tabbed:
    """A tab that writes down what the console said, which requests failed, and whom it asked."""

    def __init__(self, page: Page, base: str) -> None:
        self.page = page
        self.base = base
        self.complaints: list[str] = []
        self.requested: list[str] = []
        page.on("console", self._said)
        page.on("pageerror", lambda error: self.complaints.append(str(error)))
        page.on("request", lambda request: self.requested.append(request.url))
        page.set_default_timeout(_SECONDS)

    def _said(self, message: ConsoleMessage) -> None:
        if message.type in ("error", "warning"):
            self.complaints.append(message.text)

    def open(self, name: str = "overview", query: str = "") -> Page:
        """A page of the dashboard, when its figures are there."""
        path = DASHBOARD if name == "overview" else f"{DASHBOARD}/{name}"
        self.page.goto(f"{self.base}{path}{query}")
        self.ready(name)
        return self.page

    def ready(self, name: str) -> None:
        """Return when the figures of a page are there."""
        self.page.wait_for_selector(f'body[data-ready="{name}"]:not([data-busy])', state="attached")

    def value(self, expression: str) -> Any:
        """What a JavaScript expression is in the page."""
        return self.page.evaluate(expression)


@pytest.fixture(scope="module")
def browser() -> Iterator[Browser]:
    """The system's Chromium. Skips where there is none, but never in continuous integration.

    One per module: while it is open an event loop runs in this thread, which other tests would meet.
    """
    if program() is None:
        if os.environ.get("CI"):
            pytest.fail("Chromium is not installed")
        pytest.skip("Chromium is not installed")
    with chromium() as launched:
        yield launched


@contextmanager
def tab(browser: Browser, base: str, width: int = 1440, height: int = 900, **how: Any) -> Iterator[Tabbed]:
    """A tab in a fresh profile."""
    context: BrowserContext = browser.new_context(viewport={"width": width, "height": height}, **how)
    try:
        yield Tabbed(context.new_page(), base)
    finally:
        context.close()


@pytest.fixture(scope="session")
def filled(s3: EmbeddedS3, tmp_path_factory: pytest.TempPathFactory) -> Settings:
    """Settings of a bucket with sixteen days of logs that was synced once."""
    settings = msgspec.structs.replace(
        s3.settings(Settings(), f"page-{uuid.uuid4().hex[:16]}"), data_dir=tmp_path_factory.mktemp("pages")
    )
    bucket = Bucket(settings)
    bucket.create()
    demo.fill(bucket, days=16, entries=8_000, flush_seconds=21_600, malformed=3)
    bucket.close()
    sync.run(settings)
    return settings


@pytest.fixture(scope="module")
def address(filled: Settings) -> Iterator[str]:
    """A server over it."""
    with started("serve", env=of(filled)) as (_, url, _said):
        yield url


def axe_source() -> str:
    """The script of axe-core."""
    import axe_playwright_python

    return (Path(axe_playwright_python.__file__).parent / "axe.min.js").read_text(encoding="utf-8")
