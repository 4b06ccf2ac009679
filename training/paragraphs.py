"""Paragraphs whose length follows from their build.

A paragraph walks through ordered stages, evenly by the words written so far, and ends with a closing sentence. So
the next sentence follows from the last one and from the word count asked for, and the end comes by itself: a small
model learns this easily, while it cannot learn to count.
"""

import random
from collections.abc import Sequence

from .voice import Aspect, Voice, articles, choose, fill

ROOM = {"en": 17, "zh": 20}
"""Words kept for the closing sentence."""


class Speaker:
    """Fills the slots of one paragraph, going through each list of words before it repeats one."""

    def __init__(self, voice: Voice, aspect: Aspect, subjects: Sequence[str], rng: random.Random) -> None:
        self._voice, self._aspect, self._subjects, self._rng = voice, aspect, subjects, rng
        self._queues: dict[str, list[str]] = {}
        self._number = 0

    def say(self, pattern: str) -> str:
        """One sentence from a pattern."""
        text = fill(choose(pattern, self._rng), self._value)
        return articles(text) if self._voice.language == "en" else text

    def _value(self, slot: str) -> str:
        if slot == "t":
            return self._rng.choice(self._subjects)
        if slot == "n2":
            return self._voice.pools["n"][self._number + 1]
        queue = self._queues.get(slot)
        if not queue:
            values = self._aspect.words.get(slot) or self._voice.pools[slot]
            queue = self._queues[slot] = self._rng.sample(values, len(values))
        value = queue.pop()
        if slot == "n":
            if value == self._voice.pools["n"][-1]:
                value = self._voice.pools["n"][0]
            self._number = self._voice.pools["n"].index(value)
        return value


def paragraph(
    voice: Voice, aspect: Aspect, subjects: Sequence[str], words: int, rng: random.Random, used: set[str] | None = None
) -> str:
    """A paragraph of about `words` words; patterns in `used` are avoided and new ones are added to it."""
    used = set() if used is None else used
    speaker = Speaker(voice, aspect, subjects, rng)
    room, last = ROOM[voice.language], len(voice.stages) - 1
    sentences: list[str] = []
    written, stage = 0, -1
    while stage < last and words - written > room + 7:
        stage = min(last, max(stage + 1, int((last + 1) * (written + 4) / max(words - room, 1))))
        fresh = [p for p in voice.stages[stage] if p not in used]
        pattern = rng.choice(fresh or voice.stages[stage])
        used.add(pattern)
        sentences.append(speaker.say(pattern))
        written += voice.count(sentences[-1])
    sentences.append(speaker.say(rng.choice(voice.closers)))
    return voice.between.join(sentences)
