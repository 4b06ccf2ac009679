"""Batches of token ids and targets, generated on the fly and the same for the same seed and step."""

import random
import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import numpy as np
from tokenizers import Tokenizer

from .tasks import UNFINISHED, Size, Turns, conversation, prompt
from .tokenizer import BOS, CLOSE, EOS, OPEN
from .voice import LANGUAGES

IGNORE = -100
ROUND = 16
"""Positions that the width of a batch is a multiple of."""
REACH = 8192
"""Positions that a row may span: the context that the file promises."""


@dataclass(frozen=True)
class Phase:
    """A part of training: how many steps, the mix of tasks by weight, and how long a conversation may be."""

    steps: int
    tokens: int
    """Positions in a batch, at most."""
    mix: dict[str, float]
    size: Size
    longest: int
    """The longest sequence in tokens; longer conversations are cut at a turn."""
    reach: int = REACH
    """Positions that a row may be spread over."""
    copy_steps: bool = False
    """Also learn to predict the step lines in the prompts of later turns, which are copies of plan lines."""
    late: int = 0
    """How many of the later lists of requests are asked, too (`voice.LATER`)."""


@dataclass(frozen=True)
class Row:
    """One conversation: ids, the target at each place, its weight in the loss, and where later turns begin."""

    ids: list[int]
    targets: list[int]
    weights: list[float]
    breaks: list[int]
    tags: list[int]
    """For each place of a request its tag, IGNORE elsewhere."""


_POINT = re.compile(r"(?:Main Point: |主要观点：)(?=\S)")
_ASPECT = re.compile(r"(?:Main Point: [^:\n]*: |主要观点：[^：\n]*：)(?=\S)")
_COUNT = re.compile(r"(?:Word Count: |字数：)(?=\d)")
_TOPIC = re.compile(r"[^:：\n]+[:：]")
_SUBJECT = re.compile(r"(?:Main Point|主要观点)[:：] ?([^:：\n]+)[:：][^\n]*$")
_SENTENCE = re.compile(r"(?:(?<=[.!?]) |(?<=[。！？]))(?=\S)")
FIRST_POINT, TOPIC, LATER_POINT, FIRST_COUNT = 6.0, 3.0, 2.0, 4.0
ENTRY, JUMP, LINE_END = 8.0, 3.0, 2.0
NAMED, SENTENCE, CLOSER, END = 3.0, 1.5, 3.0, 3.0
"""Weights of the places where something is decided; all others weigh 1."""
OUTSIDE, STARTS, WITHIN, READ = 0, 1, 2, 3
"""Tags of the tokens of a request: not of the topic, the first one of the topic, a later one; and, where it is read for
the first time, one not of the topic (or of the prompt before it), which is foretold from what comes before it."""
AHEAD, AHEAD_ZH = 8, 3
"""Characters over which it is decided how long a plan or a paragraph becomes."""


def _entry(answer: str, start: int) -> dict[int, float]:
    return dict.fromkeys(range(start, start + (AHEAD if answer[start].isascii() else AHEAD_ZH)), ENTRY)


def marks(user: str, answer: str) -> dict[int, float]:
    """The characters of an answer at which something is decided (what the topic is, how many words, whether to go on),
    with their weights."""
    points = [match.end() for match in _POINT.finditer(answer)]
    if points:
        found = dict.fromkeys(points, LATER_POINT)
        if named := _TOPIC.match(answer, points[0]):
            found |= dict.fromkeys(range(*named.span()), TOPIC)
        found[points[0]] = FIRST_POINT
        if count := _COUNT.search(answer):
            found[count.end()] = FIRST_COUNT
        aspects = [match.end() for match in _ASPECT.finditer(answer)]
        found |= _entry(answer, aspects[0]) if aspects else {}
        return found | {i: LINE_END for i, character in enumerate(answer) if character == "\n"}
    starts = [match.end() for match in _SENTENCE.finditer(answer)]
    found = dict.fromkeys(starts, SENTENCE)
    found |= _entry(answer, 0)
    if starts:
        found |= dict.fromkeys(range(starts[0], starts[0] + AHEAD), JUMP)
    if len(starts) > 1:
        found[starts[-1]] = CLOSER
    if subject := _SUBJECT.search(user):
        found |= {match.start(): NAMED for match in re.finditer(re.escape(subject[1]), answer)}
    return found


def tags(user: str, answer: str, spans: Sequence[tuple[int, int]]) -> list[int]:
    """The tag of each token (span of characters) of a user's text, if the answer begins a plan: which of them are the
    topic that its first line names. A request that stands there twice is tagged where it is read again, with all of it
    known by then. All are IGNORE where no plan begins."""
    point = _POINT.search(answer)
    named = _TOPIC.match(answer, point.end()) if point else None
    if not named:
        return [IGNORE] * len(spans)
    topic = named[0][:-1].lower()
    again = max(0, *(user.rfind(prompt("again", language).split("{")[0]) for language in LANGUAGES))
    found = [range(m.start(), m.end()) for m in re.finditer(re.escape(topic), user.lower())]
    result = []
    for first, end in spans:
        inside = next((place for place in found if first < place.stop and end > place.start), None)
        tag = OUTSIDE if inside is None else STARTS if first <= inside.start else WITHIN
        result.append(tag if first >= again else READ if tag == OUTSIDE else IGNORE)
    return result if found else [IGNORE] * len(spans)


def encode(tokenizer: Tokenizer, turns: Turns, longest: int, copy_steps: bool = False) -> Row:
    """A conversation as a row: answers are targets, each followed by EOS, which the context leaves out."""
    ids, targets, weights, breaks, tagged = [BOS], [IGNORE], [0.0], [], [IGNORE]
    for number, (user, answer) in enumerate(turns):
        encoded = tokenizer.encode(user, add_special_tokens=False)
        asked = encoded.ids
        finished, answer = not answer.endswith(UNFINISHED), answer.removesuffix(UNFINISHED)
        answered = tokenizer.encode(answer, add_special_tokens=False)
        if number and len(ids) + len(asked) + len(answered.ids) + 2 > longest:
            break
        if number:
            breaks.append(len(ids))
        ids += [OPEN, *asked, CLOSE, *answered.ids]
        heard = [IGNORE] * (len(asked) + 1)
        if number and copy_steps:
            heard = [*asked, IGNORE]
        tagged += [IGNORE, *tags(user, answer, encoded.offsets), *([IGNORE] * (len(answered.ids) + 1))]
        targets += [*heard, *answered.ids, EOS if finished else IGNORE]
        marked = marks(user, answer)
        heavy = [max([1.0, *(marked.get(i, 1.0) for i in range(*span))]) for span in answered.offsets]
        weights += [*([1.0] * len(heard)), *heavy, END]
    kept = [b for b in breaks if b < longest]
    return Row(ids[:longest], targets[:longest], weights[:longest], kept, tagged[:longest])


def places(width: int, breaks: Sequence[int], rng: random.Random, reach: int = REACH) -> np.ndarray:
    """Positions for a row: now and then they jump ahead between two turns, so that short rows teach distances of long
    conversations. Inside a turn they never do: there the distance tells how much is written.

    A whole conversation takes far longer to train on than its parts; attention sees only distances (Zhu and others,
    "PoSE", 2023).
    """
    row = np.arange(width)
    room = max(0, reach - width)
    for place in breaks:
        if rng.random() < 0.5:
            jump = int(room * rng.random() ** 2)
            row[place:] += jump
            room -= jump
    return row


Batch = tuple[np.ndarray, np.ndarray, np.ndarray, np.ndarray, np.ndarray]


def batches(tokenizer: Tokenizer, phase: Phase, seed: int) -> Iterator[Batch]:
    """Endless batches (ids, targets, weights, positions, tags) of rows of similar length, as wide as the longest."""
    rng, tokens = random.Random(seed), phase.tokens
    kinds, shares = list(phase.mix), list(phase.mix.values())
    while True:
        pool: list[Row] = []
        amount = 0
        while amount < tokens * 12:
            kind = rng.choices(kinds, shares)[0]
            turns = conversation(kind, phase.size, rng, phase.late)
            row = encode(tokenizer, turns, phase.longest, phase.copy_steps)
            pool.append(row)
            amount += len(row.ids)
        pool.sort(key=lambda row: len(row.ids))
        groups: list[list[Row]] = [[]]
        for row in reversed(pool):
            width = -(-len((groups[-1] or [row])[0].ids) // ROUND) * ROUND
            if groups[-1] and width * (len(groups[-1]) + 1) > tokens:
                groups.append([])
            groups[-1].append(row)
        rng.shuffle(groups)
        for group in groups:
            thin = len(group) < 3 and sum(len(row.ids) for row in group) < tokens // 3
            if thin and len(groups) > 1 and phase.longest < tokens:
                continue
            width = -(-max(len(row.ids) for row in group) // ROUND) * ROUND
            inputs = np.full((len(group), width), EOS, np.int64)
            labels = np.full((len(group), width), IGNORE, np.int64)
            weights = np.zeros((len(group), width), np.float32)
            tagged = np.full((len(group), width), IGNORE, np.int64)
            for i, row in enumerate(group):
                inputs[i, : len(row.ids)] = row.ids
                labels[i, : len(row.targets)] = row.targets
                weights[i, : len(row.weights)] = row.weights
                tagged[i, : len(row.tags)] = row.tags
            spread = np.stack([places(width, row.breaks, rng, phase.reach) for row in group])
            yield inputs, labels, weights, spread, tagged
