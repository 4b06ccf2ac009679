"""Telling that a text repeats what was written before, and how much of it is still good.

The measure is the overlap of short runs of words: of the last words of a text, how many runs of `_RUN` occurred
before. Ordinary prose takes up a phrase here and there; a model that is caught in a loop takes up nearly all of them.
"""

from __future__ import annotations

import re
from collections import deque
from collections.abc import Iterable

from longwriter_ui.sentences import last_sentence_end

_WORD = re.compile(r"([\u3040-\u30ff\u4e00-\u9fff])|[^\W_\u3040-\u30ff\u4e00-\u9fff]+")  # in group 1: a word by itself
_RUN = 6  # words that make a run
_LONGEST = 80  # letters of a word; a longer one is a loop of letters
_WINDOW = 45  # runs that are looked at
_STEP = 16  # characters that `good_part` looks at together
_REPEATED = 0.9  # of them; beyond this the text repeats itself


class LoopGuard:
    """Follows a text as it comes. `earlier` is all that was written before it."""

    def __init__(self, earlier: Iterable[str] = ()) -> None:
        self._seen: set[tuple[str, ...]] = set()
        self._last: deque[str] = deque(maxlen=_RUN)
        self._repeats: deque[tuple[bool, int]] = deque(maxlen=_WINDOW)  # and where each run begins
        self._starts: deque[int] = deque(maxlen=_RUN)
        self._count = 0
        self._open = ""  # text whose last word may go on
        self._at = 0  # where _open begins
        self._endless: int | None = None  # where a word began that does not end
        for text in earlier:
            for match in _WORD.finditer(text):
                self._last.append(match[0].lower())
                self._seen.add(tuple(self._last))
            self._last.clear()

    def add(self, text: str) -> bool:
        """More of the text; True when it has come to repeat what was before."""
        self._open += text
        looping, done = False, 0
        for match in _WORD.finditer(self._open):
            if match.end() == len(self._open) and match[1] is None:
                if len(match[0]) > _LONGEST:
                    self._endless = self._at + match.start()
                break  # the word may go on
            looping = self._word(match[0].lower(), self._at + match.start()) or looping
            done = match.end()
        self._at += done
        self._open = self._open[done:]
        return looping or self._endless is not None

    @property
    def repetition(self) -> int:
        """Where in the text the repetition began, once `add` has said there is one."""
        if self._endless is not None:
            return self._endless
        return next((start for repeated, start in self._repeats if repeated), 0)

    def _word(self, word: str, start: int) -> bool:
        self._last.append(word)
        self._starts.append(start)
        if len(self._last) < _RUN:
            return False
        run = tuple(self._last)
        known = run in self._seen
        self._count += known
        if len(self._repeats) == _WINDOW:
            self._count -= self._repeats[0][0]
        self._repeats.append((known, self._starts[0]))
        self._seen.add(run)
        return self._count >= _REPEATED * _WINDOW


def good_part(earlier: Iterable[str], text: str) -> str:
    """The whole sentences of a text before it came to repeat what was before; all of it where it does not."""
    guard = LoopGuard(earlier)
    for start in range(0, len(text), _STEP):
        if guard.add(text[start : start + _STEP]):
            return text[: last_sentence_end(text[: guard.repetition])]
    return text
