"""Pieces of the length that a request names, written in one answer and without a plan, in pages that are numbered.

A page has three sentences and its number at the foot, "Page 3 of 8". So the length that is asked for matters for one
decision, how many pages there are; each number follows from the one before it, and the piece ends after the last. A
model of half a million parameters learns this in minutes; paragraphs without numbers, whose end must be counted out, it
had not learnt in the same time.
"""

import random

from . import requests, topics
from .paragraphs import SPREAD, USUAL, Speaker
from .voice import Voice

PAGE = 50
"""Words of a page: three sentences of the usual length and two words at its foot."""
LONGEST = 800
"""Words of the longest piece."""
SENTENCES = 3


def page(speaker: Speaker, voice: Voice, rng: random.Random, said: set[str]) -> str:
    """Sentences from the first, the middle and the last stages of a paragraph that are not among those said before."""
    found = []
    third = len(voice.stages) // SENTENCES
    for part in range(SENTENCES):
        for _ in range(8):
            sentence = speaker.say(rng.choice(voice.stages[rng.randrange(part * third, (part + 1) * third)]))
            if sentence not in said and abs(voice.count(sentence) - USUAL[voice.language]) <= SPREAD[voice.language]:
                break
        said.add(sentence)
        found.append(sentence)
    return voice.between.join(found)


def request(voice: Voice, words: int, rng: random.Random) -> tuple[str, str]:
    """A request in English that names a length, and its topic."""
    subject = topics.topic(voice, rng)
    while str(words) not in (text := requests.request(voice, subject, words, rng)):
        continue
    return text, subject


def piece(voice: Voice, longest: int, rng: random.Random) -> tuple[str, str]:
    """A request and a piece that has the length it names, of 50 to `longest` words; every length is as likely as any
    other."""
    pages = rng.randint(1, longest // PAGE)
    asked, subject = request(voice, pages * PAGE, rng)
    speaker, said = Speaker(voice, rng.choice(voice.aspects), (subject,), rng), set[str]()
    written = (f"{page(speaker, voice, rng, said)}\nPage {number} of {pages}" for number in range(1, pages + 1))
    return asked, "\n\n".join(written)
