"""Fetching files from the Hub so that they arrive whole: resumed where they broke off, and verified.

The library of the Hub would neither resume across calls nor verify what came, so only its metadata is used. A file is
asked for at a fixed commit from the first byte that is missing, written to NAME.part, compared with the SHA-256 that
the Hub states, and only then given its name. Stopping is setting an event, killing the process, or losing the network:
the next call goes on from there.
"""

from __future__ import annotations

import hashlib
import re
import shutil
import threading
import time
from collections import deque
from collections.abc import Generator, Iterator, Sequence
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from longwriter_ui.errors import DownloadError
from longwriter_ui.weights.fit import gigabytes
from longwriter_ui.weights.hub import Hub, RemoteFile, TryAgain
from longwriter_ui.weights.interrupt import Stopped, apart, hanging_up
from longwriter_ui.weights.partial import Partial, read_into, write_note

if TYPE_CHECKING:
    import httpx2

_EVERY = 0.25  # seconds between two events of progress
_WINDOW = 8.0  # seconds the rate is averaged over
_RANGE = re.compile(r"bytes (\d+)-\d+/(\d+)")
_MARGIN = 256 << 20  # bytes of disk that stay free


@dataclass(frozen=True)
class Fetching:
    """`done` of `total` bytes are here, of all files together; `rate` in bytes per second, 0 while not known."""

    done: int
    total: int
    rate: float
    seconds_left: float | None


@dataclass(frozen=True)
class Waiting:
    """Nothing can be had for now; the next try comes after this many seconds."""

    seconds: float
    reason: str


@dataclass(frozen=True)
class Verifying:
    """`done` of `total` bytes were compared with the checksum."""

    done: int
    total: int


@dataclass(frozen=True)
class Paused:
    """Stopped by the person; what came is kept."""

    done: int
    total: int


@dataclass(frozen=True)
class Fetched:
    """All files are here and verified; `path` is the one to open."""

    path: Path


DownloadEvent = Fetching | Waiting | Verifying | Paused | Fetched


@dataclass(frozen=True)
class Patience:
    """How often in a row a try may fail before the download gives up, and how long to wait: doubled each time."""

    tries: int = 8
    first: float = 1.0
    longest: float = 60.0

    def seconds(self, failed: int) -> float:
        return min(self.first * 2 ** (failed - 1), self.longest)


def download(
    hub: Hub,
    repository: str,
    names: Sequence[str],
    folder: Path,
    cancel: threading.Event,
    patience: Patience | None = None,
) -> Iterator[DownloadEvent]:
    """Fetch files of a repository into `folder`; the last event is Fetched or Paused. Else DownloadError."""
    return _Download(hub, folder, cancel, patience or Patience()).run(repository, names)


class _Download:
    def __init__(self, hub: Hub, folder: Path, cancel: threading.Event, patience: Patience) -> None:
        self._hub, self._folder, self._cancel, self._patience = hub, folder, cancel, patience
        self._before = 0  # bytes of the files that are whole
        self._total = 0
        self._done = 0  # bytes that are here, of all files
        self._failed = 0  # tries in a row
        self._marks: deque[tuple[float, int]] = deque()  # when how many bytes were here

    def run(self, repository: str, names: Sequence[str]) -> Iterator[DownloadEvent]:
        try:
            files = yield from self._described(repository, names)
            self._total = sum(file.size for file in files)
            parts = [Partial(self._folder / Path(file.name).name, file) for file in files]
            self._check_disk(parts)
            for part in parts:
                with part.locked():
                    yield from self._file(part)
                self._before += part.file.size
            yield Fetched(parts[0].target)
        except Stopped:
            yield Paused(self._done, self._total)

    def _described(
        self, repository: str, names: Sequence[str]
    ) -> Generator[DownloadEvent, None, tuple[RemoteFile, ...]]:
        while True:
            try:
                self._check_cancel()
                return apart(lambda: self._hub.describe(repository, names), self._cancel)
            except TryAgain as problem:
                yield from self._wait(problem)

    def _file(self, part: Partial) -> Iterator[DownloadEvent]:
        """Fetch one file and verify it. Wrong bytes after an earlier try are fetched anew; wrong again is an error."""
        file = part.file
        there = part.target.exists() and part.target.stat().st_size == file.size
        if there and (yield from self._right(part.target, file)):
            write_note(part.target, file)
            return
        resumed = part.begin() > 0
        while True:
            yield from self._fetch(part)
            if (yield from self._right(part.path, file)):
                part.finish()
                return
            part.drop()
            if not resumed:
                raise DownloadError(
                    f"{file.name} came with other bytes than its checksum says, so it was thrown away.",
                    "Try again; if it happens again, something between here and the Hub changes what you download.",
                    retryable=True,
                )
            resumed = False

    def _fetch(self, part: Partial) -> Iterator[DownloadEvent]:
        """Bring the partial file to its size."""
        size = part.file.size
        yield self._progress(part.size)
        while (start := part.size) < size:
            self._check_cancel()
            try:
                with self._opened(part.file, start) as response:
                    at = _accepted(response, start, size)
                    if at is None:
                        # Not the rest of this file: begin it anew, or give up where that was tried already.
                        if start == 0:
                            raise _other_file(part.file)
                        part.drop()
                        continue
                    yield from self._take(response, part, at)
                if part.size < size:
                    raise TryAgain(
                        DownloadError(
                            "The connection was cut.", "What came so far is kept; go on later.", retryable=True
                        )
                    )
            except TryAgain as problem:
                if part.size > start:
                    self._failed = 0
                yield from self._wait(problem)

    @contextmanager
    def _opened(self, file: RemoteFile, start: int) -> Iterator[httpx2.Response]:
        """The file from byte `start` on; a person who stops ends this at once, however long the server is silent."""
        opened = self._hub.open(file, start)
        response = apart(opened.__enter__, self._cancel, lambda: opened.__exit__(None, None, None))
        with ExitStack() as stack:
            stack.push(opened)
            stack.enter_context(hanging_up(response, self._cancel))
            yield response

    def _take(self, response: httpx2.Response, part: Partial, at: int) -> Iterator[DownloadEvent]:
        told = time.monotonic()
        with part.appending(at) as out:
            for block in response.iter_raw():
                at += len(block)
                if at > part.file.size:
                    raise _other_file(part.file)
                out.write(block)
                self._done = self._before + at
                self._check_cancel()
                if time.monotonic() - told >= _EVERY:
                    told = time.monotonic()
                    yield self._progress(at)
        self._failed = 0
        yield self._progress(at)

    def _right(self, path: Path, file: RemoteFile) -> Generator[DownloadEvent, None, bool]:
        """Whether the file has the checksum it should have."""
        digest, told = hashlib.sha256(), 0.0
        for done in read_into(digest, path):
            self._check_cancel()
            if time.monotonic() - told >= _EVERY or done == file.size:
                told = time.monotonic()
                yield Verifying(self._before + done, self._total)
        return digest.hexdigest() == file.sha256

    def _wait(self, problem: TryAgain) -> Iterator[DownloadEvent]:
        self._check_cancel()
        self._failed += 1
        if self._failed >= self._patience.tries:
            raise problem.error
        seconds = max(self._patience.seconds(self._failed), problem.wait or 0.0)
        yield Waiting(seconds, problem.error.message)
        if self._cancel.wait(seconds):
            raise Stopped
        self._marks.clear()

    def _check_cancel(self) -> None:
        if self._cancel.is_set():
            raise Stopped

    def _check_disk(self, parts: Sequence[Partial]) -> None:
        needed = sum(part.file.size - part.size for part in parts if not part.target.exists())
        place = next(path for path in (self._folder, *self._folder.absolute().parents) if path.exists())
        free = shutil.disk_usage(place).free
        if needed and needed + _MARGIN > free:
            raise DownloadError(
                f"The download needs {gigabytes(needed)} more, and {gigabytes(free)} are free on the disk of {place}.",
                "Make room, or choose a smaller build.",
            )

    def _mark(self, at: int) -> None:
        now, self._done = time.monotonic(), self._before + at
        self._marks.append((now, self._done))
        while len(self._marks) > 2 and now - self._marks[0][0] > _WINDOW:
            self._marks.popleft()

    def _progress(self, at: int) -> Fetching:
        self._mark(at)
        (began, first), (now, done) = self._marks[0], self._marks[-1]
        rate = max(done - first, 0) / (now - began) if now > began else 0.0
        return Fetching(done, self._total, rate, (self._total - done) / rate if rate > 0 else None)


def _accepted(response: httpx2.Response, start: int, size: int) -> int | None:
    """From which byte on the response holds the file; None when it is the rest of something else."""
    if response.status_code == 416:
        return None
    if response.status_code == 200:
        length = response.headers.get("Content-Length")
        return 0 if length is None or length == str(size) else None
    range_ = _RANGE.fullmatch(response.headers.get("Content-Range", "").strip())
    return start if range_ is not None and range_.groups() == (str(start), str(size)) else None


def _other_file(file: RemoteFile) -> DownloadError:
    return DownloadError(
        f"The server sends another file than {file.name} with its {file.size:,} bytes.",
        "Start the download again; if it happens again, use another mirror.",
        retryable=True,
    )
