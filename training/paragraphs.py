"""Paragraphs whose length follows from their build.

The first sentence is one of those kept for the word count asked for. After it a paragraph enters a row of ordered
stages at a place that follows from that sentence, goes through them to the last, one sentence of nearly the same length
for each, and closes. So the count matters at the first words alone, where the prompt has just named it; after that each
sentence follows from the one before it. A small model can learn this, while it cannot count. Nor is anything about the
build left to chance, which sampling below temperature 1 would bend.
"""

import random
from collections.abc import Sequence

from .voice import Aspect, Voice, articles, choose, fill

USUAL = {"en": 16.5, "zh": 26.4}
"""Words of a sentence of the stages, on average."""
ROOM = {"en": 14, "zh": 17}
"""Words of a closing sentence."""
SPREAD = {"en": 3, "zh": 5}
"""How far a sentence may be from the usual length."""

SENTENCES = (*range(1, 13), 14, 16, 18, 21, 24, 27, 30, 35, 41, 48, 56)
"""Sentences before the closing one, by group of openers: each number where one more counts, then fewer."""
POINT = "\0"
"""Stands for the main point of a user while the rest of a sentence is filled."""


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
        if slot == "point":
            return POINT
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


def length_class(voice: Voice, words: int) -> int:
    """The number of the group of openers for a paragraph of `words` words."""
    wanted = (words - ROOM[voice.language]) / USUAL[voice.language]
    return min(range(len(SENTENCES)), key=lambda i: abs(SENTENCES[i] - wanted))


def stages(voice: Voice, number: int) -> list[int]:
    """The stages of a paragraph of `number` sentences before its closer, the opener not among them: the last ones of
    the row, one after the other. One that needs more than there are goes through all, and then again through the last.
    """
    order = list(range(len(voice.stages)))
    wanted = number - 1
    if wanted <= len(order):
        return order[len(order) - wanted :]
    return order + order[-(wanted - len(order)) :]


def paragraph(
    voice: Voice, aspect: Aspect, subjects: Sequence[str], words: int, rng: random.Random, own: str = ""
) -> str:
    """A paragraph of about `words` words; `own` is a main point in a user's words, which it begins by naming."""
    speaker = Speaker(voice, aspect, subjects, rng)
    language = voice.language
    size = length_class(voice, words)
    said: list[str] = []
    for patterns in (voice.openers[size], *(voice.stages[stage] for stage in stages(voice, SENTENCES[size]))):
        for _ in range(6):
            sentence = speaker.say(rng.choice(patterns))
            if sentence not in said and abs(voice.count(sentence) - USUAL[language]) <= SPREAD[language]:
                break
        said.append(sentence)
    if own:
        said[0] = speaker.say(rng.choice(voice.starts[size])).replace(POINT, own)
    said.append(speaker.say(rng.choice(voice.closers)))
    return voice.between.join(said)
