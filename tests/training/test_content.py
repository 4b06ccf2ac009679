"""Content words of requests exchanged, counts in characters, requests that only later phases of training ask."""

import random
import re

import pytest

from training import requests
from training.content import exchanged
from training.voice import LANGUAGES, choose, voice

SLOT = re.compile(r"\{\w+\}")


@pytest.mark.parametrize("language", LANGUAGES)
def test_a_request_whose_content_words_are_exchanged_keeps_its_slots_and_its_usual_words(language):
    rng, changed, kept = random.Random(2), 0, 0
    usual = {"en": re.compile(r"\b(?:the|and|about|words)\b"), "zh": re.compile("[的写字篇]")}[language]
    for frame in rng.sample(voice(language).natural, 500):
        one = choose(frame, rng)
        other = exchanged(language, one, rng)
        changed += other != one
        assert SLOT.findall(other) == SLOT.findall(one)
        assert usual.findall(SLOT.sub("", other)) == usual.findall(SLOT.sub("", one)), (one, other)
        kept += len(usual.findall(one))
    assert changed > 200 and kept > 300


def test_a_word_before_an_apostrophe_is_not_exchanged():
    rng, before, seen = random.Random(3), re.compile(r"[a-z]{3,}(?=')"), 0
    for frame in (frame for frame in voice("en").natural if "'" in frame):
        one = choose(frame, rng)
        other = exchanged("en", one, rng)
        assert before.findall(other) == before.findall(one)
        seen += other != one and bool(before.search(one))
    assert seen > 100


@pytest.mark.parametrize(
    ("number", "said"),
    [(300, "三百"), (1000, "一千"), (1200, "一千二百"), (2000, "两千"), (10_500, "一万零五百"), (20_000, "两万")],
)
def test_hundreds_are_written_in_characters_as_people_say_them(number, said):
    assert requests.spelt(number) == said


@pytest.mark.parametrize("language", LANGUAGES)
def test_later_phases_ask_requests_about_topics_that_the_earlier_ones_did_not_know(language):
    early, late, last = (voice(language, late) for late in (0, 1, 2))
    assert set(early.natural) < set(late.natural) < set(last.natural)
    assert set(early.topics["real"]) < set(late.topics["real"])
