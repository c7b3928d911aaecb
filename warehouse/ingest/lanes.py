"""The fast lanes of `sql/lanes/`, one for a format of the same name: which lines they take."""

from __future__ import annotations

import re
from functools import cache

from warehouse import sqlfiles

#: A connection for lanes joins as the SQL says, and keeps the order of the lines; it hands no condition
#: of a join to Arrow, which has no filter for views of strings, and evaluates a condition where it stands,
#: on what was parsed already.
LANE_SETTINGS = (
    "SET disabled_optimizers = 'join_order,build_side_probe_side,join_filter_pushdown,filter_pushdown'"
)


@cache
def opening(form: str) -> bytes | None:
    """What the usual lines of a format begin with, before the epoch milliseconds; None without a lane.

    It stands in the lane's head, as `-- opening: TEXT`.
    """
    if form not in sqlfiles.names("lanes"):
        return None
    found = re.search(r"^-- opening: (.+)$", sqlfiles.read("lanes", form), re.MULTILINE)
    return found[1].encode() if found else None
