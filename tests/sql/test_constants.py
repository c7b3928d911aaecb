"""Queries that read nothing but their parameters (Engine.constant)."""

from __future__ import annotations

from contextlib import closing

import pytest

from tests.warehouse_builder import Builder


def test_a_query_that_reads_nothing_is_run_once_for_each_of_its_parameters(
    builder: Builder, monkeypatch: pytest.MonkeyPatch
) -> None:
    warehouse = builder.open()
    engine = warehouse._engine
    run: list[str] = []
    original = engine.run

    def counted(name: str, *given: object, **more: object) -> object:
        run.append(name)
        return original(name, *given, **more)  # type: ignore[arg-type]

    monkeypatch.setattr(engine, "run", counted)
    day = {"hours": 24, "points": 24}
    with closing(warehouse):
        first = engine.constant("window_slots", day)
        # What a caller does with its answer changes nobody else's.
        first.pop("grain")
        assert engine.constant("window_slots", day)["grain"] == 30
        assert engine.constant("window_slots", {"hours": 168, "points": 1})["grain"] == 3600
    assert run == ["window_slots", "window_slots"]
