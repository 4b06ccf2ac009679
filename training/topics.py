"""Topics for training: so varied, down to invented words, that copying them is the only way to name them."""

import random
import re
from functools import cache

from .voice import TEXT, Voice, articles, choose, fill, lines, lists

_PARTS = lists(lines("syllables.txt"))
_CODAS = tuple(coda.strip("-") for coda in _PARTS["coda"])


def _characters(first: int, last: int) -> list[str]:
    """The characters in some rows of GB 2312, in its own order."""
    pairs = (bytes((high, low)) for high in range(first, last + 1) for low in range(0xA1, 0xFF))
    decoded = (pair.decode("gb2312", "ignore") for pair in pairs)
    return [character for character in decoded if character]


COMMON = _characters(0xB0, 0xD7)
"""Its 3,755 characters of the first level."""
RARE = _characters(0xD8, 0xF7)
"""Its 3,008 of the second level: seldom written, but in the names of many a dish, tool and person."""


def character(rng: random.Random) -> str:
    """Any Chinese character."""
    return rng.choice(COMMON if rng.random() < 0.75 else RARE)


def invented_word(rng: random.Random) -> str:
    """A pronounceable word that nobody has used."""
    syllables = rng.choices((1, 2, 3, 4), (3, 6, 3, 1))[0]
    word = "".join(rng.choice(_PARTS["onset"]) + rng.choice(_PARTS["vowel"]) for _ in range(syllables - 1))
    if rng.random() < 0.25 and syllables > 1:
        word = rng.choice("aeiou") + word
    word += rng.choice(_PARTS["onset"]) + rng.choice(_PARTS["vowel"]) + rng.choice(_CODAS)
    if rng.random() < 0.3:
        word += rng.choice(_PARTS["ending"])
    return word


def name(rng: random.Random) -> str:
    """An invented name of a person or place."""
    return " ".join(invented_word(rng).capitalize() for _ in range(rng.choice((1, 1, 1, 2))))


@cache
def _said(language: str) -> str:
    """All that the grammar itself says."""
    return "\n".join(
        (TEXT / f"{name}.{language}.txt").read_text(encoding="utf-8") for name in ("sentences", "aspects", "pools")
    )


@cache
def _words() -> tuple[str, ...]:
    return tuple(sorted(set(re.findall(r"\b[a-z]{4,}\b", _said("en")))))


@cache
def _passages() -> tuple[str, ...]:
    return tuple(passage for passage in re.findall(r"[\u4e00-\u9fff]+", _said("zh")) if len(passage) > 1)


REAL = 0.75
"""The share of topics that people really ask about."""
PHRASED = 0.85
"""The share of requests in a form that a person has typed; the others are composed."""
CROSSED = 0.3
"""The share of typed requests that take a part without a topic from another."""
_PART = re.compile(r"(?<=[,.;:!?]) +|(?<=[，。；：！？])(?=.)")
_HELD = re.compile(r"\{[tw]\}")
_NOUNS = ("plural", "plural", "mass", "food", "nature", "technology", "society")


def _noun(words: dict[str, tuple[str, ...]], rng: random.Random) -> str:
    kind = rng.random()
    if kind < 0.55:
        return rng.choice(words[rng.choice(_NOUNS)])
    if kind < 0.65:
        return rng.choice(_words())
    if kind < 0.85:
        return invented_word(rng)
    return f"{invented_word(rng)} {invented_word(rng) if rng.random() < 0.4 else rng.choice(words['plural'])}"


def _english(words: dict[str, tuple[str, ...]], rng: random.Random) -> str:
    kind = rng.random()
    if kind < 0.14:
        return _noun(words, rng)
    if kind < 0.26:
        return f"{rng.choice(words['adj']) if rng.random() < 0.6 else invented_word(rng)} {_noun(words, rng)}"
    if kind < 0.33:
        return f"the {rng.choice(words['kind'])} of {_noun(words, rng) if rng.random() < 0.7 else name(rng)}"
    if kind < 0.41:
        return f"{rng.choice(words['gerund'])} {_noun(words, rng)}"
    if kind < 0.48:
        return f"{rng.choice(words['gerund'])} {_noun(words, rng)} {rng.choice(words['where'])}"
    if kind < 0.53:
        return f"{_noun(words, rng)} {rng.choice(words['where'])}"
    if kind < 0.59:
        return f"{_noun(words, rng)} and {_noun(words, rng)}"
    if kind < 0.75:
        text = name(rng)
        return f"{rng.choice(words['place'])} {text}" if rng.random() < 0.2 else text
    if kind < 0.82:
        inner = rng.choice(words["singular"]) if rng.random() < 0.6 else invented_word(rng)
        if rng.random() < 0.6:
            inner = f"{rng.choice(words['adj'])} {inner}"
        article = rng.choice(("the", "an" if inner[0] in "aeiou" else "a"))
        return f"{article} {inner}"
    if kind < 0.87:
        return f"{_noun(words, rng)} {rng.choice(('in', 'of', 'from'))} {name(rng)}"
    if kind < 0.92:
        return f"{name(rng)} {_noun(words, rng)}"
    if kind < 0.96:
        return " ".join(rng.choice(_words()) for _ in range(rng.choice((1, 2, 3))))
    return " ".join(invented_word(rng) for _ in range(rng.choice((1, 2, 3))))


def _chinese(words: dict[str, tuple[str, ...]], rng: random.Random) -> str:
    def invented(least: int = 1, most: int = 4) -> str:
        return "".join(character(rng) for _ in range(rng.randint(least, most)))

    def passage(least: int = 2, most: int = 4) -> str:
        text = rng.choice(_passages())
        size = min(len(text), rng.randint(least, most))
        first = rng.randint(0, len(text) - size)
        return text[first : first + size]

    def mixed(least: int, most: int) -> str:
        return "".join(passage(1, 1) if rng.random() < 0.5 else invented(1, 1) for _ in range(rng.randint(least, most)))

    def noun() -> str:
        kind = rng.random()
        if kind < 0.6:
            return rng.choice(words["noun" if rng.random() < 0.45 else "more"])
        return passage() if kind < 0.8 else mixed(2, 3)

    kind = rng.random()
    if kind < 0.22:
        return noun()
    if kind < 0.32:
        return rng.choice(words["adj"]) + noun()
    if kind < 0.40:
        return noun() + ("的" if rng.random() < 0.5 else "") + rng.choice(words["kind"])
    if kind < 0.43:
        return f"{noun()}的{rng.choice(words['of'])}"
    if kind < 0.48:
        return rng.choice(words["verb"]) + noun()
    if kind < 0.54:
        return noun() + rng.choice("与和") + noun()
    if kind < 0.62:
        return rng.choice(words["where"]) + noun()
    if kind < 0.68:
        return noun() + noun()
    if kind < 0.76:
        return passage(2, 5)
    if kind < 0.86:
        return mixed(2, 5)
    if kind < 0.92:
        return invented(2, 5)
    if kind < 0.96:
        return mixed(1, 3) + rng.choice(words["suffix"])
    return mixed(1, 3) + noun()


def topic(voice: Voice, rng: random.Random) -> str:
    """A noun phrase of either number, as a user would type it."""
    if rng.random() < REAL:
        return rng.choice(voice.topics["real"])
    return (_english if voice.language == "en" else _chinese)(voice.topics, rng)


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
