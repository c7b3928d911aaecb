"""docs/formats.md: its examples are real, and every format and macro that it names is there."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from tests.formats.conftest import Conform, head_of
from warehouse import formats, sqlfiles
from warehouse.settings import Settings

TEXT = (Path(__file__).parents[2] / "docs" / "formats.md").read_text(encoding="utf-8")
EXAMPLES = dict(re.findall(r"^## (\w+)\n\n```(?:json|text)\n(.*?)\n```", TEXT, re.MULTILINE | re.DOTALL))


def test_every_format_has_a_section_with_an_example() -> None:
    assert set(EXAMPLES) == {item.name for item in formats.formats()}
    for name in EXAMPLES:
        assert f"| [`{name}`](#{name}) |" in TEXT


@pytest.mark.parametrize("name", EXAMPLES)
def test_the_examples_are_detected_and_read(conform: Conform, name: str) -> None:
    lines = EXAMPLES[name].splitlines()
    for line in lines:
        assert formats.detect(head_of(line.encode()), "logs/x", Settings()) == name
    assert [row["reason"] for row in conform(name, *lines)] == [None] * len(lines)


def test_the_macros_that_are_named_are_there() -> None:
    made = re.findall(r"MACRO (\w+)\(", sqlfiles.read("macros", "lines") + sqlfiles.read("macros", "formats"))
    named = re.search(r"\*\*Macros\*\*(.*?)\n- \*\*", TEXT, re.DOTALL)
    assert named is not None
    called = {name for name in re.findall(r"`(\w+)`", named[1]) if not name.endswith("sql")}
    assert called
    assert called <= set(made)
