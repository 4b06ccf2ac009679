"""One SQLite file: opened, migrated, put right where it is damaged, and used one transaction at a time."""

from __future__ import annotations

import sqlite3
import threading
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

from longwriter_ui.errors import StoreError
from longwriter_ui.store import salvage
from longwriter_ui.store.migrations import migrate

_BUSY_SECONDS = 10  # how long to wait for another process's transaction
_MOST_UNUSED = 1024  # pages of 4 kB; less is not worth the time


class Database:
    """The SQLite file `path` in WAL mode, usable from several threads and processes. Failures are StoreErrors."""

    def __init__(self, path: Path) -> None:
        self._lock = threading.RLock()
        self._path = path
        with self._translated():
            path.parent.mkdir(parents=True, exist_ok=True)
            salvage.finish(path)
            try:
                self._connection = _opened(path)
            except sqlite3.DatabaseError as error:
                if not salvage.is_damage(error):
                    raise
                salvage.salvage(path, _opened)
                self._connection = _opened(path)
            self._file = _file(path)

    def close(self) -> None:
        with self._lock:
            self._connection.close()

    @contextmanager
    def read(self) -> Iterator[sqlite3.Connection]:
        """One consistent state, whatever other processes do meanwhile."""
        with self._transaction("BEGIN") as connection:
            yield connection

    @contextmanager
    def change(self) -> Iterator[sqlite3.Connection]:
        """A transaction that writes: all of it happens, or nothing; afterwards it outlasts a power cut."""
        with self._transaction("BEGIN IMMEDIATE") as connection:
            yield connection

    @contextmanager
    def _transaction(self, begin: str) -> Iterator[sqlite3.Connection]:
        with self._lock, self._translated():
            self._follow()
            self._connection.execute(begin)
            try:
                yield self._connection
                self._connection.execute("COMMIT")
            except BaseException:
                # A full disk makes SQLite roll back by itself; a second ROLLBACK would hide the reason.
                if self._connection.in_transaction:
                    self._connection.execute("ROLLBACK")
                raise

    def _follow(self) -> None:
        """Another process, or a person, may have put another file in the place of this one: what would be written into
        the old one would be lost."""
        if (found := _file(self._path)) != self._file:
            self._connection.close()
            self._connection = _opened(self._path)
            self._file = found

    @contextmanager
    def _translated(self) -> Iterator[None]:
        try:
            yield
        except (sqlite3.Error, OSError) as error:
            hint = "Check that the folder can be written to, that the disk is not full, and LONGWRITER_HOME."
            if "database is locked" in str(error):
                hint = "Another program is at work on them. Try again when it is done, or close it."
            if salvage.is_damage(error):
                hint = "The file is damaged. Start the application again: it saves what can be read of your drafts."
            raise StoreError(
                f"The drafts in {self._path} cannot be used: {error}.",
                hint,
                retryable=isinstance(error, sqlite3.OperationalError),
            ) from error


def _file(path: Path) -> tuple[int, int]:
    """Which file has this name now."""
    found = path.stat()
    return found.st_dev, found.st_ino


def _opened(path: Path) -> sqlite3.Connection:
    """A connection to a store of today; an error leaves none open, for its locks would stay."""
    connection = sqlite3.connect(path, timeout=_BUSY_SECONDS, isolation_level=None, check_same_thread=False)
    try:
        connection.row_factory = sqlite3.Row
        connection.execute("PRAGMA journal_mode = WAL")
        # What was acknowledged is on the disk: NORMAL would lose it in a power cut. A few commits a second are cheap.
        connection.execute("PRAGMA synchronous = FULL")
        connection.execute("PRAGMA fullfsync = ON")  # macOS: past the drive's own cache, too
        connection.execute("PRAGMA foreign_keys = ON")
        (verdict,) = connection.execute("PRAGMA quick_check(1)").fetchone()
        if verdict != "ok":
            raise sqlite3.DatabaseError(f"the file is malformed: {verdict}")
        migrate(connection, path)
        _compact(connection)
    except BaseException:
        connection.close()
        raise
    return connection


def _compact(connection: sqlite3.Connection) -> None:
    """Give back what deleted drafts have left, once it is more than half of the file; text that comes is written into
    it otherwise. Put off while another process is at work, or the disk has no room for the copy."""
    (unused,), (pages,) = (connection.execute(f"PRAGMA {what}_count").fetchone() for what in ("freelist", "page"))
    if unused < _MOST_UNUSED or 2 * unused < pages:
        return
    connection.execute("PRAGMA busy_timeout = 0")
    with suppress(sqlite3.OperationalError):
        connection.execute("VACUUM")
    connection.execute(f"PRAGMA busy_timeout = {_BUSY_SECONDS * 1000}")
