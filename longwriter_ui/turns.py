"""Whose turn it is where several people wait: everybody has one turn, then everybody the next.

Who comes new is put behind all that are there, so nobody's place ever gets worse.
"""

from __future__ import annotations

from collections.abc import Sequence

Owner = str | None


class Turns:
    """Orders waiting jobs, told by their owners' names."""

    def __init__(self) -> None:
        self._last: dict[Owner, int] = {}  # the turn each owner had last, or the moment of coming in
        self._count = 0

    def enter(self, owner: Owner) -> None:
        """Somebody who has nothing waiting or running asks for something."""
        self._count += 1
        self._last[owner] = self._count

    serve = enter  # having had a turn puts one at the end of the row, too

    def leave(self, owner: Owner) -> None:
        """Nothing of this owner waits or runs any more."""
        self._last.pop(owner, None)

    def order(self, owners: Sequence[Owner]) -> list[int]:
        """The positions in `owners` in the order of their turns; those of one owner stay in order."""
        last, count = dict(self._last), self._count
        queues: dict[Owner, list[int]] = {}
        for position, owner in enumerate(owners):
            queues.setdefault(owner, []).append(position)
        result = []
        while queues:
            owner = min(queues, key=lambda each: last.get(each, 0))
            result.append(queues[owner].pop(0))
            if not queues[owner]:
                del queues[owner]
            count += 1
            last[owner] = count
        return result
