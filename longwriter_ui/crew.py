"""Several workers at once, and one listener to what they have done."""

from __future__ import annotations

import queue
import threading
from collections.abc import Callable, Iterator, Sequence
from typing import TypeVar

from longwriter_ui.engine.base import Cancel

_T = TypeVar("_T")

# Works until it has nothing more to do or the wish to stop is set.
Worker = Callable[[Cancel], Iterator[_T]]


class _Stop:
    """Set when the person wishes so, or when a worker failed."""

    def __init__(self, wish: Cancel) -> None:
        self._wish, self.failed = wish, threading.Event()

    def is_set(self) -> bool:
        return self._wish.is_set() or self.failed.is_set()


def together(workers: Sequence[Worker[_T]], cancel: Cancel) -> Iterator[_T]:
    """What the workers yield, as it comes, each in a thread of its own. When one fails, the others stop too; its error
    is raised when all have ended."""
    told: queue.SimpleQueue[tuple[_T] | BaseException | None] = queue.SimpleQueue()
    stop = _Stop(cancel)

    def run(worker: Worker[_T]) -> None:
        try:
            for item in worker(stop):
                told.put((item,))
        except BaseException as error:
            # Whatever it is, it is the listener's: in this thread nobody would hear of it.
            stop.failed.set()
            told.put(error)
        finally:
            told.put(None)

    for worker in workers:
        threading.Thread(target=run, args=(worker,), daemon=True).start()
    running, failure = len(workers), None
    while running:
        item = told.get()
        if item is None:
            running -= 1
        elif isinstance(item, BaseException):
            failure = failure or item
        else:
            yield item[0]
    if failure is not None:
        raise failure
