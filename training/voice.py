"""A voice: everything the grammar knows in one language, read once from the files in `text/`."""

import random
import re
from dataclasses import dataclass
from functools import cache
from pathlib import Path

TEXT = Path(__file__).parent / "text"
LANGUAGES = ("en", "zh")
_CHOICE = re.compile(r"\[([^\[\]]*)\]")
_SLOT = re.compile(r"\{(\w+)\}")
_ARTICLE = re.compile(r"\b([Aa]) (?=[aeiouAEIOU])(?!us|uni|one\b|eu)")
_WORD = re.compile(r"\b[a-zA-Z]+\b")
HAN = re.compile(r"[\u4e00-\u9fff]")


@dataclass(frozen=True)
class Aspect:
    """One side from which a topic can be seen, with the words that belong to it."""

    name: str
    points: tuple[str, ...]
    words: dict[str, tuple[str, ...]]


@dataclass(frozen=True)
class Voice:
    """The patterns of one language: `stages` of a paragraph in order and `closers` for its last sentence; `openers` for
    its first one, a group for each length, and `starts` in their place where a user has set the main point; requests as
    people type them, of any topic (`phrasings`) or with words that belong to one (`natural`), and what others are
    composed of."""

    language: str
    aspects: tuple[Aspect, ...]
    stages: tuple[tuple[str, ...], ...]
    closers: tuple[str, ...]
    openers: tuple[tuple[str, ...], ...]
    starts: tuple[tuple[str, ...], ...]
    phrasings: tuple[str, ...]
    natural: tuple[str, ...]
    requests: tuple[str, ...]
    asides: dict[str, tuple[str, ...]]
    own_points: tuple[str, ...]
    pools: dict[str, tuple[str, ...]]
    topics: dict[str, tuple[str, ...]]

    def count(self, text: str) -> int:
        """Words of English text, characters of Chinese text, by the benchmark's counters."""
        return len((_WORD if self.language == "en" else HAN).findall(text))

    @property
    def typed(self) -> tuple[str, ...]:
        """All requests as people type them."""
        return self.phrasings + self.natural

    @property
    def between(self) -> str:
        """What stands between two sentences."""
        return " " if self.language == "en" else ""


def choose(pattern: str, rng: random.Random) -> str:
    """Resolve every `[one|other]` of a pattern, inner ones first."""
    while True:
        done = _CHOICE.sub(lambda m: rng.choice(m[1].split("|")), pattern)
        if done == pattern:
            return done
        pattern = done


def fill(pattern: str, values) -> str:
    """Replace each `{slot}` by `values(slot)`; a capitalised slot gets a capital first letter."""

    def value(match: re.Match) -> str:
        slot = match[1]
        text = values(slot.lower())
        return text[:1].upper() + text[1:] if slot[0].isupper() else text

    return _SLOT.sub(value, pattern)


def articles(text: str) -> str:
    """Write `an` where English asks for it."""
    return _ARTICLE.sub(r"\1n ", text)


def lines(name: str) -> list[str]:
    """The lines of a file in `text/`, without comments."""
    text = (TEXT / name).read_text(encoding="utf-8")
    return [line for line in text.splitlines() if line.strip() and not line.startswith("#")]


def lists(given: list[str]) -> dict[str, tuple[str, ...]]:
    """Lines of the form `name: value; value` as a table."""
    pairs = (line.split(":", 1) for line in given)
    return {key: tuple(v.strip() for v in re.split("[;；]", rest) if v.strip()) for key, rest in pairs}


def asides(given: list[str]) -> dict[str, tuple[str, ...]]:
    """Like `lists`, but values may be empty, and only one space after `:` or `;` is not part of them."""
    pairs = (line.split(":", 1) for line in given)
    return {key: tuple(value.removeprefix(" ") for value in rest.split(";")) for key, rest in pairs}


def _aspects(given: list[str]) -> tuple[Aspect, ...]:
    found: list[Aspect] = []
    for line in given:
        if line.startswith("["):
            found.append(Aspect(line.strip("[]"), (), {}))
        elif line.startswith("point:"):
            last = found[-1]
            found[-1] = Aspect(last.name, (*last.points, line[6:].strip()), last.words)
        else:
            found[-1].words.update(lists([line]))
    return tuple(found)


def _groups(given: list[str]) -> list[tuple[str, ...]]:
    groups: list[list[str]] = []
    for line in given:
        if line.startswith("@"):
            groups.append([])
        else:
            groups[-1].append(line)
    return [tuple(group) for group in groups]


LATER = {"late": 2, "last": 3}
"""Natural requests that only later phases of training ask: the names of their files, and how many times as often as
another natural one each of them comes."""


@cache
def voice(language: str, late: int = 0) -> Voice:
    """The voice of `en` or `zh`. One that is late has the requests of the first `late` of `LATER` besides, and more
    topics, all of which training has not known before."""
    *stages, closers = _groups(lines(f"sentences.{language}.txt"))
    topics, natural = lists(lines(f"topics.{language}.txt")), lines(f"natural.{language}.txt")
    for name, times in list(LATER.items())[:late]:
        natural += times * lines(f"{name}.{language}.txt")
    if late:
        topics["real"] += topics["late"]
    return Voice(
        language,
        _aspects(lines(f"aspects.{language}.txt")),
        tuple(stages),
        closers,
        tuple(_groups(lines(f"openers.{language}.txt"))),
        tuple(_groups(lines(f"starts.{language}.txt"))),
        tuple(lines(f"phrasings.{language}.txt")),
        tuple(natural),
        tuple(lines(f"requests.{language}.txt")),
        asides(lines(f"asides.{language}.txt")),
        tuple(lines(f"points.{language}.txt")),
        lists(lines(f"pools.{language}.txt")),
        topics,
    )
