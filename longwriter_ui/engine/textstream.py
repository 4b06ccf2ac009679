"""From tokens back to text while they come: whole characters only, and nothing of a stop text.

Text is given out at token boundaries, so that the ids given out are always the ids of the text given out. Bytes of an
unfinished character are held back; a byte that can belong to no character becomes U+FFFD, and a NUL, which no project
file and no document can hold, nothing.
"""

from __future__ import annotations

import codecs
from collections.abc import Sequence
from dataclasses import dataclass, field


@dataclass(frozen=True)
class Piece:
    """Text and the ids it came from. `rest` is text before a stop text whose token also held a part of that stop
    text: it needs ids of its own."""

    text: str = ""
    tokens: tuple[int, ...] = ()
    rest: str = ""


@dataclass
class TextStream:
    """`push` each token's bytes; then `take` what can be shown. After `push` returned True a stop text has come."""

    stops: Sequence[str] = ()
    _text: str = ""
    _tokens: list[int] = field(default_factory=list)
    _ends: list[int] = field(default_factory=list)  # length of _text after each of _tokens
    _whole: int = 0  # how many of _tokens end with a whole character
    _stopped: int = -1

    def __post_init__(self) -> None:
        self._decoder = codecs.getincrementaldecoder("utf-8")("replace")
        self._prefixes = tuple({stop[:i] for stop in self.stops for i in range(1, len(stop))})

    def push(self, token: int, data: bytes) -> bool:
        """Add a token; True when a stop text is complete."""
        self._text += self._decoder.decode(data).replace("\x00", "")
        self._tokens.append(token)
        self._ends.append(len(self._text))
        if not self._decoder.getstate()[0]:
            self._whole = len(self._tokens)
        for stop in self.stops:
            at = self._text.find(stop)
            if at >= 0 and (self._stopped < 0 or at < self._stopped):
                self._stopped = at
        return self._stopped >= 0

    def take(self) -> Piece | None:
        """What can be shown now; None while something has to be held back."""
        if self._whole < len(self._tokens) or not self._tokens or self._text.endswith(self._prefixes):
            return None
        return self._give(len(self._tokens))

    def finish(self, *, ended: bool) -> Piece:
        """What is left at the end. When the model itself ended, an unfinished character can never be completed and
        becomes U+FFFD; otherwise its tokens are dropped, so that the text can be continued."""
        if self._stopped >= 0:
            kept = sum(end <= self._stopped for end in self._ends)
            start = self._ends[kept - 1] if kept else 0
            rest = self._text[start : self._stopped]
            self._text = self._text[: self._stopped]
            return Piece(self._text[:start], tuple(self._tokens[:kept]), rest)
        if ended and self._whole < len(self._tokens):
            self._text += self._decoder.decode(b"", final=True)
            self._ends[-1] = len(self._text)
            self._whole = len(self._tokens)
        return self._give(self._whole)

    def _give(self, count: int) -> Piece:
        end = self._ends[count - 1] if count else 0
        piece = Piece(self._text[:end], tuple(self._tokens[:count]))
        self._text, self._tokens, self._ends, self._whole = "", [], [], 0
        return piece
