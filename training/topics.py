"""Topics for training: so varied, down to invented words, that copying them is the only way to name them."""

import random
import re
from collections import Counter
from functools import cache

from .heldout import SPLITS, load
from .metrics import topic_words
from .voice import TEXT, Voice, lines, lists
from .voice import voice as voice_of

_SLOT = re.compile(r"\{\w+\}")
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


@cache
def _barred(language: str) -> tuple[str, ...]:
    """What no topic may have in it: those of the evaluation; in English their last words."""
    held = [request for split in SPLITS for request in load(language, split)]
    return tuple({topic_words(request.topic, language)[-1].lower() for request in held})


def _unseen(voice: Voice, text: str) -> bool:
    if voice.language == "en":
        return set(_barred("en")).isdisjoint(re.findall(r"[\w'-]+", text.lower()))
    return not any(held in text for held in _barred("zh"))


def _composed(voice: Voice, rng: random.Random) -> str:
    return (_english if voice.language == "en" else _chinese)(voice.topics, rng)


def topic(voice: Voice, rng: random.Random) -> str:
    """A noun phrase of either number, as a user would type it; never one of the evaluation."""
    while True:
        text = rng.choice(voice.topics["real"]) if rng.random() < REAL else _composed(voice, rng)
        if _unseen(voice, text):
            return text


@cache
def _ordinary(language: str) -> tuple[str, ...]:
    """Words of requests that stand beside their topics: in English runs of letters, in Chinese pairs of characters
    that meet four times as often as chance would have it."""
    frames = [_SLOT.sub("\n", frame) for frame in voice_of(language).typed]
    if language == "en":
        return tuple(sorted({word for frame in frames for word in re.findall(r"\b[a-z]{4,}\b", frame)}))
    runs = [run for frame in frames for run in re.findall(r"[\u4e00-\u9fff]+", frame)]
    single, pairs = Counter("".join(runs)), Counter(run[i : i + 2] for run in runs for i in range(len(run) - 1))
    total = single.total()
    return tuple(sorted(p for p, n in pairs.items() if n > 2 and n * total > 4 * single[p[0]] * single[p[1]]))


def _blended(voice: Voice, rng: random.Random) -> str:
    """The beginning of one real topic and the end of another, or an end alone."""
    one, other = rng.choice(voice.topics["real"]), rng.choice(voice.topics["real"])
    if voice.language == "zh":
        return one[: rng.choice((1, 2, 2))] + other[-rng.choice((1, 2, 2)) :]
    first, last = one.split(), other.split()
    if len(first) == 1 and rng.random() < 0.3:
        return last[-1]
    return " ".join((*first[: max(1, len(first) - 1)], last[-1]))


def strange(voice: Voice, rng: random.Random) -> str:
    """A topic for exercises in finding and copying it. Most are no topics that anybody has: words that elsewhere stand
    beside one, parts of real ones put together anew. So it must be found by its place in the request, not by its words.
    """
    while True:
        kind = rng.random()
        if kind < 0.4:
            text = topic(voice, rng)
        elif kind < 0.7:
            joint = " " if voice.language == "en" else ""
            text = joint.join(rng.choices(_ordinary(voice.language), k=1 if rng.random() < 0.7 else 2))
        else:
            text = _blended(voice, rng)
        if _unseen(voice, text):
            return text
