"""How soon the dashboard repaints at 10 million entries: `python -m tests.bench.dashboard`.

Headless Chromium against a server of its own. A time is from the click (of a search: from the key) to the
frame that shows the last answer; the median and the slowest of several. "new" is what nobody asked since the
last commit, as after each sync; "known" is the same once more. Then what a first visit costs, and what many
viewers and the former pages ask of a server (tests/bench/viewers.py).
"""

from __future__ import annotations

import argparse
import statistics
import tempfile
import time
from pathlib import Path

from playwright.sync_api import Browser, Page

from api.paths import DASHBOARD
from tests.api.processes import environment, started
from tests.bench import synthetic, viewers
from tests.bench.endpoints import END
from tests.dashboard.chromium import chromium
from warehouse.manifest import Manifest

#: What is done: a name, the page, its address, and scripts of which each asks something else.
Step = tuple[str, str, str, list[str]]

_FRAME = """
const channel = new MessageChannel();
const frame = new Promise((done) => { channel.port1.onmessage = done; });
requestAnimationFrame(() => channel.port2.postMessage(0));
await frame;
"""
_MEASURED = (
    """
async () => {
  const begun = performance.now();
  %s;
  const busy = () => document.body.dataset.busy !== undefined;
  for (let look = 0; !busy() && look < 200; look += 1) await new Promise((done) => setTimeout(done, 2));
  while (busy()) await new Promise((done) => {
    const watch = new MutationObserver(() => { watch.disconnect(); done(); });
    watch.observe(document.body, { attributes: true });
  });
"""
    + _FRAME
    + "return performance.now() - begun; }"
)
_VISIT = """
() => {
  const sent = performance.getEntriesByType('resource').concat(performance.getEntriesByType('navigation'));
  return {
    painted: performance.getEntriesByName('first-contentful-paint')[0].startTime,
    bytes: sent.reduce((sum, one) => sum + one.transferSize, 0),
    moved: window.moved,
  };
}
"""
_SHIFTS = (
    "window.moved = 0; new PerformanceObserver((list) => { for (const one of list.getEntries())"
    " if (!one.hadRecentInput) window.moved += one.value; })"
    ".observe({ type: 'layout-shift', buffered: true });"
)


def _press(*selectors: str) -> list[str]:
    return [f"document.querySelector('{selector}').click()" for selector in selectors]


def _set(selector: str, event: str, *values: str) -> list[str]:
    return [
        f"const field = document.querySelector('{selector}'); field.value = '{value}';"
        f" field.dispatchEvent(new Event('{event}', {{ bubbles: true }}))"
        for value in values
    ]


def _ranges(*hours: int) -> list[str]:
    return _press(*(f'#ranges [data-hours="{one}"]' for one in hours))


def _part(first: float, last: float) -> str:
    """A part of the last seven days, as the brush sets it."""
    hour = 3_600_000
    start = f"Math.floor(Date.now() / {hour}) * {hour} - {168 - round(168 * first)} * {hour}"
    end = f"Math.floor(Date.now() / {hour}) * {hour} - {168 - round(168 * last)} * {hour} - 1"
    return (
        "const place = await import('/_dashboard/static/core/place.js');"
        f" place.set({{ startDate: {start}, endDate: {end} }})"
    )


def _of_logs(hours: int) -> list[Step]:
    query, mixed = f"?hours={hours}", f"?hours={hours}&source=source-1&level=error"
    steps = [
        ("a level", query, _press('[data-level="debug"]', '[data-level="info"]', '[data-level="error"]')),
        ("a source", query, _set("#f-source", "change", "source-0", "source-2", "source-3")),
        ("a package", query, _set("#f-package", "change", "pkg-1", "pkg-4", "pkg-7")),
        ("a status", query, _set("#f-status", "change", "502", "200")),
        ("a package of a source's errors", mixed, _set("#f-package", "change", "pkg-2", "pkg-5")),
        ("a frequent word", query, _set("#q", "input", "pkg-3", "failed")),
        ("a rare word", query, _set("#q", "input", "needle", "haystack")),
        ("a word that is nowhere", query, _set("#q", "input", "zebra", "unicorn")),
    ]
    return [(f"{name}, {hours} h", "logs", address, scripts) for name, address, scripts in steps]


STEPS: list[Step] = [
    ("range: 1 h, 6 h, 7 days", "overview", "?hours=24", _ranges(1, 6, 168)),
    ("range: 24 h", "overview", "?hours=168", _ranges(24)),
    ("range: 7 days", "packages", "?hours=24", _ranges(168)),
    (
        "by version, program, client",
        "packages",
        "?hours=168",
        _press(*(f"#downloads .seg button:nth-child({n})" for n in (2, 3, 4))),
    ),
    ("a package", "packages", "?hours=168", _set("#package", "change", "pkg-1", "pkg-4", "pkg-7")),
    ("range: 1 h, 6 h, 7 days", "logs", "?hours=24", _ranges(1, 6, 168)),
    ("a part of 7 days", "logs", "?hours=168", [_part(0.2, 0.4), _part(0.55, 0.6), _part(0.1, 0.9)]),
    *_of_logs(24),
    *_of_logs(168),
]


def main() -> None:
    """Build the warehouse, start the server, print the tables."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--entries", type=int, default=10_000_000)
    parser.add_argument("--runs", type=int, default=9, help="of each step")
    parser.add_argument("--data", type=Path, help="a folder to keep the warehouse in, or that holds it")
    parser.add_argument("--only", default="", help="a part of the name of a page or a step")
    options = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        data_dir = options.data or Path(folder)
        if not (data_dir / "manifest.sqlite").exists():
            begun = time.perf_counter()
            synthetic.build(data_dir, options.entries, END)
            print(f"# {options.entries:,} entries built in {time.perf_counter() - begun:.1f} s")
        manifest = Manifest(data_dir)
        environ = environment(WAREHOUSE_DATA_DIR=str(data_dir))
        with started("serve", env=environ) as (process, url, _said):
            with chromium() as browser:
                _repaints(browser, url, manifest, options.runs, options.only)
                if not options.only:
                    _visit(browser, url, options.runs)
            if not options.only:
                viewers.measure(process.pid, url, manifest)
        manifest.close()


def _repaints(browser: Browser, url: str, manifest: Manifest, runs: int, only: str) -> None:
    heads = ("new", "slowest", "known", "slowest")
    print(f"{'repaint, ms':46}" + "".join(f"{head:>9}" for head in heads))
    page = browser.new_context(viewport={"width": 1440, "height": 900}).new_page()
    for name, where, query, scripts in STEPS:
        if only not in f"{where}: {name}":
            continue
        new, known = [], []
        for turn in range(runs):
            script = scripts[turn % len(scripts)]
            # A commit that changes nothing but makes every kept answer old.
            manifest.commit()
            for times in (new, known):
                _open(page, url, where, query)
                times.append(float(page.evaluate(_MEASURED % script)))
        figures = [statistics.median(new), max(new), statistics.median(known), max(known)]
        print(f"{where + ': ' + name:46}" + "".join(f"{one:9.0f}" for one in figures), flush=True)
    page.context.close()


def _open(page: Page, url: str, where: str, query: str) -> None:
    page.goto(f"{url}{DASHBOARD}{'' if where == 'overview' else f'/{where}'}{query}")
    page.wait_for_selector(f'body[data-ready="{where}"]:not([data-busy])', state="attached")
    # What the page does by itself after it has opened (it listens, it paints) is over.
    page.wait_for_function("document.querySelector('#live').dataset.state === 'live'")
    page.wait_for_timeout(250)


def _visit(browser: Browser, url: str, runs: int) -> None:
    """The overview with a cold cache."""
    seen = []
    for _ in range(runs):
        context = browser.new_context(viewport={"width": 1440, "height": 900})
        page = context.new_page()
        page.add_init_script(_SHIFTS)
        _open(page, url, "overview", "")
        seen.append(page.evaluate(_VISIT))
        context.close()
    painted = [one["painted"] for one in seen]
    print(f"first contentful paint: {statistics.median(painted):.0f} ms, slowest {max(painted):.0f}")
    print(f"over the wire: {max(one['bytes'] for one in seen) / 1000:.0f} KB")
    print(f"cumulative layout shift: {max(one['moved'] for one in seen):.4f}")


if __name__ == "__main__":
    main()
