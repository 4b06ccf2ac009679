"""How often somebody may ask: so many times a second, and for a moment more at once."""

from __future__ import annotations

import time
from collections.abc import Callable

_BURST_SECONDS = 5  # somebody who was quiet for so long may use what was not asked for
_MOST = 10_000  # people who are remembered


class Rate:
    """`most` requests a second of each; `clock` tells seconds."""

    def __init__(self, most: float, clock: Callable[[], float] = time.monotonic) -> None:
        self._most = most
        self._clock = clock
        self._left: dict[str, tuple[float, float]] = {}  # how many, and when that was so; who asked last stands last

    def allows(self, who: str) -> bool:
        """Whether `who` may ask once more now; then that is counted."""
        now = self._clock()
        left, since = self._left.pop(who, (self._most * _BURST_SECONDS, now))
        left = min(left + (now - since) * self._most, self._most * _BURST_SECONDS)
        allowed = left >= 1
        self._left[who] = (left - allowed, now)
        if len(self._left) > _MOST:
            del self._left[next(iter(self._left))]
        return allowed
