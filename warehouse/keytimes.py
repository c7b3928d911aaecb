"""Times in the names of objects: which folders grow by time, and where in them to go on listing.

Registries and Logpush name log objects by the time they begin at, so a folder's new objects come last in
the order of its keys. A folder whose every key fits one layout below need not be listed from its beginning:
a listing may start after the name that an object of an earlier moment would have.
"""

from __future__ import annotations

import re
from datetime import UTC, datetime, timedelta
from functools import cached_property

_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_YEAR, _MONTH, _DAY = r"(?:19|20)\d\d", r"(?:0[1-9]|1[0-2])", r"(?:0[1-9]|[12]\d|3[01])"
_PARTS = {"%Y": _YEAR, "%m": _MONTH, "%d": _DAY, "%H": r"[01]\d|2[0-3]", "%M": r"[0-5]\d", "%S": r"[0-5]\d"}


class Layout:
    """How the names in a folder begin: fixed text, then a time of fixed width, so that they sort by time.

    `form` is what strftime takes, or "%s" for seconds and "%ms" for milliseconds since 1970.
    """

    def __init__(self, form: str, text: str = "") -> None:
        self.name = text + form
        self._form = form
        self._text = text

    @cached_property
    def _pattern(self) -> re.Pattern[str]:
        digits = {"%s": r"[1-9]\d{9}", "%ms": r"[1-9]\d{12}"}.get(self._form)
        stamp = digits or re.sub(r"%[a-zA-Z]", lambda part: f"(?:{_PARTS[part[0]]})", self._form)
        return re.compile(re.escape(self._text) + f"({stamp})(?!\\d)")

    def stamp(self, name: str) -> str | None:
        """The text of the time that a name begins with; a later time has a greater text."""
        found = self._pattern.match(name)
        return found[1] if found else None

    def always_listed(self, name: str) -> bool:
        """Whether a name without a time comes after all names with one, so that no start leaves it out."""
        return name > self._text + ":"  # the character after the digits

    def moment_us(self, stamp: str) -> int | None:
        """The time of a stamp in epoch microseconds; None when the calendar has no such day."""
        if self._form == "%ms":
            return int(stamp) * 1_000
        if self._form == "%s":
            return int(stamp) * 1_000_000
        form = self._form
        if form.count("%Y") > 1:  # a day's folder before the time: the time tells the day too
            form, stamp = form.rpartition("/")[2], stamp.rpartition("/")[2]
        try:
            moment = datetime.strptime(stamp, form).replace(tzinfo=UTC)
        except ValueError:
            return None
        return (moment - _EPOCH) // timedelta(microseconds=1)

    def name_at(self, moment_us: int) -> str:
        """How the name of an object of a moment begins."""
        if self._form == "%ms":
            return f"{self._text}{max(moment_us, 0) // 1_000:013}"
        if self._form == "%s":
            return f"{self._text}{max(moment_us, 0) // 1_000_000:010}"
        moment = _EPOCH + timedelta(microseconds=max(moment_us, 0))
        return self._text + moment.strftime(self._form)


#: Layouts of dates alone, as the names of a day's folder have them too.
DAYS = tuple(
    Layout(form, text) for text in ("", "date=", "dt=", "day=") for form in ("%Y%m%d", "%Y-%m-%d", "%Y/%m/%d")
)
#: The finest first: of several layouts that fit a folder the first one is taken.
LAYOUTS = (
    Layout("%ms"),
    Layout("%s"),
    Layout("%Y%m%d/%Y%m%dT%H%M%SZ"),
    Layout("%Y%m%dT%H%M%SZ"),
    Layout("%Y-%m-%dT%H:%M:%S"),
    *DAYS,
)
BY_NAME = {layout.name: layout for layout in LAYOUTS}


def day_us(folder: str) -> int | None:
    """The day that the name of a folder (with its slash) is, in epoch microseconds; None for others."""
    name = folder.removesuffix("/")
    for layout in DAYS:
        stamp = layout.stamp(name)
        if stamp is not None and name.endswith(stamp):
            return layout.moment_us(stamp)
    return None


class Watch:
    """Looks at the names in one folder, in the order in which they are listed."""

    def __init__(self, layout: Layout | None = None, until_us: int = 0) -> None:
        """`layout` and `until_us` are what an earlier listing found."""
        self._newest = dict.fromkeys([layout] if layout else LAYOUTS, "")
        self._until_us = until_us
        self._known = layout is not None
        self._last = ""
        self.keys = 0
        #: The server lists in another order than that of the names' bytes.
        self.unordered = False

    def see(self, name: str) -> None:
        """One more name of the folder, relative to it."""
        self.unordered |= name <= self._last
        self._last = name
        if name.endswith("/") or not name:
            return
        self.keys += 1
        misfits = []
        for layout, newest in self._newest.items():
            stamp = layout.stamp(name)
            if stamp is None:
                if not layout.always_listed(name):
                    misfits.append(layout)
            elif stamp > newest:
                self._newest[layout] = stamp
        for layout in misfits:
            del self._newest[layout]

    def result(self, now_us: int) -> tuple[Layout, int] | None:
        """The folder's layout and the time up to which it is listed; None when its names do not tell.

        A name from the future does not count: what comes until then would be left out.
        """
        for layout, stamp in self._newest.items():
            newest = layout.moment_us(stamp) if stamp else None
            if newest is not None:
                return layout, max(self._until_us, min(newest, now_us))
            if self._known and not stamp:
                return layout, self._until_us
        return None
