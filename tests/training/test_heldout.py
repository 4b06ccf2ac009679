"""What the evaluation asks must not be in what training saw."""

import re

import pytest

from training.heldout import requests
from training.metrics import topic_words
from training.voice import LANGUAGES, voice


@pytest.mark.parametrize("language", LANGUAGES)
def test_there_are_at_least_sixty_requests_each_with_its_topic(language):
    found = requests(language)
    assert len(found) >= 60
    assert len({r.text for r in found}) == len(found)
    assert all(r.topic in r.text and r.topic in r.point for r in found)
    assert all(300 <= r.words <= 20000 for r in found)


@pytest.mark.parametrize("language", LANGUAGES)
def test_no_held_out_topic_is_a_training_topic(language):
    v = voice(language)
    known = {word for values in v.topics.values() for value in values for word in (value, *value.split())}
    for request in requests(language):
        assert request.topic not in known
        assert topic_words(request.topic, language)[-1] not in known, request.topic


def frame_pattern(frame: str, topic: str, v) -> re.Pattern:
    """All that a training frame can become, with this topic and any pool value or single word in its other slots."""
    parts = re.split(r"(\[[^\]]*\]|\{\w+\})", frame)
    out = ""
    for part in parts:
        if part.startswith("["):
            out += "(" + "|".join(re.escape(x) for x in part[1:-1].split("|")) + ")"
        elif part in ("{t}", "{T}"):
            out += re.escape(topic)
        elif part == "{w}":
            out += r"[\d,]+"
        elif part.startswith("{"):
            values = v.pools.get(part[1:-1].lower(), ())
            out += "(" + "|".join([*map(re.escape, values), r"\w+", r"\w+ \w+"]) + ")"
        else:
            out += re.escape(part)
    return re.compile(out + r"\W*", re.IGNORECASE)


@pytest.mark.parametrize("language", LANGUAGES)
def test_no_held_out_phrasing_is_a_training_phrasing(language):
    v = voice(language)
    for request in requests(language):
        hits = [f for f in v.requests if frame_pattern(f, request.topic, v).fullmatch(request.text)]
        assert not hits, (request.text, hits)
