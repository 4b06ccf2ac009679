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


@pytest.mark.parametrize(
    ("number", "said"),
    [(300, "三百"), (1000, "一千"), (1200, "一千二百"), (2000, "两千"), (10_500, "一万零五百"), (20_000, "两万")],
)
def test_hundreds_are_written_in_characters_as_people_say_them(number, said):
    assert requests.spelt(number) == said


@pytest.mark.parametrize("language", LANGUAGES)
def test_later_phases_ask_requests_about_topics_that_the_earlier_ones_did_not_know(language):
    early, late = voice(language), voice(language, late=True)
    assert set(early.natural) < set(late.natural)
    assert set(early.topics["real"]) < set(late.topics["real"])
