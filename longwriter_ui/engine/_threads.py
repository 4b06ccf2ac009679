"""How many threads compute a batch of several answers of a tiny model fastest: found out while it writes.

One thread computes a token of a tiny model before two have found each other. A batch of several answers is worth a
second one, but only on a core that is free: on a busy machine each thread waits for the other until the system lets it
run, and that takes far longer than the work. What it is like changes, so it is tried again and again.
"""

from __future__ import annotations

_TRIES = 4  # batches computed with each number of threads
_FIRST, _LONGEST = 48, 1536  # batches between two trials
_HOPELESS = 3.0  # times as slow; then one try is enough


class FastestThreads:
    """Ask `threads` before each batch, and tell with `took` how long it took. Text does not depend on it."""

    def __init__(self, few: int, many: int) -> None:
        self._few, self._many = few, many
        self._best = few
        self._pause = _FIRST
        self._left = 0  # batches until the next trial
        self._times: dict[int, list[float]] = {few: [], many: []}

    @property
    def threads(self) -> int:
        """For the next batch."""
        if self._left or self._few == self._many:
            return self._best
        return self._few if len(self._times[self._few]) < _TRIES else self._many

    def took(self, seconds: float) -> None:
        """The batch took this long."""
        if self._left:
            self._left -= 1
            return
        times = self._times[self.threads]
        times.append(seconds)
        few, many = self._times[self._few], self._times[self._many]
        if len(many) == _TRIES or (many and many[0] > _HOPELESS * min(few)):
            fastest = self._few if min(few) <= min(many) else self._many
            self._pause = min(2 * self._pause, _LONGEST) if fastest == self._best else _FIRST
            self._best, self._left = fastest, self._pause
            self._times = {self._few: [], self._many: []}
