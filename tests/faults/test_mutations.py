"""The table of defences (`mutations.py`) names code and tests that are there."""

from __future__ import annotations

import pytest

from tests.faults.mutations import MUTATIONS, ROOT, Mutation


@pytest.mark.parametrize("mutation", MUTATIONS, ids=lambda item: item.name)
def test_a_defence_is_where_the_table_says(mutation: Mutation) -> None:
    for name, old, new in mutation.changes:
        assert (ROOT / name).read_text().count(old) == 1, f"{name} holds it once"
        assert old != new
    for test in mutation.tests:
        file, _, function = test.partition("::")
        assert f"def {function}" in (ROOT / file).read_text()
