"""What people do with the pages, from click to what comes of it."""

from __future__ import annotations

import json
import time
from collections.abc import Iterator
from pathlib import Path

import httpx
import pytest
from playwright.sync_api import Browser, expect

from api.paths import PREFIX
from tests.api.processes import of, started
from tests.dashboard.conftest import tab
from warehouse import sync
from warehouse.bucket import Bucket
from warehouse.settings import Settings

HOSTILE = "<img src=x onerror=\"document.title='owned'\"><script>document.title='owned'</script>"


def line(message: str, level: str = "info", ago: float = 1, **fields: object) -> bytes:
    at = round((time.time() - ago) * 1000)
    entry = {"timestamp": at, "level": level, "message": message, "source": "api", "configHash": "0xabc"}
    return json.dumps(entry | {"metadata": fields}).encode() + b"\n"


def put(store: Bucket, *lines: bytes) -> None:
    store.put(f"logs/0xabc/{time.time_ns() // 1_000_000}.jsonl", b"".join(lines))


@pytest.fixture
def own(bucket: tuple[Settings, Bucket]) -> Iterator[tuple[Settings, Bucket, str]]:
    """A server over a bucket of this test's own, with one hostile error in it."""
    settings, store = bucket
    put(store, line(HOSTILE, "error", 60, note=HOSTILE))
    sync.run(settings)
    with started("serve", env=of(settings) | {"WAREHOUSE_ALERT_SECONDS": "1"}) as (_, url, _said):
        yield settings, store, url


def test_filters_stand_in_the_address_and_can_be_shared(browser: Browser, address: str) -> None:
    with tab(browser, address) as opened:
        page = opened.open("logs", "?hours=168")
        total = page.locator("#viewer .sub").inner_text()
        page.locator("#q").fill("tgz")
        page.wait_for_url("**q=tgz**")
        page.locator('[data-level="debug"]').click()
        # The sources on offer are then those of what matches.
        opened.ready("logs")
        page.locator("#f-source").select_option(index=1)
        expect(page.locator("#viewer .sub")).not_to_have_text(total)
        opened.ready("logs")
        shared, shown = page.url, page.locator("#viewer .sub").inner_text()
        assert "q=tgz" in shared
        assert "source=" in shared
        assert "level=error%2Cwarn%2Cinfo" in shared
        assert page.locator("#viewer mark").first.inner_text() == "tgz"
        page.goto(shared)
        opened.ready("logs")
        assert page.locator("#viewer .sub").inner_text() == shown
        assert page.locator("#q").input_value() == "tgz"
        page.get_by_text("Clear filters").click()
        expect(page.locator("#viewer .sub")).to_have_text(total)
        assert opened.complaints == []


def test_an_entry_unfolds_and_shows_the_lines_around_it(browser: Browser, address: str) -> None:
    with tab(browser, address) as opened:
        page = opened.open("logs", "?hours=168")
        page.locator("#viewer summary").nth(3).click()
        page.get_by_role("button", name="Lines around it").click()
        expect(page.locator("dialog li").first).to_be_visible()
        page.get_by_role("button", name="Close").click()
        expect(page.locator("dialog")).to_have_count(0)
        page.get_by_role("button", name="Show older entries").click()
        expect(page.locator("#viewer ol.rows > li")).to_have_count(200)


def test_a_brush_takes_whole_periods_of_those_that_are_shown(browser: Browser, address: str) -> None:
    minutes = 60_000
    with tab(browser, address) as opened:
        page = opened.open("logs", "?hours=168")
        lengths = []
        # A week is shown by two hours, and most of a day by ten minutes.
        for width in (120 * minutes, 10 * minutes):
            before = page.url
            box = page.locator("#when canvas").bounding_box()
            assert box is not None
            across = box["y"] + box["height"] / 2
            page.mouse.move(box["x"] + box["width"] * 0.5, across)
            page.mouse.down()
            page.mouse.move(box["x"] + box["width"] * 0.58, across, steps=5)
            page.mouse.up()
            page.wait_for_function("before => location.href !== before", arg=before)
            opened.ready("logs")
            asked = httpx.URL(page.url).params
            first, after = int(asked["startDate"]), int(asked["endDate"]) + 1
            assert (first % width, after % width) == (0, 0)
            lengths.append(after - first)
        assert 720 * minutes < lengths[0] <= 1200 * minutes
        assert 60 * minutes < lengths[1] < 120 * minutes


@pytest.mark.parametrize("name", ["overview", "logs"])
def test_a_page_at_rest_draws_nothing(browser: Browser, address: str, name: str) -> None:
    with tab(browser, address) as opened:
        page = opened.open(name)
        page.wait_for_timeout(500)
        drawn = page.evaluate(
            "async () => { const canvas = document.querySelector('.chart canvas'); let drawn = 0;"
            " const pen = canvas.getContext('2d'), clear = pen.clearRect;"
            " pen.clearRect = function (...given) { drawn += 1; return clear.apply(this, given); };"
            " await new Promise((done) => setTimeout(done, 1000)); return drawn; }"
        )
        assert drawn == 0


def test_another_range_asks_for_what_depends_on_it(browser: Browser, address: str) -> None:
    with tab(browser, address) as opened:
        page = opened.open("overview", "?hours=24")
        asked: list[str] = []
        page.on("request", lambda request: asked.append(httpx.URL(request.url).path.removeprefix(PREFIX)))
        page.locator('#ranges [data-hours="6"]').click()
        opened.ready("overview")
        assert "/analytics" in asked
        assert {"/stats", "/analytics/predict", "/analytics/trends", "/analytics/alerts/rules"}.isdisjoint(
            asked
        )
        # What was asked a moment ago is not asked again, and shown all the same.
        before = page.locator("#events .sub").inner_text()
        page.locator('#ranges [data-hours="24"]').click()
        expect(page.locator("#events .sub")).not_to_have_text(before)
        assert asked.count("/analytics") == 1


def test_a_package_is_shown_over_time(browser: Browser, address: str) -> None:
    with tab(browser, address) as opened:
        page = opened.open("storage")
        name = page.locator("#by-package tbody a").first.inner_text()
        page.locator("#by-package tbody a").first.click()
        opened.ready("storage")
        assert httpx.URL(page.url).params["package"] == name
        expect(page.locator("#package-growth .sub")).to_contain_text(f"{name}: ")
        expect(page.locator("#package-growth select")).to_have_value(name)
        assert opened.complaints == []


def test_the_keyboard_reaches_the_search(browser: Browser, address: str) -> None:
    with tab(browser, address) as opened:
        page = opened.open("logs")
        page.keyboard.press("/")
        assert opened.value("document.activeElement.id") == "q"


def test_a_panel_shows_its_sql_its_table_and_its_csv(browser: Browser, address: str, tmp_path: Path) -> None:
    with tab(browser, address) as opened:
        page = opened.open("overview", "?hours=168")
        menu = page.locator("#events .menu")
        menu.locator("summary").click()
        menu.get_by_role("button", name="SQL").click()
        assert page.locator("dialog pre").first.inner_text().startswith("-- GET /logs/histogram")
        page.keyboard.press("Escape")
        menu.locator("summary").click()
        menu.get_by_role("button", name="Table").click()
        assert page.locator("#events tbody tr").count() == 84  # periods of two hours
        menu.locator("summary").click()
        with page.expect_download() as waiting:
            menu.get_by_role("button", name="CSV").click()
        waiting.value.save_as(tmp_path / "events.csv")
        rows = (tmp_path / "events.csv").read_text().splitlines()
        assert rows[0] == '"Start","error","warn","info","debug"'
        assert len(rows) == 85
        menu.locator("summary").click()
        with page.expect_download() as waiting:
            menu.get_by_role("button", name="PNG").click()
        waiting.value.save_as(tmp_path / "events.png")
        assert (tmp_path / "events.png").read_bytes().startswith(b"\x89PNG")


def test_what_was_logged_enters_the_page_as_text(browser: Browser, own: tuple[Settings, Bucket, str]) -> None:
    with tab(browser, own[2]) as opened:
        page = opened.open("logs")
        page.locator("#viewer summary").first.click()
        assert page.locator("#viewer .message").first.inner_text() == HOSTILE
        page = opened.open("overview")
        assert "<img" in page.locator("#errors b").first.inner_text()
        assert page.locator("main img, main script").count() == 0
        assert page.title() == "R2 log warehouse"
        assert opened.complaints == []


def test_a_commit_arrives_while_one_looks(browser: Browser, own: tuple[Settings, Bucket, str]) -> None:
    settings, store, url = own
    with tab(browser, url) as opened:
        page = opened.open("logs")
        expect(page.locator("#live-text")).to_have_text("Live")
        assert page.locator("#viewer ol.rows > li").count() == 1
        put(store, line("fresh from the bucket"))
        sync.run(settings)
        committed = time.monotonic()
        expect(page.locator("#viewer .message").first).to_have_text("fresh from the bucket")
        assert time.monotonic() - committed < 20
        # What the reader unfolded stays unfolded.
        page.locator("#viewer summary").nth(1).click()
        put(store, line("and one more"))
        sync.run(settings)
        expect(page.locator("#viewer .message").first).to_have_text("and one more")
        assert page.locator("#viewer details[open]").count() == 1
        page.locator("#live").click()
        expect(page.locator("#live-text")).to_have_text("Paused")


def test_a_rule_is_made_fires_and_is_acknowledged(
    browser: Browser, own: tuple[Settings, Bucket, str]
) -> None:
    _, _, url = own
    with tab(browser, url) as opened:
        page = opened.open("alerts")
        page.locator("#new-rule").click()
        page.locator("#rule-id").fill("any-entry")
        page.locator("#rule-name").fill("Any entry")
        page.locator("#rule-metric").select_option("totalLogs")
        page.locator("#rule-threshold").fill("0")
        page.get_by_role("button", name="Keep").click()
        expect(page.locator("#rules td", has_text="Any entry")).to_be_visible()
        rules = httpx.get(f"{url}{PREFIX}/analytics/alerts/rules").json()["rules"]
        assert [rule["threshold"] for rule in rules if rule["id"] == "any-entry"] == [0]
        # The rules are tested by the clock of the server.
        page.locator("#rules tr", has_text="Any entry").get_by_role("button", name="Change").click()
        page.locator("#rule-severity").select_option("info")
        page.get_by_role("button", name="Keep").click()
        expect(page.locator("#rules tr", has_text="Any entry")).to_contain_text("info")
        row = page.locator("#firing-now li", has_text="Any entry")
        expect(row).to_be_visible(timeout=90_000)
        row.get_by_role("button", name="Acknowledge").click()
        expect(page.locator("#rules tr", has_text="Any entry")).to_contain_text("acknowledged")
        expect(page.locator("#firing")).to_be_visible()
        page.get_by_role("button", name="Test: Any entry").click()
        expect(page.locator("dialog td").last).to_have_text("beyond the limit")
        page.get_by_role("button", name="Close").click()
        page.get_by_role("button", name="Silence: Any entry").click()
        expect(page.locator("#rules tr", has_text="Any entry")).to_contain_text("silenced until")
        page.get_by_role("button", name="End silence: Any entry").click()
        expect(page.locator("#rules tr", has_text="Any entry")).not_to_contain_text("silenced")
        page.on("dialog", lambda dialog: dialog.accept())
        page.locator("#rules tr", has_text="Any entry").get_by_role("button", name="Delete").click()
        expect(page.locator("#rules td", has_text="Any entry")).to_have_count(0)


def test_a_cleanup_is_seen_before_it_is_done(browser: Browser, own: tuple[Settings, Bucket, str]) -> None:
    settings, store, url = own
    put(store, line("old", ago=40 * 86_400))
    sync.run(settings)
    with tab(browser, url) as opened:
        page = opened.open("storage")
        assert page.get_by_role("button", name="Delete").is_disabled()
        page.get_by_role("button", name="Preview").click()
        expect(page.locator("#cleanup dl")).to_contain_text("1 entries")
        page.on("dialog", lambda dialog: dialog.accept())
        page.get_by_role("button", name="Delete").click()
        expect(page.locator("#cleanup dl")).to_contain_text("Deleted")
        assert httpx.get(f"{url}{PREFIX}/logs/stats").json()["totalEntries"] == 1
        page = opened.open("system")
        page.locator("#sync").click()
        expect(page.locator(".toast")).to_contain_text("new objects")


def test_a_server_that_has_gone_is_told_and_what_was_shown_stays(browser: Browser, filled: Settings) -> None:
    with started("serve", env=of(filled)) as (process, url, _said), tab(browser, url) as opened:
        page = opened.open()
        expect(page.locator("#live-text")).to_have_text("Live")
        process.kill()
        process.wait(15)
        expect(page.locator("#live-text")).to_have_text("No connection")
        page.locator("#zone").dispatch_event("click")
        expect(page.locator("#problem")).to_have_text("The server does not answer.")
        assert page.locator(".kpi strong").count() == 6


def test_a_board_is_built_kept_and_there_after_a_reload(
    browser: Browser, own: tuple[Settings, Bucket, str], tmp_path: Path
) -> None:
    with tab(browser, own[2]) as opened:
        page = opened.open("boards")
        page.get_by_role("button", name="New board").click()
        page.locator("#board-title").fill("Night shift")
        page.get_by_role("button", name="Add a panel").click()
        form = page.locator("dialog")
        form.locator('[name="title"]').fill("Entries by level")
        form.locator('[name="by"]').select_option("level")
        form.get_by_role("button", name="Take it").click()
        page.get_by_role("button", name="Add a panel").click()
        form.locator('[name="title"]').fill("What it said")
        form.locator('[name="kind"]').select_option("table")
        form.locator('[name="columns"]').select_option(["level", "message"])
        form.get_by_role("button", name="Take it").click()
        grip = page.get_by_role("button", name="Move What it said: arrow keys; with Shift: resize")
        grip.press("ArrowRight")
        grip.press("Shift+ArrowRight")
        page.get_by_role("button", name="Keep").click()
        page.wait_for_url("**board=night-shift**")
        page.reload()
        opened.ready("boards")
        # What the logs hold stays text.
        expect(page.locator("#panel-panel-2 td").nth(1)).to_have_text(HOSTILE)
        kept = opened.value("fetch('/_dashboard/api/r2/boards/night-shift').then((got) => got.json())")
        assert [(one["title"], one["x"], one["width"]) for one in kept["panels"]] == [
            ("Entries by level", 0, 6),
            ("What it said", 1, 7),
        ]

        # Out as JSON, and in again as another one.
        with page.expect_download() as waiting:
            page.get_by_role("link", name="Export").click()
        file = tmp_path / "board.json"
        waiting.value.save_as(file)
        page.locator('input[type="file"]').set_input_files(file)
        page.wait_for_url("**board=night-shift-2**")

        # Somebody else changes the board that is being changed here: nothing is lost on either side.
        opened.ready("boards")
        page.get_by_role("button", name="Change", exact=True).first.click()
        page.locator("#board-title").fill("Mine")
        opened.value(
            "fetch('/_dashboard/api/r2/boards/night-shift-2').then(async (got) => {"
            " const { origin, changedAt, ...board } = await got.json();"
            " await fetch(got.url, { method: 'PUT', body: JSON.stringify({ ...board, title: 'Theirs' }),"
            " headers: { 'content-type': 'application/json', 'if-match': got.headers.get('etag') } }); })"
        )
        page.get_by_role("button", name="Keep").click()
        expect(page.locator(".toast.bad")).to_contain_text("was changed since it was read")
        assert page.locator("#board-title").input_value() == "Mine"
        # The refusal itself is what the browser's console tells of.
        assert all("412" in complaint for complaint in opened.complaints)


def test_text_of_a_board_is_never_markup(browser: Browser, own: tuple[Settings, Bucket, str]) -> None:
    text = "**bold** <img src=x onerror=alert(1)> [bad](javascript:alert(1)) [good](/_dashboard)"
    with tab(browser, own[2]) as opened:
        board = {
            "id": "text",
            "title": "<b>Text</b>",
            "panels": [{"id": "t", "kind": "markdown", "text": text}],
        }
        httpx.post(f"{own[2]}{PREFIX}/boards", json=board).raise_for_status()
        page = opened.open("boards", "?board=text")
        prose = page.locator("#panel-t .prose")
        expect(prose.locator("strong")).to_have_text("bold")
        assert prose.locator("img").count() == 0
        assert prose.locator("a").count() == 1
        assert "<img src=x onerror=alert(1)>" in prose.inner_text()
        assert opened.complaints == []


def test_audits_are_run_on_demand(browser: Browser, own: tuple[Settings, Bucket, str]) -> None:
    with tab(browser, own[2]) as opened:
        page = opened.open("system")
        page.locator("#depth").select_option("whole")
        page.get_by_role("button", name="Check now").click()
        expect(page.locator("#audits .ok b")).to_have_text("All is well")
        assert opened.complaints == []


def test_paper_is_light_whatever_the_screen_is(browser: Browser, address: str) -> None:
    with tab(browser, address) as opened:
        page = opened.open("reports")
        assert opened.value("document.documentElement.dataset.theme") == "dark"
        page.emulate_media(media="print")
        expect(page.locator("html")).to_have_attribute("data-theme", "light")
        expect(page.locator(".tabs")).to_be_hidden()
        page.emulate_media(media="screen")
        expect(page.locator("html")).to_have_attribute("data-theme", "dark")


def test_a_board_that_is_changed_on_a_phone_keeps_its_places(
    browser: Browser, own: tuple[Settings, Bucket, str]
) -> None:
    address = f"{own[2]}{PREFIX}/boards/faults"
    shipped = httpx.get(address).json()["panels"]
    with tab(browser, own[2], 390, 844) as opened:
        page = opened.open("boards", "?board=faults")
        tops = [page.locator(f"#panel-{panel['id']}").bounding_box() for panel in shipped]
        # One below the other, in the order in which they are read.
        assert [box["y"] for box in tops if box] == sorted(box["y"] for box in tops if box)
        page.get_by_role("button", name="Change", exact=True).first.click()
        page.locator("#board-title").fill("What breaks at night")
        page.get_by_role("button", name="Keep").click()
        expect(page.locator("#board option:checked")).to_have_text("What breaks at night")
    assert httpx.get(address).json()["panels"] == shipped
