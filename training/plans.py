"""Plans: the AgentWrite lines, with counts that follow from the total in one simple way."""

import math
import random
from dataclasses import dataclass

from . import topics
from .voice import Aspect, Voice, articles, choose, fill

USUAL = 300
"""Words of a usual paragraph."""
NUMBERS = (5, 12)
"""How many lines a plan may have: few and far apart, so that a total between them decides it plainly."""


@dataclass(frozen=True)
class Step:
    """One line of a plan, and for the paragraph generator: its aspect and what it is about."""

    point: str
    words: int
    aspect: Aspect
    subjects: tuple[str, ...]
    own: bool = False
    """Whether the main point is in a user's words."""


def line(voice: Voice, number: int, step: Step) -> str:
    """The line of a plan in the method's own form."""
    if voice.language == "en":
        return f"Paragraph {number} - Main Point: {step.point} - Word Count: {step.words} words"
    return f"第{number}段 - 主要观点：{step.point} - 字数：{step.words}字"


def lines(voice: Voice, steps: list[Step], first: int = 1) -> str:
    """All lines of a plan, numbered from `first`."""
    return "\n".join(line(voice, first + i, step) for i, step in enumerate(steps))


def counts(total: int) -> list[int]:
    """Equal round word counts that sum to nearly `total`: a plain function of it, with nothing left to chance."""
    number = min(NUMBERS, key=lambda n: abs(math.log(total / USUAL / n)))
    return [max(50, round(total / number / 10) * 10)] * number


def last(voice: Voice, number: int) -> list[Aspect]:
    """The aspects of a plan of ours: an opening one of its own for each number of lines, and then the last ones in
    their order. So the number of lines is decided at the first one, before any count stands in the plan that could be
    taken for the total; every other line follows from the one before it."""
    return [voice.aspects[NUMBERS.index(number)], *voice.aspects[len(voice.aspects) - number + 1 :]]


def points(voice: Voice, number: int, rng: random.Random) -> list[Aspect]:
    """Aspects in their natural order: an opening one, then evenly spread ones, then a closing one."""
    opening, middle, closing = voice.aspects[:2], voice.aspects[2:-1], voice.aspects[-1]
    inner = number - 2
    places: list[int] = []
    for i in range(inner):
        place = int((i + rng.random()) * len(middle) / inner)
        places.append(max(place, places[-1] + 1) if places else place)
    return [rng.choice(opening), *(middle[p] for p in places), closing][:number]


def point(aspect: Aspect, subject: str, rng: random.Random) -> str:
    """A main point that names the subject."""
    return fill(choose(rng.choice(aspect.points), rng), lambda _: subject)


def plan(voice: Voice, subject: str, total: int, rng: random.Random) -> list[Step]:
    """The plan that the model should make for a request."""
    shares = counts(total)
    aspects = last(voice, len(shares))
    return [Step(point(a, subject, rng), w, a, (subject,)) for a, w in zip(aspects, shares, strict=True)]


def free_point(voice: Voice, subject: str, rng: random.Random) -> str:
    """A main point in a user's own words."""
    focus = topics.topic(voice, rng)

    def value(slot: str) -> str:
        if slot in "tf":
            return subject if slot == "t" else focus
        if slot == "name":
            return topics.name(rng) if voice.language == "en" else topics.character(rng) + topics.character(rng)
        if slot == "f2":
            return topics.topic(voice, rng)
        return rng.choice(voice.topics.get(slot) or voice.pools[slot])

    text = fill(choose(rng.choice(voice.own_points), rng), value)
    return articles(text) if voice.language == "en" else text


def edited(voice: Voice, subject: str, number: int, rng: random.Random) -> list[Step]:
    """A plan as a user may leave it: any counts, own main points among ours."""
    own = rng.random() * 0.8
    same = rng.choice((None, None, rng.randint(5, 60) * 10))
    steps = []
    for aspect in points(voice, number, rng):
        words = same or round(10 * 2 ** rng.uniform(2.33, 6.65))
        words = words if rng.random() < 0.2 else max(50, round(words, -1))
        if rng.random() < own:
            text = free_point(voice, subject, rng)
            steps.append(Step(text, min(words, 1000), rng.choice(voice.aspects), (subject,), own=True))
        else:
            steps.append(Step(point(aspect, subject, rng), min(words, 1000), aspect, (subject,)))
    return steps
