"""What the evaluation asks must not be in what training saw."""

import random
import re
from collections.abc import Callable
from functools import cache

import pytest

from training import requests
from training.heldout import SPLITS, load
from training.metrics import topic_words
from training.requests import request
from training.voice import LANGUAGES, LATER, fill, voice


@pytest.mark.parametrize("split", SPLITS)
@pytest.mark.parametrize("language", LANGUAGES)
def test_there_are_at_least_sixty_requests_each_with_its_topic(language, split):
    found = load(language, split)
    assert len(found) >= 60
    assert len({r.text for r in found}) == len(found)
    assert all(r.topic in r.text and r.topic in r.point for r in found)
    assert all(300 <= r.words <= 20000 for r in found)


@pytest.mark.parametrize("split", SPLITS)
@pytest.mark.parametrize("language", LANGUAGES)
def test_no_held_out_topic_is_in_the_lists_of_training(language, split):
    v = voice(language, len(LATER))
    known = {word for values in v.topics.values() for value in values for word in (value, *value.split())}
    for held in load(language, split):
        assert held.topic not in known
        assert topic_words(held.topic, language)[-1] not in known, held.topic


CHOICE = re.compile(r"\[([^\[\]]*)\]")
SLOT = re.compile(r"(\[[^\[\]]*\]|\{\w+\})")


def grammar(language: str) -> Callable[[str], bool]:
    """Tells whether a training request can be a text, by its frame: the topic is `@`, {w} any number, a name, another
    thing or a rare value any word or two, and every other slot one of its values, themselves composed."""
    v, known = voice(language, len(LATER)), {}
    free = r"[\w']+(?: [\w']+)?" if language == "en" else r"[\u4e00-\u9fff]{1,4}"

    def slot(name: str) -> str:
        if name not in known:
            values = v.asides.get(name) or v.pools.get(name) or ()
            rare = [free] if name in ("genre", "aud", "tone") or not values else []
            known[name] = "|".join([*map(pattern, values), *rare])
        return f"(?:{known[name]})"

    def pattern(frame: str) -> str:
        out = ""
        for part in SLOT.split(plain(frame)):
            if part.startswith("["):
                out += "(?:" + "|".join(map(pattern, part[1:-1].split("|"))) + ")"
            elif part.startswith("{"):
                name = part[1:-1].lower()
                out += {"t": "@", "w": r"[\d,]+"}.get(name) or slot(name)
            else:
                out += re.escape(part)
        return out

    parts = {frame: [part.lower() for part in SLOT.split(plain(frame))[::2]] for frame in (*v.requests, *v.typed)}
    extra = "|".join(map(re.escape, v.pools.get("extra", ("",))))

    @cache
    def compiled(frame: str) -> re.Pattern:
        return re.compile(rf"{pattern(frame)}\W*(?:{extra})?\W*", re.IGNORECASE)

    def asks(text: str) -> bool:
        said = text.lower()
        frames = (frame for frame, fixed in parts.items() if all(part in said for part in fixed))
        return any(compiled(frame).fullmatch(text) for frame in frames)

    return asks


def plain(text: str) -> str:
    """Without the articles that the grammar sets right afterwards."""
    return re.sub(r"\b([Aa])n ", r"\1 ", text)


@pytest.mark.parametrize("split", SPLITS)
@pytest.mark.parametrize("language", LANGUAGES)
def test_no_held_out_phrasing_is_a_training_phrasing(language, split, monkeypatch):
    for changed in ("CROSSED", "SPELT"):  # the pattern knows frames as they stand in the files
        monkeypatch.setattr(requests, changed, 0.0)
    monkeypatch.setattr(requests, "EXCHANGED", dict.fromkeys(LANGUAGES, 0.0))
    asks, rng = grammar(language), random.Random(3)
    asked = [plain(request(voice(language, len(LATER)), "@", 1500, rng)) for _ in range(60)]
    assert sum(map(asks, asked)) >= 54, "the pattern is of no use"
    for held in load(language, split):
        assert not asks(plain(held.text.replace(held.topic, "@"))), held.text


PART = re.compile(r"(?<=[,.;:!?]) +|(?<=[，。；：！？])(?=.)")


def every_choice(phrasing: str) -> list[str]:
    """The phrasing with each of its choices taken at least once."""
    return [
        CHOICE.sub(lambda match, nth=nth: (each := match[1].split("|"))[nth % len(each)], phrasing)
        for nth in range(1 + phrasing.count("|"))
    ]


@pytest.mark.parametrize("language", LANGUAGES)
def test_no_held_out_phrasing_is_one_that_took_a_part_of_another(language):
    def bare(part: str) -> str:
        return part.strip(" ,.;:!?，。；：！？").lower()

    asks, said = grammar(language), [one for p in voice(language, len(LATER)).typed for one in every_choice(p)]
    loose = {bare(part) for one in said for part in PART.split(one) if "{" not in part}
    for held in load(language):
        parts = PART.split(plain(held.text.replace(held.topic, "@")))
        for i, part in enumerate(parts):
            rest = [*parts[:i], *parts[i + 1 :]]
            without = {("" if language == "zh" else " ").join(rest), ", ".join(p.strip(",.;:") for p in rest)}
            assert bare(part) not in loose or not any(map(asks, without)), held.text


COUNTING = frozenset(re.findall(r"\S+", "@ # word words a an the in on of for with to into over about and me"))
"""What everyone joins a topic and a count with, as in "{t} in {w} words": no phrasing of anybody's own."""


@pytest.mark.parametrize("language", LANGUAGES)
def test_no_typed_phrasing_shares_a_longer_run_of_words_with_a_held_out_one(language):
    def runs(text: str) -> set[tuple[str, ...]]:
        counted = re.sub(r"[\d,]+|[一二两三四五六七八九十百千万零〇]+(?=字)", "#", text.lower())
        words = re.findall(r"[@#]|[\u4e00-\u9fff]|[a-z']+", counted)
        length = 4 if language == "en" else 5
        every = {tuple(words[i : i + length]) for i in range(len(words) - length + 1)}
        return {run for run in every if sum(word not in COUNTING for word in run) > 1}

    held = set[tuple[str, ...]]().union(*(runs(r.text.replace(r.topic, "@")) for r in load(language)))
    for phrasing in voice(language, len(LATER)).typed:
        for chosen in every_choice(phrasing):
            said = fill(chosen, lambda slot: {"t": "@", "w": "#"}.get(slot, "thing"))
            assert not runs(said) & held, phrasing
