"""Keeping an answer to its length, without cutting a sentence.

The model's own end is held back until the answer nears its target, and in the middle of a sentence; once it is there,
the answer ends where the next sentence would begin. `gentle` leaves the model some freedom on both sides, `strict` ends
at the sentence that comes closest.
"""

from __future__ import annotations

from longwriter_ui.engine.base import LengthGoal, LengthMode
from longwriter_ui.sentences import ends_sentence, last_sentence_end
from longwriter_ui.words import count_words

_SHORTEST = {LengthMode.GENTLE: 0.93, LengthMode.STRICT: 0.97}  # of the target, before the model may end
_ENOUGH = {LengthMode.GENTLE: 1.02, LengthMode.STRICT: 0.97}  # of the target, after which the next sentence end ends
_NEAR = 8  # words: half a sentence, by which a strict answer may be short
_SPARE = 40  # words that a model may take to end a sentence in whose middle it wanted to stop
_TAIL = 200  # characters that are enough to see whether a sentence ends
_SEPARATORS = " \n\t。，！？；："


class LengthControl:
    """Follows one answer; `begun` is what it had when the engine went on with it."""

    def __init__(self, goal: LengthGoal, begun: str = "") -> None:
        self._goal = goal
        near = goal.words - _NEAR if goal.mode is LengthMode.STRICT else 0
        self._shortest = max(goal.words * _SHORTEST[goal.mode], near)
        self._enough = max(goal.words * _ENOUGH[goal.mode], near)
        self._settled = 0  # words of text that is no longer kept
        self._open = ""  # text whose last word may go on
        self._tail = ""
        self._line = ""
        self._spent: float | None = None  # words at which a sentence that the model breaks off is given up
        self.add(begun)

    def add(self, text: str) -> None:
        """More of the answer."""
        self._open += text
        self._tail = (self._tail + text)[-_TAIL:]
        self._line = (self._line + text).rpartition("\n")[2]

    @property
    def words(self) -> int:
        """Words so far."""
        cut = max(map(self._open.rfind, _SEPARATORS)) + 1
        self._settled += count_words(self._open[:cut], self._goal.language)
        self._open = self._open[cut:]
        return self._settled + count_words(self._open, self._goal.language)

    def must_go_on(self) -> bool:
        """Whether the answer must not end yet: it is too short, or the model would break off a sentence."""
        words = self.words
        if words < self._shortest:
            return True
        if not self._breaks_off():
            return False
        if self._spent is None:
            self._spent = words + _SPARE
        return words < self._spent

    def _breaks_off(self) -> bool:
        """Whether an end here would be in the middle of a sentence. A line without any, such as a heading, an item of a
        list or a verse, may end as it likes."""
        return 0 < last_sentence_end(self._line) < len(self._line.rstrip())

    def ends_before(self, text: str) -> bool:
        """Whether the answer is long enough, and `text`, which would come next, begins a new sentence."""
        return ends_sentence(self._tail, text) and self.words >= self._enough
