"""Every page, at both sizes and in both themes: whole, quiet, usable by everybody."""

from __future__ import annotations

import re

import httpx
import pytest
from playwright.sync_api import Browser

from api.pages import PAGES
from api.paths import PREFIX
from tests.dashboard.conftest import SIZES, axe_source, tab

EVERY = ["overview", *PAGES]


@pytest.mark.parametrize("name", EVERY)
@pytest.mark.parametrize(("width", "height"), SIZES)
def test_a_page_is_quiet_fits_and_is_usable_by_everybody(
    browser: Browser, address: str, name: str, width: int, height: int
) -> None:
    with tab(browser, address, width, height, bypass_csp=False) as opened:
        page = opened.open(name)
        assert page.locator(f'#tabs a[data-page="{name}"]').get_attribute("aria-current") == "page"
        assert page.locator("h1").count() == 1
        panels = page.locator("main .panel")
        assert panels.count() >= 2
        # Every panel tells its source.
        assert page.locator("main .panel > .source a").count() >= panels.count() - (
            name in ("alerts", "system")
        )
        for theme in ("dark", "light"):
            if opened.value("document.documentElement.dataset.theme") != theme:
                opened.value("document.querySelector('#theme').click()")
            assert opened.value("document.documentElement.scrollWidth <= innerWidth"), theme
            opened.value(axe_source())
            found = opened.value("axe.run().then((done) => done.violations)")
            told = [
                (one["id"], [node["target"] for node in one["nodes"]][:3], one["nodes"][0]["failureSummary"])
                for one in found
            ]
            assert told == [], theme
        assert opened.complaints == []
        assert {re.sub(r"^(http://[^/]+).*", r"\1", url) for url in opened.requested} == {address}


def test_the_overview_shows_what_the_api_says(browser: Browser, address: str) -> None:
    with tab(browser, address) as opened:
        page = opened.open("overview", "?hours=168")
        figures = httpx.get(f"{address}{PREFIX}/analytics", params={"hours": 168}).json()
        shown = page.locator(".kpi strong").all_inner_texts()
        assert len(shown) == 6
        assert abs(float(re.sub(r"[^\d.]", "", shown[1])) - figures["errorRate"]) < 0.1
        predicted = httpx.get(f"{address}{PREFIX}/analytics/predict", params={"hours": 24}).json()
        entries = predicted["prediction"]["predictedLogs"]
        assert page.locator("#ahead .sub").inner_text().startswith(f"{entries:,} entries, ")
        assert page.locator("#alerts li").count() >= 4
        assert page.locator("#events canvas").count() == 1


def test_little_is_sent_and_it_is_seen_soon(browser: Browser, address: str) -> None:
    with tab(browser, address) as opened:
        opened.page.add_init_script(
            "window.moved = 0; new PerformanceObserver((list) => { for (const one of list.getEntries())"
            " if (!one.hadRecentInput) window.moved += one.value; })"
            ".observe({ type: 'layout-shift', buffered: true });"
        )
        opened.open()
        sent = opened.value(
            "performance.getEntriesByType('resource').concat(performance.getEntriesByType('navigation'))"
            ".reduce((sum, one) => sum + one.transferSize, 0)"
        )
        assert sent < 600_000
        # Nothing that was there moves when the figures arrive.
        assert opened.value("window.moved") < 0.02


def test_an_address_of_no_page_is_the_api_s_404(address: str) -> None:
    assert httpx.get(f"{address}/_dashboard/nowhere").status_code == 404
