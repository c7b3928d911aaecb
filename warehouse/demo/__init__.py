"""Sample data for the demo, the tests and the benchmarks: what a private npm registry leaves in a bucket.

`generate` makes objects in memory, `fill` uploads them, `write_to` writes them as files, `ensure` brings
a bucket up to date. Nothing of it is left to chance: the same arguments give the same bytes.
"""

from warehouse.demo.fill import DemoSummary, clear, ensure, fill, filled, write_to
from warehouse.demo.objects import DemoObject, generate

__all__ = ["DemoObject", "DemoSummary", "clear", "ensure", "fill", "filled", "generate", "write_to"]
