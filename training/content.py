"""The content words of requests, and requests in which they are others.

A frame is learnt by heart when it comes often enough: what in it has been read a hundred times is not the topic, so
what is new must be. In a request that nobody has read all content words are new. So they change places among the
frames, and what tells the topic is where it stands among the words that every request has.
"""

import random
import re
from collections import Counter
from functools import cache

from .voice import choose, voice

USUAL = {"en": 500, "zh": 250}
"""So many words (characters in Chinese) are usual ones, which stay."""
REPLACED = 0.5
"""The share of the content words of a request that are replaced."""
_UNIT = {"en": r"\b[a-z]{3,}\b(?!')", "zh": r"[\u4e00-\u9fff]"}


def _plain(language: str) -> list[str]:
    rng = random.Random(0)
    return [re.sub(r"\{\w+\}", " ", choose(frame, rng)) for frame in voice(language).typed]


@cache
def _pattern(language: str) -> re.Pattern:
    """Slots (to be passed over) and content words: in English those that are not usual and have no apostrophe after
    them, as in "doesn't"; in Chinese runs of two to four characters none of which is a usual one."""
    counts = Counter(unit for frame in _plain(language) for unit in re.findall(_UNIT[language], frame))
    usual = [unit for unit, _ in counts.most_common(USUAL[language])]
    if language == "en":
        return re.compile(rf"\{{\w+\}}|\b(?!(?:{'|'.join(usual)})\b)[a-z]{{3,}}\b(?!')")
    return re.compile(rf"\{{\w+\}}|(?:(?![{''.join(usual)}])[\u4e00-\u9fff]){{2,4}}")


@cache
def _words(language: str) -> tuple[str, ...]:
    """The content words of all typed requests but the late ones, as often as they come."""
    return tuple(word for frame in _plain(language) for word in _pattern(language).findall(frame))


def exchanged(language: str, frame: str, rng: random.Random) -> str:
    """`frame`, whose choices have been made, with others in the place of some of its content words."""

    def other(match: re.Match) -> str:
        return match[0] if match[0][0] == "{" or rng.random() > REPLACED else rng.choice(_words(language))

    return _pattern(language).sub(other, frame)
