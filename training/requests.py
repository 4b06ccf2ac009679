"""Requests: as people type them, or composed; their parts change places now and then."""

import random
import re

from .topics import character, invented_word, name, topic
from .voice import Voice, articles, choose, fill

PHRASED = 0.85
"""The share of requests in a form that a person has typed; the others are composed."""
CROSSED = 0.3
"""The share of typed requests that take a part without a topic from another."""
_PART = re.compile(r"(?<=[,.;:!?]) +|(?<=[，。；：！？])(?=.)")
_HELD = re.compile(r"\{[tw]\}")


def request(voice: Voice, subject: str, words: int | None, rng: random.Random) -> str:
    """An instruction about `subject`; it states a count only where `words` is given."""
    while True:
        text = _request(voice, subject, words, rng)
        # A topic of its own that holds "None", as an invented name may, is no count that is missing.
        if words is not None or "None" not in text.replace(subject, ""):
            return text


def crossed(pattern: str, other: str, rng: random.Random) -> str:
    """`pattern` with one part (what stands between two stops) of `other` that has neither topic nor count, put in
    anywhere or in the place of such a part of its own: the words around a topic seldom tell then which request it is.
    """
    parts, loose = _PART.split(pattern), [part for part in _PART.split(other) if not _HELD.search(part)]
    if not loose:
        return pattern
    own = [i for i, part in enumerate(parts) if not _HELD.search(part)]
    if own and rng.random() < 0.5:
        parts.pop(place := rng.choice(own))
    else:
        place = rng.randint(0, len(parts))
    parts.insert(place, rng.choice(loose))
    chinese = "，" in pattern + other or "。" in pattern + other
    stop, stops, gap = ("，", "，。；：！？”", "") if chinese else (",", ",.;:!?", " ")
    *before, last = parts
    return gap.join([*(part if part[-1] in stops else part + stop for part in before), last.rstrip("，,；;：:")])


def _request(voice: Voice, subject: str, words: int | None, rng: random.Random) -> str:
    stated = str(words)
    if words and voice.language == "en" and words > 999 and rng.random() < 0.3:
        stated = f"{words:,}"

    def value(slot: str) -> str:
        if slot == "t":
            return subject
        if slot in ("t2", "x"):
            return topic(voice, rng)
        if slot == "w":
            return stated
        if slot == "name":
            return name(rng) if voice.language == "en" else "".join(character(rng) for _ in range(rng.choice((2, 3))))
        if slot in ("genre", "aud", "tone") and rng.random() < 0.1:
            return invented_word(rng) if voice.language == "en" else character(rng) + character(rng)
        return fill(choose(rng.choice(voice.asides.get(slot) or voice.pools[slot]), rng), value)

    frames = voice.phrasings if rng.random() < PHRASED else voice.requests
    pattern = choose(rng.choice(frames), rng)
    if frames is voice.phrasings and rng.random() < CROSSED:
        pattern = crossed(pattern, choose(rng.choice(frames), rng), rng)
    text = fill(pattern, value)
    if voice.language == "en":
        text = articles(text)
        text = text[:1].lower() + text[1:] if rng.random() < 0.15 else text[:1].upper() + text[1:]
        if rng.random() < 0.1:
            text += (" " if text.endswith(("?", ".")) else ". ") + rng.choice(voice.pools["extra"])
        if rng.random() < 0.5 and text[-1] not in "?.":
            text += "."
    elif rng.random() < 0.5 and text[-1] not in "？。":
        text += "。"
    return text
