"""Waiting for the network no longer than the person wishes.

A server may be silent for as long as a timeout allows, half a minute. Whoever stops a download meanwhile is answered at
once: requests are made in a thread that may be left behind, and a connection being read is shut.
"""

from __future__ import annotations

import queue
import socket
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from typing import TYPE_CHECKING, Any, Generic, NoReturn, TypeVar

if TYPE_CHECKING:
    import httpx2

T = TypeVar("T")
_LOOK = 0.05  # seconds between two looks at whether it was cancelled


class Stopped(Exception):
    """The person wishes so."""


def apart(call: Callable[[], T], cancel: threading.Event, undo: Callable[[], object] | None = None) -> T:
    """What `call` gives or raises; Stopped as soon as it is cancelled, and what then still comes is undone."""
    return _Apart(call, undo).wait(cancel)


@contextmanager
def hanging_up(response: httpx2.Response, cancel: threading.Event) -> Iterator[None]:
    """Within this a cancel shuts the connection of the response, so that reading it ends."""
    stream = response.extensions.get("network_stream")
    connection: Any = stream.get_extra_info("socket") if stream is not None else None
    done = threading.Event()

    def watch() -> None:
        while not done.wait(_LOOK):
            if cancel.is_set():
                with suppress(OSError):
                    # Not TLS's own way, which would say goodbye first.
                    socket.socket.shutdown(connection, socket.SHUT_RDWR)
                return

    thread = threading.Thread(target=watch, name="download cancel", daemon=True)
    if isinstance(connection, socket.socket):
        thread.start()
    try:
        yield
    finally:
        done.set()
        if thread.ident is not None:
            thread.join()


class _Apart(Generic[T]):
    """A call in a thread of its own. Its outcome is taken once: by who waits, or by whoever has to undo it."""

    def __init__(self, call: Callable[[], T], undo: Callable[[], object] | None) -> None:
        self._call, self._undo = call, undo
        self._outcome: queue.SimpleQueue[Callable[[], T]] = queue.SimpleQueue()
        self._left = threading.Event()

    def wait(self, cancel: threading.Event) -> T:
        threading.Thread(target=self._run, name="download request", daemon=True).start()
        while not cancel.is_set():
            with suppress(queue.Empty):
                return self._outcome.get(timeout=_LOOK)()
        self._left.set()
        self._drop()
        raise Stopped

    def _run(self) -> None:
        try:
            result = self._call()
        except Exception as error:
            # Whatever it is, it is raised where it is waited for.
            self._outcome.put(_raising(error))
        else:
            self._outcome.put(lambda: result)
        if self._left.is_set():
            self._drop()

    def _drop(self) -> None:
        """Undo what has come, if it has."""
        with suppress(queue.Empty):
            outcome = self._outcome.get_nowait()
            with suppress(Exception):  # there was nothing to undo, or nobody to tell
                outcome()
                if self._undo is not None:
                    self._undo()


def _raising(error: Exception) -> Callable[[], NoReturn]:
    def fail() -> NoReturn:
        raise error

    return fail
