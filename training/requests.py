"""Requests: as people type them, or composed; their parts change places now and then."""

import random
import re

from .content import exchanged
from .topics import character, invented_word, name, topic
from .voice import HAN, Voice, articles, choose, fill

NATURAL = {"en": 0.4, "zh": 0.62}
"""The share of requests with words that belong to one topic, as in nearly all that people type."""
TYPED = 0.88
"""The share of requests as people type them, natural ones among them; the others are composed."""
CROSSED = 0.3
"""The share of typed requests that take a part without a topic from another, or lose one."""
EXCHANGED = {"en": 0.25, "zh": 0.5}
"""The share of typed requests whose content words are exchanged for those of others."""
SPELT = 0.2
"""The share of counts in hundreds that Chinese requests write in characters."""
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
    anywhere or in the place of such a part of its own, or without one of its own: the words around a topic seldom tell
    then which request it is."""
    parts, loose = _PART.split(pattern), [part for part in _PART.split(other) if not _HELD.search(part)]
    own = [i for i, part in enumerate(parts) if not _HELD.search(part)]
    kind = rng.choice(("put in", "put in its place", "leave out"))
    if not (own if kind == "leave out" else loose):
        return pattern
    place = rng.randint(0, len(parts))
    if own and kind != "put in":
        parts.pop(place := rng.choice(own))
    if kind != "leave out":
        parts.insert(place, rng.choice(loose))
    chinese = HAN.search(pattern + other)
    stop, stops, gap = ("，", "，。；：！？”", "") if chinese else (",", ",.;:!?", " ")
    *before, last = parts
    return gap.join([*(part if part[-1] in stops else part + stop for part in before), last.rstrip("，,；;：:")])


def spelt(number: int) -> str:
    """A number of hundreds below 100,000 in Chinese characters."""
    text = ""
    for size, unit in ((10000, "万"), (1000, "千"), (100, "百")):
        digit, number = divmod(number, size)
        if digit:
            text += ("两" if digit == 2 and size > 100 else "〇一二三四五六七八九"[digit]) + unit
        elif text and number:
            text += "零"
    return text


def _request(voice: Voice, subject: str, words: int | None, rng: random.Random) -> str:
    stated = str(words)
    if words and voice.language == "en" and words > 999 and rng.random() < 0.3:
        stated = f"{words:,}"
    if words and voice.language == "zh" and words % 100 == 0 and rng.random() < SPELT:
        stated = spelt(words)

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

    kind = rng.random()
    frames = voice.requests
    if kind < TYPED:
        frames = voice.natural if kind < NATURAL[voice.language] else voice.phrasings
    pattern = choose(rng.choice(frames), rng)
    if frames is not voice.requests and rng.random() < CROSSED:
        pattern = crossed(pattern, choose(rng.choice(frames), rng), rng)
    if frames is not voice.requests and rng.random() < EXCHANGED[voice.language]:
        pattern = exchanged(voice.language, pattern, rng)
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
