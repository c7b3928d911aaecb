"""Formats of log lines: which there are, which one an object has, and the SQL that reads it.

A format is one file of `sql/formats/`; adding a file adds a format (docs/formats.md).
"""

from warehouse.formats.detection import SKIP, detect, sample_weight
from warehouse.formats.library import DEFAULT, Format, formats, sql

__all__ = ["DEFAULT", "SKIP", "Format", "detect", "formats", "sample_weight", "sql"]
