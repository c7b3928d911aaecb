"""Formats of log lines: which there are, which one an object has, and the SQL that reads it.

A format is one file of `sql/formats/`; adding a file adds a format (docs/formats.md).
"""

from warehouse.formats.detection import SKIP, condition_faults, detect, sample_weight
from warehouse.formats.library import DEFAULT, Format, formats, sql
from warehouse.formats.reading import RAW_OBJECTS, conform, query_faults

__all__ = [
    "DEFAULT",
    "RAW_OBJECTS",
    "SKIP",
    "Format",
    "condition_faults",
    "conform",
    "detect",
    "formats",
    "query_faults",
    "sample_weight",
    "sql",
]
