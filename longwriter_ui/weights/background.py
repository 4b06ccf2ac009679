"""Downloads and checks that run in threads of their own, so that a page may come and go while they do."""

from __future__ import annotations

import logging
import threading
from collections.abc import Callable, Iterator
from dataclasses import dataclass

from longwriter_ui.errors import DownloadError, LongWriterError
from longwriter_ui.weights.download import DownloadEvent
from longwriter_ui.weights.verify import Verified

_log = logging.getLogger(__name__)

Progress = DownloadEvent | Verified
Start = Callable[[threading.Event], Iterator[Progress]]


@dataclass(frozen=True)
class Transfer:
    """How a download, or the check of a file, is doing: its last event, and what it failed with. `pausing`: it was
    asked to stop and will."""

    running: bool
    pausing: bool
    event: Progress | None
    failure: LongWriterError | None


class Downloads:
    """Transfers by name; one at a time for each name."""

    def __init__(self) -> None:
        self._running: dict[str, _Thread] = {}
        self._lock = threading.Lock()

    def start(self, name: str, start: Start) -> None:
        """Begin or go on; nothing happens where it runs already."""
        with self._lock:
            present = self._running.get(name)
            if present is not None and present.is_alive():
                return
            thread = self._running[name] = _Thread(name, start)
            thread.start()

    def pause(self, name: str, timeout: float | None = None) -> None:
        """Ask it to stop, keeping what came; waits for at most `timeout` seconds (None: not at all)."""
        thread = self._running.get(name)
        if thread is not None:
            thread.cancel.set()
            if timeout is not None and thread.is_alive():
                thread.join(timeout)

    def state(self, name: str) -> Transfer | None:
        """How it is doing; None when it never began here."""
        thread = self._running.get(name)
        if thread is None:
            return None
        alive = thread.is_alive()
        return Transfer(alive, alive and thread.cancel.is_set(), thread.event, thread.failure)

    def forget(self, name: str) -> None:
        """Its outcome was seen, or does not matter any more."""
        with self._lock:
            thread = self._running.get(name)
            if thread is not None and not thread.is_alive():
                del self._running[name]

    def close(self) -> None:
        """Ask all of them to stop."""
        for name in list(self._running):
            self.pause(name)


class _Thread(threading.Thread):
    def __init__(self, name: str, start: Start) -> None:
        super().__init__(name=f"download {name}", daemon=True)
        self.cancel = threading.Event()
        self.event: Progress | None = None
        self.failure: LongWriterError | None = None
        self._begin = start

    def run(self) -> None:
        try:
            for event in self._begin(self.cancel):
                self.event = event
        except LongWriterError as error:
            self.failure = error
        except Exception as error:
            # The thread's outermost frame: a defect must be told, not leave a bar that never moves.
            _log.exception("download failed unexpectedly")
            self.failure = DownloadError(f"Something unexpected went wrong: {error!r}.", "Please report this.")
