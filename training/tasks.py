"""The conversations that the model is trained on, in the application's own prompts.

A conversation is a list of turns (user text, answer). The prompts are read from the application's files; a test holds
the plan's to what the application puts together.
"""

import random
import re
from dataclasses import dataclass, replace
from functools import cache
from pathlib import Path

from . import direct, plans, requests, topics
from .paragraphs import paragraph
from .voice import LANGUAGES, Aspect, Voice, voice

PROMPTS = Path(__file__).parent.parent / "longwriter_ui" / "prompts"
Turns = list[tuple[str, str]]
UNFINISHED = "\0"
"""Ends an answer that is only the beginning of one, so that its end must not be learnt."""
NAMING = 0.75
"""The share of the exercises in finding the topic that end with its name."""
TWICE = 0.95
"""The share of them in which the request is read twice."""
FOUND = (0.42, 0.58)
"""The shares of `LANGUAGES` in them: Chinese, which does not part its words, is the harder to read."""
_STOP = re.compile(r"[.!?。！？]")


@dataclass(frozen=True)
class Size:
    """How large the conversations of a phase of training are, in words (English) or characters (Chinese)."""

    total: int
    paragraph: int
    steps: int


@cache
def prompt(task: str, language: str) -> str:
    """The application's prompt for a task."""
    return (PROMPTS / f"{task}.{language}.txt").read_text(encoding="utf-8")


def plan_prompt(language: str, request: str, words: int, blocks: slice = slice(None), twice: bool = True) -> str:
    """What asks for a plan: the application's whole prompt, or some of its blocks; the request is read twice there,
    or once, as the application does with a long one."""
    text = "\n\n".join(prompt("plan", language).split("\n\n")[blocks])
    again = prompt("again", language).format(instruction=request) if twice else ""
    return text.format(instruction=request, words=words, again=again)


def total_words(rng: random.Random) -> int:
    """A total that a user may ask for: mostly round, 250 to 20,000, smaller ones more often."""
    words = 10 ** rng.uniform(2.45, 3.75) if rng.random() < 0.75 else 10 ** rng.uniform(3.5, 4.31)
    step = rng.choices((1000, 500, 100, 50, 10, 1), (4, 6, 6, 2, 1, 1))[0]
    return min(20000, max(250, round(words / step) * step))


def ask(v: Voice, subject: str, words: int, rng: random.Random) -> str:
    """The request of the user, with or without the count in it."""
    return requests.request(v, subject, words if rng.random() < 0.75 else None, rng)


def plan_task(v: Voice, rng: random.Random, most: int = 20000) -> Turns:
    """Make a plan for a request."""
    words = total_words(rng)
    while words > most:
        words = total_words(rng)
    subject = topics.topic(v, rng)
    user = plan_prompt(v.language, ask(v, subject, words, rng), words)
    return [(user, plans.lines(v, plans.plan(v, subject, words, rng)))]


def _planned(v: Voice, size: Size, rng: random.Random) -> tuple[str, str, list[plans.Step]]:
    """A subject, the request and a plan, either as the model makes it or as a user left it."""
    subject = topics.topic(v, rng)
    if rng.random() < 0.5:
        words = min(total_words(rng), size.steps * plans.USUAL)
        steps = plans.plan(v, subject, words, rng)
    else:
        steps = plans.edited(v, subject, rng.randint(1, size.steps), rng)
        words = sum(step.words for step in steps)
    return subject, ask(v, subject, words, rng), _shorter(steps, size, rng)


def find_task(v: Voice, rng: random.Random) -> Turns:
    """The beginning of a plan after the request alone, or after the middle of the prompt: its first words as far as the
    topic goes, or a line or two. Many requests for little text."""
    words, subject = total_words(rng), topics.strange(v, rng)
    asked = ask(v, subject, words, rng)
    steps = plans.plan(v, subject, words, rng)
    twice = rng.random() < TWICE
    if rng.random() < NAMING:
        said = plans.line(v, 1, steps[0])
        user = plan_prompt(v.language, asked, words, slice(1, 2), twice)
        return [(user, said[: said.index(subject) + len(subject) + 1] + UNFINISHED)]
    user = plan_prompt(v.language, asked, words, slice(1, 3), twice)
    return [(user, plans.lines(v, steps[: rng.choice((1, 1, 2))]) + "\n" + UNFINISHED)]


def begin_task(v: Voice, rng: random.Random) -> Turns:
    """The beginning of a paragraph, its first two sentences, after the turn that asks for it alone: many counts for
    little text, and main points in a user's words as often as ours."""
    subject, aspect = topics.topic(v, rng), rng.choice(v.aspects)
    words = round(rng.randint(50, 500) if rng.random() < 0.88 else rng.randint(500, 1000), -1)
    return _beginning(v, subject, aspect, words, 2, rng)


def enter_task(v: Voice, rng: random.Random) -> Turns:
    """The beginning of a long paragraph, up to twelve sentences: the early stages, which shorter ones leave out."""
    subject, aspect = topics.topic(v, rng), rng.choice(v.aspects)
    return _beginning(v, subject, aspect, round(rng.randint(380, 560), -1), 12, rng)


def _beginning(v: Voice, subject: str, aspect: Aspect, words: int, sentences: int, rng: random.Random) -> Turns:
    own = rng.random() < 0.5
    point = "" if own else plans.point(aspect, subject, rng)
    while subject not in point:
        point = plans.free_point(v, subject, rng)
    step = plans.Step(point, words, aspect, (subject,), own)
    user = prompt("turn", v.language).format(asked="", step=plans.line(v, rng.randint(1, 12), step))
    said = _answer(v, step, rng)
    end = [match.end() for match in _STOP.finditer(said)][:sentences][-1]
    return [(user, said[:end] + (UNFINISHED if end < len(said) else ""))]


def _shorter(steps: list[plans.Step], size: Size, rng: random.Random) -> list[plans.Step]:
    return [replace(step, words=_within(step.words, size.paragraph, rng)) for step in steps]


def _within(words: int, most: int, rng: random.Random) -> int:
    return words if words <= most else rng.randint(5, most // 10) * 10


def _answer(v: Voice, step: plans.Step, rng: random.Random) -> str:
    return paragraph(v, step.aspect, step.subjects, step.words, rng, step.point if step.own else "")


def conversation_task(v: Voice, size: Size, rng: random.Random) -> Turns:
    """Write paragraph by paragraph in one growing conversation; now and then the plan changes on the way."""
    subject, request, steps = _planned(v, size, rng)
    user = prompt("opening", v.language).format(instruction=request, plan=plans.lines(v, steps))
    turns, written, number = [], 0, 0
    while number < len(steps) and (not turns or written + steps[number].words <= size.total):
        if turns and rng.random() < 0.06:
            rest = plans.edited(v, subject, max(1, len(steps) - number), rng)
            rest = _shorter(rest, size, rng)
            steps = steps[:number] + rest
            user += prompt("amendment", v.language).format(plan=plans.lines(v, rest, number + 1))
        step = steps[number]
        user += prompt("turn", v.language).format(asked="", step=plans.line(v, number + 1, step))
        answer = _answer(v, step, rng)
        turns.append((user, answer))
        written += step.words
        number += 1
        user = ""
    return turns


def single_task(v: Voice, size: Size, rng: random.Random) -> Turns:
    """The method's own prompt: one paragraph, with the text so far inside the prompt."""
    _, request, steps = _planned(v, size, rng)
    room, done = size.total, []
    number = rng.randrange(len(steps))
    for step in reversed(steps[max(0, number - 12) : number]):
        room -= step.words
        if room < size.paragraph:
            break
        done.append(_answer(v, step, rng))
    user = prompt("agentwrite", v.language).format(
        instruction=request,
        plan=plans.lines(v, steps),
        text="\n\n".join(reversed(done)),
        asked="",
        step=plans.line(v, number + 1, steps[number]),
    )
    return [(user, _answer(v, steps[number], rng))]


def whole_task(v: Voice, size: Size, rng: random.Random) -> Turns:
    """The whole piece in one answer."""
    while True:
        _, request, steps = _planned(v, size, rng)
        if sum(step.words for step in steps) <= size.total:
            break
    user = prompt("oneshot", v.language).format(instruction=request, plan=plans.lines(v, steps))
    return [(user, "\n\n".join(_answer(v, step, rng) for step in steps))]


def echo_task(v: Voice, rng: random.Random) -> Turns:
    """Say a list of topics again: the plainest exercise in copying."""
    text = ("; " if v.language == "en" else "，").join(topics.strange(v, rng) for _ in range(rng.randint(2, 8)))
    return [(text, text)]


def drill_task(v: Voice, rng: random.Random) -> Turns:
    """Short exercises in copying: a few plan lines, or one short paragraph."""
    if rng.random() < 0.6:
        return plan_task(v, rng, 1200)
    return conversation_task(v, Size(220, 110, 3), rng)


def conversation(kind: str, size: Size, rng: random.Random, late: int = 0) -> Turns:
    """A random conversation of one kind in a random language."""
    v = voice(rng.choices(LANGUAGES, FOUND if kind == "find" else None)[0], late)
    match kind:
        case "echo":
            return echo_task(v, rng)
        case "drill":
            return drill_task(v, rng)
        case "find":
            return find_task(v, rng)
        case "begin":
            return begin_task(v, rng)
        case "enter":
            return enter_task(v, rng)
        case "plan":
            return plan_task(v, rng)
        case "write":
            return conversation_task(v, size, rng)
        case "single":
            return single_task(v, size, rng)
        case "whole":
            return whole_task(v, size, rng)
        case "direct":
            return [direct.piece(voice("en"), size.total, rng)]
    raise ValueError(f"no task is called {kind!r}")
