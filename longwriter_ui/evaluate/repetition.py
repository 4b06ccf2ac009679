"""How much a piece repeats itself, which is what long writing dies of.

Words are compared in lower case without their punctuation, Chinese characters one by one; a 4-gram is four of them in
a row, within a paragraph or over its end.
"""

from __future__ import annotations

import re
from collections import Counter
from dataclasses import dataclass

_WORD = re.compile(r"[\u3040-\u30ff\u4e00-\u9fff]|[^\W_\u3040-\u30ff\u4e00-\u9fff]+")
_GRAM = 4
_QUARTERS = 4
_OPENING = 4  # words of a paragraph that are its opening


@dataclass(frozen=True)
class Repetition:
    """`quarters`: in each quarter of the piece, the share of 4-grams that occurred before, anywhere in it. `passage`:
    the longest run of words that occurs again, `words` of them. `openings`: the share of paragraphs whose first words
    no earlier one has, 1 where there are none."""

    quarters: tuple[float, float, float, float]
    words: int
    passage: str
    openings: float

    @property
    def share(self) -> float:
        """Of the whole piece."""
        return sum(self.quarters) / _QUARTERS


def repetition(text: str) -> Repetition:
    """How much `text` repeats itself."""
    spans = list(_WORD.finditer(text))
    words = [match[0].lower() for match in spans]
    start, length = _longest_repeat(words)
    passage = text[spans[start].start() : spans[start + length - 1].end()] if length else ""
    return Repetition(_quarters(words), length, passage, _openings(text))


def _quarters(words: list[str]) -> tuple[float, float, float, float]:
    grams = [tuple(words[i : i + _GRAM]) for i in range(len(words) - _GRAM + 1)]
    seen: set[tuple[str, ...]] = set()
    repeated = []
    for gram in grams:
        repeated.append(gram in seen)
        seen.add(gram)
    shares = []
    for quarter in range(_QUARTERS):
        part = repeated[len(grams) * quarter // _QUARTERS : len(grams) * (quarter + 1) // _QUARTERS]
        shares.append(sum(part) / len(part) if part else 0.0)
    return shares[0], shares[1], shares[2], shares[3]


def _longest_repeat(words: list[str]) -> tuple[int, int]:
    """Where the longest run of words begins that occurs twice, and its length; the two may not overlap.

    Halving finds the length: where a run repeats, every shorter one in it does."""
    low, high, found = _GRAM, len(words) // 2, (0, 0)
    while low <= high:
        length = (low + high) // 2
        start = _repeat_of(words, length)
        if start is None:
            high = length - 1
        else:
            low, found = length + 1, (start, length)
    return found


def _repeat_of(words: list[str], length: int) -> int | None:
    """The beginning of the second of two runs that are alike and do not overlap."""
    first: dict[int, int] = {}  # where each run was first: from there on, all that follow are the farthest
    numbers = {word: number for number, word in enumerate(dict.fromkeys(words), 1)}
    values = [numbers[word] for word in words]
    base, modulus = len(numbers) + 1, (1 << 61) - 1
    top, rolling = pow(base, length, modulus), 0
    for end, value in enumerate(values):
        rolling = (rolling * base + value) % modulus
        if end >= length:
            rolling = (rolling - values[end - length] * top) % modulus
        if end + 1 < length:
            continue
        start = end + 1 - length
        earlier = first.setdefault(rolling, start)
        if earlier + length <= start and words[earlier : earlier + length] == words[start : end + 1]:
            return start
    return None


def _openings(text: str) -> float:
    paragraphs = [block for block in re.split(r"\n\s*\n", text) if _WORD.search(block)]
    openings = Counter(tuple(w.lower() for w in _WORD.findall(block)[:_OPENING]) for block in paragraphs)
    return len(openings) / len(paragraphs) if paragraphs else 1.0
