"""What an engine looks after while it writes an answer: its length, and that it does not repeat itself."""

from __future__ import annotations

from longwriter_ui.engine.base import LengthMode, Request
from longwriter_ui.engine.length import LengthControl
from longwriter_ui.loops import LoopGuard


class Watch:
    """Follows one answer, as its request asks."""

    def __init__(self, request: Request) -> None:
        goal = request.length
        held = goal is not None and goal.mode is not LengthMode.OFF
        self._length = LengthControl(goal, request.begun) if goal is not None and held else None
        self._guard = LoopGuard(request.answers) if request.guarded else None
        self.idle = self._length is None and self._guard is None

    def add(self, text: str) -> bool:
        """More of the answer; True when it repeats itself."""
        if self._length is not None:
            self._length.add(text)
        return self._guard is not None and self._guard.add(text)

    def must_go_on(self) -> bool:
        """Whether the answer must not end yet."""
        return self._length is not None and self._length.must_go_on()

    def ends_before(self, text: str) -> bool:
        """Whether the answer is as long as it should be, and ends before `text`."""
        return self._length is not None and self._length.ends_before(text)
