"""How many threads to use on a machine that others use too.

Two threads that wait for each other are slower than one when another program holds a core, so `Cores.threads` gives
only the cores that were free of others since the last call. Where the system does not tell, it gives all.
"""

import os
import time
from pathlib import Path

_NO_RIVALS = (1, 3, 4)
"""Fields of the processor's line in /proc/stat: programs of lower priority, which give way, and two of idleness."""


class Cores:
    """Watches the processor time that other processes take."""

    def __init__(self, most: int) -> None:
        self._most = most
        self._last = self._read()

    def _read(self) -> tuple[float, float, float] | None:
        try:
            fields = Path("/proc/stat").read_text(encoding="ascii").split("\n", 1)[0].split()[1:8]
        except OSError:
            return None
        ticks = [int(field) / os.sysconf("SC_CLK_TCK") for field in fields]
        return time.monotonic(), sum(ticks) - sum(ticks[i] for i in _NO_RIVALS), sum(os.times()[:2])

    def threads(self) -> int:
        """The number of threads to use now."""
        now, last = self._read(), self._last
        if now is None or last is None or now[0] - last[0] < 1:
            return self._most
        self._last = now
        others = ((now[1] - last[1]) - (now[2] - last[2])) / (now[0] - last[0])
        return max(1, min(self._most, round(self._most - others - 0.1)))
