"""Files of one JSON object a line that only grow, and so survive a killed process.

A line is on the disk when `append` returns. A process that is killed leaves at most one torn line at the end; the next
one that opens the file to append cuts it off, and readers leave it out.
"""

from __future__ import annotations

import json
import os
import threading
from collections.abc import Iterator
from contextlib import closing, contextmanager
from pathlib import Path
from typing import Any

from filelock import FileLock, Timeout

from longwriter_ui.errors import StoreError

Json = dict[str, Any]


class Appender:
    """Appends to one file, from any thread; see `appending`."""

    def __init__(self, path: Path) -> None:
        with _translated(path):
            self._file = path.open("ab+")
        self._path = path
        self._lock = threading.Lock()
        self._cut_torn_line()

    def append(self, value: Json) -> None:
        """Write one line through to the disk; StoreError."""
        line = json.dumps(value, ensure_ascii=False) + "\n"
        with self._lock, _translated(self._path):
            self._file.write(line.encode())
            self._file.flush()
            os.fsync(self._file.fileno())

    def close(self) -> None:
        self._file.close()

    def _cut_torn_line(self) -> None:
        with _translated(self._path):
            self._file.seek(0)
            content = self._file.read()
            whole = content.rfind(b"\n") + 1
            if whole == len(content):
                return
            if _is_object(content[whole:]):
                self._file.write(b"\n")  # only the end of the line is missing
            else:
                self._file.truncate(whole)


@contextmanager
def alone(path: Path) -> Iterator[None]:
    """Nobody else appends to the file, or replaces it, for as long as the block runs; StoreError while another process
    does."""
    lock = FileLock(path.with_name(f".{path.name}.lock"), thread_local=False)
    with _translated(path):
        try:
            lock.acquire(timeout=0)
        except Timeout as error:
            raise StoreError(f"{path} is being written by another process.", "Wait until it is done.") from error
    try:
        yield
    finally:
        lock.release()


@contextmanager
def appending(path: Path) -> Iterator[Appender]:
    """The file, for as long as the block runs; StoreError while another process has it."""
    with alone(path), closing(Appender(path)) as appender:
        yield appender


def read_lines(path: Path) -> list[Json]:
    """The objects of a file that was appended to, in order; none where there is no file. Blank lines and a torn last
    line are left out; StoreError names a line that is no object."""
    return _objects(path, torn=True) if path.exists() else []


def load_lines(path: Path) -> list[Json]:
    """The objects of a file that a person gave, in order: every line counts, the last one too. StoreError when there
    is no such file, or naming a line that is no object."""
    try:
        if path.is_dir():
            raise StoreError(f"{path} is a folder.", "Give the file itself.")
        if not path.exists():
            raise StoreError(f"There is no file {path}.", "Check the path.")
    except OSError as error:  # a name that no file can have
        raise _unreadable(path, error) from error
    return _objects(path, torn=False)


def dump_lines(values: list[Json]) -> bytes:
    """The objects as the content of such a file."""
    return "".join(json.dumps(value, ensure_ascii=False) + "\n" for value in values).encode()


def _objects(path: Path, *, torn: bool) -> list[Json]:
    """`torn`: the last line may be one that a killed process left."""
    try:
        ignored = torn and not _ends_whole(path)  # such a line may end in the middle of a character
        text = path.read_text(encoding="utf-8-sig", errors="ignore" if ignored else "strict")
    except UnicodeDecodeError as error:
        raise StoreError(f"{path} is no text in UTF-8.", "Save it as UTF-8.") from error
    except OSError as error:
        raise _unreadable(path, error) from error
    # Not splitlines: texts may hold other line separators that JSON leaves as they are.
    lines = text.split("\n")
    values = []
    for number, line in enumerate(lines, 1):
        if not line.strip():
            continue
        try:
            value = json.loads(line)
        except (ValueError, RecursionError) as error:
            if torn and number == len(lines):
                break
            raise StoreError(f"Line {number} of {path} is no JSON.", "Each line is one JSON object.") from error
        if not isinstance(value, dict):
            raise StoreError(f"Line {number} of {path} is no JSON object.", "Each line is one JSON object.")
        values.append(value)
    return values


def _unreadable(path: Path, error: OSError) -> StoreError:
    return StoreError(f"{path} cannot be read: {error.strerror or error}.", "Check the path.")


def _is_object(line: bytes) -> bool:
    try:
        return isinstance(json.loads(line), dict)
    except ValueError:
        return False


def _ends_whole(path: Path) -> bool:
    """Whether the last line has its end."""
    with path.open("rb") as file:
        size = file.seek(0, os.SEEK_END)
        if size == 0:
            return True
        file.seek(size - 1)
        return file.read(1) == b"\n"


@contextmanager
def _translated(path: Path) -> Iterator[None]:
    try:
        yield
    except OSError as error:
        raise StoreError(
            f"{path} cannot be written: {error.strerror or error}.", "Check the folder's permissions and its space."
        ) from error
