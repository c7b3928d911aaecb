"""Is a body what the bucket stores? Its ETag tells, where that is the MD5 of the body.

It is one for objects that were stored in one piece without encryption by a key of their owner. The ETag of a
multipart upload has a dash; that of an encrypted object looks like an MD5 and is none, which shows when the
same bytes come twice.
"""

from __future__ import annotations

import hashlib
import re
import threading

_MD5 = re.compile(r"[0-9a-f]{32}")


class EtagCheck:
    """Compares bodies with ETags, and learns whether the ETags of a bucket are MD5s. Safe for threads."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._agreed = False
        self._useless = False

    def differs(self, etag: str, body: bytes) -> bool:
        """Whether the ETag may be an MD5 and is not that of the body."""
        if self._useless or not _MD5.fullmatch(etag):
            return False
        same = hashlib.md5(body, usedforsecurity=False).hexdigest() == etag
        if same:
            self._agreed = True
        return not same

    def came_twice(self) -> None:
        """Learn that bytes which came twice alike have an ETag that is not their MD5."""
        with self._lock:
            # Where no ETag ever was an MD5, further objects are not fetched twice.
            self._useless = not self._agreed
