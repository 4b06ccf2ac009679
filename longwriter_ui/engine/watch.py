"""What an engine looks after while it writes an answer: its length, that it does not repeat itself, and that it does
not go on by asking for the next one."""

from __future__ import annotations

from longwriter_ui.draft import FinishReason
from longwriter_ui.engine.base import LengthMode, Request
from longwriter_ui.engine.length import LengthControl
from longwriter_ui.loops import LoopGuard

_RECENT = 400  # characters in which it may be seen to ask
_COLON = 8  # characters from a colon, which every question has, to the end of what tells it


class Watch:
    """Follows one answer, as its request asks."""

    def __init__(self, request: Request) -> None:
        goal = request.length
        held = goal is not None and goal.mode is not LengthMode.OFF
        self._length = LengthControl(goal, request.begun) if goal is not None and held else None
        self._guard = LoopGuard(request.answers) if request.guarded else None
        self._request, self._recent = request, request.begun[-_RECENT:]
        self.idle = self._length is None and self._guard is None and request.asker is None

    def add(self, text: str) -> FinishReason | None:
        """More of the answer; why it has to end here, if it has to."""
        if self._length is not None:
            self._length.add(text)
        self._recent = (self._recent + text)[-_RECENT:]
        looping = self._guard is not None and self._guard.add(text)
        if self._asks(len(text)):
            return FinishReason.STOP
        return FinishReason.LOOP if looping else None

    def _asks(self, new: int) -> bool:
        """Whether it asks in the text whose last `new` characters just came. Nearly always there is no colon near, and
        nothing to search."""
        near = self._recent[-new - _COLON :]
        known = len(self._recent) - new
        return (":" in near or "：" in near) and self._request.own(self._recent, known) < len(self._recent)

    def must_go_on(self) -> bool:
        """Whether the answer must not end yet."""
        return self._length is not None and self._length.must_go_on()

    def ends_before(self, text: str) -> bool:
        """Whether the answer is as long as it should be, and ends before `text`."""
        return self._length is not None and self._length.ends_before(text)
