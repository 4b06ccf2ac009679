"""An engine under a watchdog: where it gives no sign of life for too long, the request ends in an error, not never.

Each request runs in a thread of its own, which makes one item whenever the consumer asks for one. Progress of reading
is life as much as text is. An engine that does not even stop when it is told to is lost: it is left to its thread,
which frees it should it ever come back, and the host loads another.
"""

from __future__ import annotations

import contextvars
import logging
import threading
from collections.abc import Callable, Generator, Iterator, Sequence
from queue import Empty, SimpleQueue
from typing import cast

from longwriter_ui.engine.base import Cancel, Chunk, Conversation, Engine, EngineInfo, Measure, Request
from longwriter_ui.errors import EngineError, LongWriterError, NotEnoughMemory
from longwriter_ui.events import Reading

_log = logging.getLogger(__name__)

# Seconds. A slow machine takes a minute for one batch of a prompt, and more while it swaps.
PATIENCE = 300.0
STOPPING = 60.0  # to end what it computes when told to; a batch on a graphics card cannot be interrupted
_LOOK = 0.2  # how often it is looked at while nothing comes

_Item = Reading | Chunk | Exception | None  # None: there are no more


class WatchedEngine:
    """`inner`, with at most `patience` seconds between two items, and `stopping` from a cancel to the end."""

    def __init__(self, inner: Engine, patience: float = PATIENCE, stopping: float = STOPPING) -> None:
        self.inner = inner
        self.lost = False  # hangs, and cannot be used any more
        self._patience, self._stopping = patience, stopping

    @property
    def info(self) -> EngineInfo:
        return self.inner.info

    def measure(self, conversation: Conversation) -> Measure:
        return self.inner.measure(conversation)

    def reserve(self, tokens: int) -> None:
        self._check()
        self.inner.reserve(tokens)

    def stream(self, request: Request, cancel: Cancel) -> Iterator[Reading | Chunk]:
        """As `Engine` has it; EngineError where the engine has hung."""
        return self._watched(lambda stop: self.inner.stream(request, stop), cancel)

    def stream_together(self, requests: Sequence[Request], cancel: Cancel) -> Iterator[Reading | Chunk]:
        return self._watched(lambda stop: self.inner.stream_together(requests, stop), cancel)

    def save(self, name: str) -> None:
        self._check()
        self.inner.save(name)

    def restore(self, name: str, conversation: Conversation) -> None:
        self._check()
        self.inner.restore(name, conversation)

    def close(self) -> None:
        if not self.lost:  # else its thread does, once it comes back
            self.inner.close()

    def _watched(
        self, begin: Callable[[Cancel], Iterator[Reading | Chunk]], cancel: Cancel
    ) -> Iterator[Reading | Chunk]:
        self._check()
        stop = _Stop(cancel)
        asked: SimpleQueue[bool] = SimpleQueue()
        made: SimpleQueue[_Item] = SimpleQueue()
        items = cast("Generator[Reading | Chunk, None, None]", begin(stop))
        context = contextvars.copy_context()  # of the job: a graphics card's quota is told by it
        making = (self._make, items, asked, made)
        threading.Thread(target=context.run, args=making, name="longwriter-engine", daemon=True).start()
        try:
            while True:
                asked.put(True)
                item = self._awaited(made, stop)
                if isinstance(item, MemoryError):
                    raise NotEnoughMemory(
                        "The memory did not suffice to compute.",
                        "Close other programs, or choose a smaller model.",
                        retryable=True,
                    ) from item
                if isinstance(item, Exception):
                    raise item
                if item is None:
                    return
                yield item
        finally:
            asked.put(False)
            if not self.lost:
                self._end(made)

    def _make(
        self, items: Generator[Reading | Chunk, None, None], asked: SimpleQueue[bool], made: SimpleQueue[_Item]
    ) -> None:
        """The request's thread: an item for each True, until a False; a None at its end."""
        while asked.get():
            try:
                made.put(next(items, None))
            except Exception as error:  # whatever it is, it belongs to the thread that asked
                made.put(error)
        try:
            items.close()
        finally:
            made.put(None)
        if self.lost:
            try:
                self.inner.close()
            except LongWriterError as error:
                _log.warning("A model that had hung cannot be freed: %s", error)

    def _awaited(self, made: SimpleQueue[_Item], stop: _Stop) -> _Item:
        """The next item. EngineError when it took too long, or came only because it was told to stop for that."""
        # Looks are counted, not the clock: while a computer sleeps, its clock may go on.
        waited = ending = 0.0
        while True:
            try:
                item = made.get(timeout=_LOOK)
            except Empty:
                waited += _LOOK
                ending += _LOOK if stop.is_set() else 0.0
                if ending > self._stopping:
                    self.lost = True
                    raise self._hung() from None
                stop.hung = stop.hung or waited > self._patience
                continue
            if stop.hung:
                raise self._hung()
            return item

    def _end(self, made: SimpleQueue[_Item]) -> None:
        """Wait until the engine has let go of the request."""
        try:
            made.get(timeout=self._stopping)
        except Empty:
            self.lost = True

    def _check(self) -> None:
        if self.lost:
            raise self._hung()

    def _hung(self) -> EngineError:
        return EngineError(
            "The model gave no sign of life for minutes, so it was stopped.",
            "The text so far is kept: go on from there. If it happens again, start the application anew, put fewer "
            "layers on the graphics card, or choose a smaller model.",
            retryable=True,
        )


class _Stop:
    """The person's wish to stop, or the watchdog's."""

    def __init__(self, cancel: Cancel) -> None:
        self._cancel = cancel
        self.hung = False

    def is_set(self) -> bool:
        return self.hung or self._cancel.is_set()
