"""A file while it is being fetched: NAME.part, with a note beside it of what the bytes are part of.

When the file is whole, the note becomes NAME.json: the checksum is found there when the file is verified later.
"""

from __future__ import annotations

import errno
import json
import os
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import asdict
from pathlib import Path
from typing import IO, Protocol

from filelock import FileLock, Timeout

from longwriter_ui.errors import DownloadError
from longwriter_ui.weights.hub import RemoteFile

_BLOCK = 1 << 22  # bytes hashed at once


class Digest(Protocol):
    """What `hashlib` gives, as far as it is needed here."""

    def update(self, data: bytes, /) -> None: ...


class Partial:
    """The file `target`, to become what `file` describes."""

    def __init__(self, target: Path, file: RemoteFile) -> None:
        self.target = target
        self.file = file
        self.path = target.with_name(target.name + ".part")

    @contextmanager
    def locked(self) -> Iterator[None]:
        """Nobody else, in this process or another, fetches this file meanwhile; DownloadError when somebody does."""
        with _writing(self.target):
            self.target.parent.mkdir(parents=True, exist_ok=True)
        lock = FileLock(self.target.with_name(f".{self.target.name}.lock"), thread_local=False)
        try:
            lock.acquire(timeout=0)
        except Timeout as error:
            raise DownloadError(
                f"{self.target.name} is being downloaded already.", "Wait for it, or stop it there.", retryable=True
            ) from error
        try:
            yield
        finally:
            lock.release()

    def begin(self) -> int:
        """How many bytes are there to go on from. Bytes of anything else than this very file are dropped."""
        if not self.file.same_bytes(read_note(self.path)):
            self.drop()
            write_note(self.path, self.file)
        if self.size > self.file.size:
            self.drop()
        return self.size

    @property
    def size(self) -> int:
        return self.path.stat().st_size if self.path.exists() else 0

    @contextmanager
    def appending(self, start: int) -> Iterator[IO[bytes]]:
        """Write from byte `start` on; what was there from it on is gone."""
        with _writing(self.path), self.path.open("r+b" if self.path.exists() else "wb") as file:
            file.truncate(start)
            file.seek(start)
            yield file

    def drop(self) -> None:
        """Forget the bytes."""
        with _writing(self.path):
            self.path.unlink(missing_ok=True)

    def finish(self) -> Path:
        """The file is whole: give it its name, at once."""
        with _writing(self.target):
            with self.path.open("r+b") as file:
                os.fsync(file.fileno())
            self.path.replace(self.target)
            note_of(self.path).replace(note_of(self.target))
        return self.target


def note_of(path: Path) -> Path:
    """Where it is kept what a downloaded file is."""
    return path.with_name(path.name + ".json")


def read_note(path: Path) -> RemoteFile | None:
    """What the file is, or is to be; None when it was not downloaded by us."""
    try:
        return RemoteFile(**json.loads(note_of(path).read_text(encoding="utf-8")))
    except (OSError, ValueError, TypeError):
        return None


def write_note(path: Path, file: RemoteFile) -> None:
    """Keep what the file is; DownloadError when it cannot be written."""
    with _writing(path):
        note_of(path).write_text(json.dumps(asdict(file), indent=1), encoding="utf-8")


def read_into(digest: Digest, path: Path) -> Iterator[int]:
    """Feed a file to a digest, yielding how many bytes were."""
    done = 0
    with path.open("rb") as file:
        while block := file.read(_BLOCK):
            digest.update(block)
            done += len(block)
            yield done


@contextmanager
def _writing(path: Path) -> Iterator[None]:
    try:
        yield
    except OSError as error:
        if isinstance(error, ConnectionError):
            raise
        full = error.errno in (errno.ENOSPC, errno.EDQUOT)
        raise DownloadError(
            f"The disk is full: {path.parent}." if full else f"{path} cannot be written: {error.strerror or error}.",
            "Make room and go on; what came so far is kept." if full else "Check the folder and its permissions.",
            retryable=True,
        ) from error
