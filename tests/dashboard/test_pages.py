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
        # Every panel tells its source; audits run on demand only.
        assert page.locator("main .panel > .source a").count() >= panels.count() - (name == "system")
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


@pytest.mark.parametrize("name", EVERY)
def test_every_panel_has_its_sql_its_table_a_csv_a_picture_and_a_full_screen(
    browser: Browser, address: str, name: str
) -> None:
    with tab(browser, address) as opened:
        page = opened.open(name)
        for panel in page.locator("main .panel").all():
            panel.locator(".menu summary").click()
            assert sorted(panel.locator(".menu button").all_inner_texts()) == [
                "CSV", "Full screen", "PNG", "SQL", "Table",
            ], panel.get_attribute("id")  # fmt: skip
            panel.get_by_role("button", name="SQL").click()
            assert page.locator("dialog pre").first.inner_text().startswith(("--", "SELECT", "WITH"))
            page.get_by_role("button", name="Close").click()
            panel.locator(".menu summary").click()
            with page.expect_download() as waiting:
                panel.get_by_role("button", name="PNG").click()
            assert waiting.value.path().read_bytes().startswith(b"\x89PNG")
        assert opened.complaints == []


def test_a_menu_is_whole_however_low_its_panel_is(browser: Browser, address: str) -> None:
    with tab(browser, address) as opened:
        page = opened.open("alerts")
        page.locator("#firing-now .menu summary").click()
        lowest = page.locator("#firing-now .menu button").last
        assert lowest.evaluate(
            "(button) => { const box = button.getBoundingClientRect();"
            " return document.elementFromPoint(box.x + 5, box.y + box.height / 2) === button; }"
        )


@pytest.mark.parametrize("width", [360, 768, 1180, 2560])
def test_pages_fit_every_width(browser: Browser, address: str, width: int) -> None:
    with tab(browser, address, width, 900) as opened:
        for name in EVERY:
            opened.open(name)
            assert opened.value("document.documentElement.scrollWidth <= innerWidth"), name


def test_a_count_is_drawn_from_the_start_of_its_period_to_its_end(browser: Browser, address: str) -> None:
    with tab(browser, address) as opened:
        opened.open()
        drawn = opened.value(
            "import('/_dashboard/static/charts/options.js').then((options) => options.levels({ rows: ["
            " { periodStart: 0, periodEnd: 60, error: 3, warn: 0, info: 0, debug: 0 },"
            " { periodStart: 60, periodEnd: 120, error: 5, warn: 0, info: 0, debug: 0 } ] }, {}).series[0])"
        )
        # ECharts turns at the end of each step: 3 from 0 to 60, 5 from 60 to 120.
        assert (drawn["step"], drawn["data"]) == ("end", [[0, 3], [60, 5], [120, 5]])


def test_the_report_holds_what_a_reader_wants_to_know(browser: Browser, address: str) -> None:
    with tab(browser, address) as opened:
        page = opened.open("reports", "?hours=168")
        assert page.locator("h1").inner_text() == "Registry report"
        assert page.locator(".report-head .held").inner_text().startswith("bucket page-")
        assert page.locator(".kpi strong").count() == 6
        assert page.locator("main canvas").count() == 3
        errors = httpx.get(f"{address}{PREFIX}/analytics/errors", params={"hours": 168, "limit": 8}).json()
        assert page.locator("#messages tbody tr").count() == len(errors["errors"]) > 0
        links = [link.get_attribute("href") or "" for link in page.locator("#exports .bar a").all()]
        assert len(links) == 10
        for link in links:
            assert httpx.get(f"{address}{link}").status_code == 200, link


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
