"""Connections to one in-memory database, each bound to a generation of the manifest before it is used."""

from __future__ import annotations

import queue
from collections.abc import Callable, Iterator, Set
from contextlib import contextmanager

from msgspec import Struct

from warehouse import duck
from warehouse.manifest import Snapshot

#: Lets variables of a connection be those of a snapshot.
Bind = Callable[[duck.Connection, Snapshot, Set[str]], None]


class Pool:
    """Idle connections of a database. Safe for use from several threads."""

    def __init__(self, db: duck.Connection, bind: Bind) -> None:
        self._db = db
        self._bind = bind
        self._idle: queue.LifoQueue[_Bound] = queue.LifoQueue()

    def close(self) -> None:
        """Close every connection, and the database."""
        while not self._idle.empty():
            self._idle.get_nowait().con.close()
        self._db.close()

    @contextmanager
    def connection(self, snapshot: Snapshot, variables: Set[str]) -> Iterator[duck.Connection]:
        """A connection that sees these variables as of a snapshot, for the length of one query."""
        try:
            bound = self._idle.get_nowait()
        except queue.Empty:
            bound = _Bound(self._db.cursor(), -1, set())
        try:
            if bound.generation != snapshot.generation:
                bound.variables.clear()
            missing = variables - bound.variables
            if missing or bound.generation != snapshot.generation:
                self._bind(bound.con, snapshot, missing)
                bound.generation = snapshot.generation
                bound.variables |= missing
            yield bound.con
        except BaseException:
            # A query that is left half-way (Ctrl-C) would hold up the closing of its connection.
            bound.con.interrupt()
            raise
        finally:
            self._idle.put(bound)


class _Bound(Struct):
    """A connection, the generation that it stands at, and the variables that it has of that."""

    con: duck.Connection
    generation: int
    variables: set[str]
