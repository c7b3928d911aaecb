"""The dashboard and the page of the API's description: what is shipped, and what a browser makes of it."""

from __future__ import annotations

import hashlib
import json
import re
import time
import tomllib
from collections.abc import Iterator
from typing import Any

import httpx
import pytest
from litestar import Litestar
from litestar.testing import TestClient

from api.paths import DASHBOARD, DOCS, PAGES_DIR, STATIC_DIR
from tests.api import browser
from tests.api.conftest import PREFIX
from tests.api.processes import of, started
from warehouse import sync
from warehouse.bucket import Bucket
from warehouse.settings import Settings

VENDOR = STATIC_DIR / "vendor"
OURS = [*PAGES_DIR.glob("*.html"), *(path for path in STATIC_DIR.iterdir() if path.is_file())]
HOSTILE = "<img src=x onerror=\"document.title='owned'\"><script>document.title='owned'</script>"


def test_third_party_files_are_the_ones_that_were_written_down() -> None:
    packages = [path for path in VENDOR.iterdir() if path.is_dir()]
    assert packages
    for package in packages:
        about = tomllib.loads((package / "VENDOR.toml").read_text())
        assert package.name == f"{about['name']}-{about['version']}"
        assert about["licence"]
        files = {path.name: path for path in package.iterdir() if path.name != "VENDOR.toml"}
        assert set(files) == set(about["sha256"])
        assert any(name.startswith("LICENSE") for name in files)
        for name, path in files.items():
            assert hashlib.sha256(path.read_bytes()).hexdigest() == about["sha256"][name], name


@pytest.mark.parametrize("path", OURS, ids=lambda path: path.name)
def test_our_files_name_no_other_host(path: Any) -> None:
    addresses = re.findall(r"(?:https?:)?//[a-z0-9-]+\.[a-z]+[^\s'\"]*", path.read_text())
    assert [address for address in addresses if not address.startswith("http://www.w3.org/")] == []


@pytest.mark.parametrize("path", list(PAGES_DIR.glob("*.html")), ids=lambda path: path.name)
def test_pages_hold_no_inline_script_style_or_handler(path: Any) -> None:
    text = path.read_text()
    assert re.findall(r"<script(?![^>]*\bsrc=)", text) == []
    assert "<style" not in text
    assert re.findall(r"\s(?:style|on[a-z]+)=", text) == []


@pytest.mark.parametrize("path", [DASHBOARD, f"{DASHBOARD}/", DOCS])
def test_pages_are_sent_with_a_strict_policy(client: TestClient[Litestar], path: str) -> None:
    answer = client.get(path)
    assert answer.status_code == 200
    assert answer.headers["content-type"].startswith("text/html")
    policy = dict(part.strip().split(" ", 1) for part in answer.headers["content-security-policy"].split(";"))
    assert policy["default-src"] == "'none'"
    assert policy["script-src"] == "'self'"
    assert policy["frame-ancestors"] == "'none'"
    assert answer.headers["x-content-type-options"] == "nosniff"
    assert answer.headers["referrer-policy"] == "no-referrer"


def test_everything_that_a_page_names_is_there(client: TestClient[Litestar]) -> None:
    for page in PAGES_DIR.glob("*.html"):
        for path in re.findall(r'(?:src|href)="(/[^"]+)"', page.read_text()):
            assert client.get(path).status_code == 200, path


def test_the_root_leads_to_the_dashboard(client: TestClient[Litestar]) -> None:
    answer = client.get("/", follow_redirects=False)
    assert (answer.status_code, answer.headers["location"]) == (302, DASHBOARD)


@pytest.fixture(scope="module")
def address(filled: Settings) -> Iterator[str]:
    with started("serve", env=of(filled)) as (_, url, _said):
        yield url


@pytest.mark.parametrize(("width", "height"), [(1440, 900), (390, 844)])
def test_the_dashboard_shows_what_the_api_says(address: str, width: int, height: int) -> None:
    with browser.opened() as page:
        page.open(f"{address}{DASHBOARD}", width, height)
        page.wait("document.body?.dataset.ready === 'true'")
        figures = httpx.get(f"{address}{PREFIX}/analytics").json()
        shown = page.value(
            "[...document.querySelectorAll('.kpi strong')].map((each) => each.firstChild.textContent)"
        )
        assert len(shown) == 6
        assert abs(int(shown[0].replace(",", "")) - figures["totalLogs"]) <= 2
        assert page.value("document.querySelectorAll('#c-entries .bar').length") == 24
        assert page.value("document.querySelectorAll('#c-entries .bar-errors').length") == 24
        assert page.value("document.querySelector('#c-response path.mean') !== null")
        assert page.value("document.querySelector('#c-entries svg').getAttribute('aria-label')").startswith(
            "Entries"
        )
        assert page.value("document.querySelectorAll('#t-trends tbody tr').length") == 24
        assert page.value("document.querySelectorAll('#rows li').length") == 60
        words = set(
            page.value("[...document.querySelectorAll('#rows .level')].map((each) => each.textContent)")
        )
        assert words <= {"ERROR", "WARN", "INFO", "DEBUG"}
        sources = page.value("[...document.querySelectorAll('.src')].map((each) => each.textContent)")
        assert len(sources) == page.value("document.querySelectorAll('h2').length") == 6
        assert all(text.startswith("GET /") for text in sources)
        # Nothing sticks out to the side.
        assert page.value("document.documentElement.scrollWidth") <= width
        assert page.complaints == []
        assert {re.sub(r"^(http://[^/]+).*", r"\1", url) for url in page.requested} == {address}


def test_the_range_and_the_levels_can_be_switched(address: str) -> None:
    with browser.opened() as page:
        page.open(f"{address}{DASHBOARD}", 1440, 900)
        page.wait("document.body?.dataset.ready === 'true'")
        day = page.value("document.querySelector('.kpi strong').textContent")
        page.value("document.querySelector('[data-hours=\"168\"]').click()")
        page.wait(f"document.querySelector('.kpi strong').textContent !== {json.dumps(day)}")
        assert page.value("document.querySelector('.kpi strong').textContent") == "3,000"
        assert page.value("document.querySelector('[data-hours=\"168\"]').ariaPressed") == "true"
        assert page.value("document.querySelector('#src-trends').textContent").endswith("hours=168")
        for level in ("info", "debug", "warn"):
            page.value(f"document.querySelector('[data-level={level}]').click()")
        page.wait(
            "[...document.querySelectorAll('#rows .level')].every((each) => each.textContent === 'ERROR')"
        )
        assert page.value("document.querySelectorAll('#rows li').length") > 0
        assert page.complaints == []


def test_a_refresh_leaves_what_did_not_change_in_place(address: str) -> None:
    with browser.opened() as page:
        page.open(f"{address}{DASHBOARD}", 1440, 900)
        page.wait("document.body?.dataset.ready === 'true'")
        page.value("document.querySelector('#rows li').dataset.seen = 'yes'")
        asked = sum("/logs?" in url for url in page.requested)
        page.value("document.dispatchEvent(new Event('visibilitychange'))")
        page.wait(
            "performance.getEntriesByType('resource').filter((one) => /stats$/.test(one.name)).length > 3"
        )
        page.value("new Promise((done) => setTimeout(done, 300))")
        assert sum("/logs?" in url for url in page.requested) == asked + 1
        assert page.value("document.querySelector('#rows li').dataset.seen") == "yes"


def test_log_messages_enter_the_page_as_text(bucket: tuple[Settings, Bucket]) -> None:
    settings, store = bucket
    now = int(time.time() * 1000)
    entry = {
        "timestamp": now - 1_000,
        "level": "error",
        "message": HOSTILE,
        "source": HOSTILE,
        "configHash": "0xabc",
    }
    store.put(f"logs/0xabc/{now}.jsonl", json.dumps(entry | {"metadata": {"note": HOSTILE}}).encode() + b"\n")
    sync.run(settings)
    with started("serve", env=of(settings)) as (_, url, _said), browser.opened() as page:
        page.open(f"{url}{DASHBOARD}", 1440, 900)
        page.wait("document.body?.dataset.ready === 'true'")
        page.value("document.querySelector('#rows details').open = true")
        page.wait("document.querySelector('#rows pre') !== null")
        assert page.value("document.querySelector('#rows .message').textContent") == HOSTILE
        assert page.value("document.querySelector('#errors span').textContent").startswith("<img")
        assert page.value("document.querySelectorAll('main img, main script').length") == 0
        # One error is all there is, so the rules of the error rate and of the health fire.
        alerts = page.value("document.querySelector('#alerts').textContent")
        assert "High Error Rate" in alerts
        assert "100 %, limit 10 %" in alerts
        assert "System Health Degradation" in alerts
        assert page.value("document.title") == "R2 log warehouse"
        assert page.complaints == []


def test_the_dashboard_says_so_when_the_server_has_gone(filled: Settings) -> None:
    with browser.opened() as page:
        with started("serve", env=of(filled)) as (process, url, _said):
            page.open(f"{url}{DASHBOARD}", 1440, 900)
            page.wait("document.body?.dataset.ready === 'true'")
            process.kill()
            process.wait(15)
        page.value("document.dispatchEvent(new Event('visibilitychange'))")
        page.wait("document.querySelector('#live-text').textContent === 'No connection'")
        # What was shown last stays.
        assert page.value("document.querySelectorAll('.kpi').length") == 6


def test_the_description_is_shown_by_the_shipped_viewer(address: str) -> None:
    with browser.opened() as page:
        page.open(f"{address}{DOCS}", 1440, 900)
        page.wait(
            "!!document.querySelector('rapi-doc')?.shadowRoot?.textContent.includes('/analytics/trends')"
        )
        assert page.complaints == []
        assert {re.sub(r"^(http://[^/]+).*", r"\1", url) for url in page.requested} == {address}
