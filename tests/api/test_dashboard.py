"""The dashboard and the page of the API's description: what is shipped, and what a browser makes of it."""

from __future__ import annotations

import hashlib
import re
import tomllib
from typing import Any

import pytest
from litestar import Litestar
from litestar.testing import TestClient

from api.paths import DASHBOARD, DOCS, PAGES_DIR, STATIC_DIR

VENDOR = STATIC_DIR / "vendor"
OURS = [
    path
    for path in PAGES_DIR.rglob("*")
    if path.is_file() and VENDOR not in path.parents and path.suffix != ".pyc"
]
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
