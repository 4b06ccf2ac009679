"""A lock that is given in the order in which it was asked for.

With the usual one a thread that works on the store without a pause can keep all others out for seconds, since it takes
the lock again before another thread has woken up: on a single core, the text that streams was not stored meanwhile.
"""

from __future__ import annotations

import threading
from collections import deque
from types import TracebackType


class Turns:
    """A context manager for one thread at a time; not to be entered twice by the same."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._taken = False
        self._waiting: deque[threading.Lock] = deque()

    def __enter__(self) -> None:
        with self._lock:
            if not self._taken:
                self._taken = True
                return
            gate = threading.Lock()
            gate.acquire()
            self._waiting.append(gate)
        try:
            gate.acquire()
        except BaseException:  # an interrupt from the keyboard: the turn must not be lost
            with self._lock:
                if gate in self._waiting:
                    self._waiting.remove(gate)
                else:
                    self._pass_on()
            raise

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        with self._lock:
            self._pass_on()

    def _pass_on(self) -> None:
        if self._waiting:
            self._waiting.popleft().release()
        else:
            self._taken = False
