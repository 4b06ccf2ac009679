"""Batches of token ids and targets, generated on the fly and the same for the same seed and step."""

import random
from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
from tokenizers import Tokenizer

from .tasks import Size, Turns, conversation
from .tokenizer import BOS, CLOSE, EOS, OPEN

IGNORE = -100
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


def encode(tokenizer: Tokenizer, turns: Turns, longest: int, copy_steps: bool = False) -> tuple[list[int], list[int]]:
    """Ids and targets of a conversation: answers are targets, each followed by EOS, which the context leaves out."""
    ids, targets = [BOS], [IGNORE]
    for number, (user, answer) in enumerate(turns):
        asked = tokenizer.encode(user, add_special_tokens=False).ids
        answered = tokenizer.encode(answer, add_special_tokens=False).ids
        if number and len(ids) + len(asked) + len(answered) + 2 > longest:
            break
        ids += [OPEN, *asked, CLOSE, *answered]
        heard = [IGNORE] * (len(asked) + 1)
        if number and copy_steps:
            heard = [*asked, IGNORE]
        targets += [*heard, *answered, EOS]
    return ids[:longest], targets[:longest]


def places(width: int, rng: random.Random, reach: int = REACH) -> np.ndarray:
    """Positions for a row: now and then they jump ahead, so that short rows teach distances of long conversations.

    A whole conversation takes far longer to train on than its parts; attention sees only distances (Zhu and others,
    "PoSE", 2023).
    """
    row = np.arange(width)
    room = max(0, reach - width)
    for _ in range(rng.choice((0, 1, 2, 3))):
        jump = int(room * rng.random())
        row[rng.randrange(width) :] += jump
        room -= jump
    return row


def batches(tokenizer: Tokenizer, phase: Phase, seed: int) -> Iterator[tuple[np.ndarray, np.ndarray, np.ndarray]]:
    """Endless batches (ids, targets, positions) of rows of similar length, padded to multiples of 32."""
    rng, tokens = random.Random(seed), phase.tokens
    kinds, weights = list(phase.mix), list(phase.mix.values())
    while True:
        pool = []
        amount = 0
        while amount < tokens * 12:
            kind = rng.choices(kinds, weights)[0]
            ids, targets = encode(tokenizer, conversation(kind, phase.size, rng), phase.longest, phase.copy_steps)
            pool.append((ids, targets))
            amount += len(ids)
        pool.sort(key=lambda pair: len(pair[0]))
        groups: list[list[tuple[list[int], list[int]]]] = [[]]
        for pair in reversed(pool):
            width = -(-len((groups[-1] or [pair])[0][0]) // 32) * 32
            if groups[-1] and width * (len(groups[-1]) + 1) > tokens:
                groups.append([])
            groups[-1].append(pair)
        rng.shuffle(groups)
        for group in groups:
            thin = len(group) < 3 and sum(len(ids) for ids, _ in group) < tokens // 3
            if thin and len(groups) > 1 and phase.longest < tokens:
                continue
            width = -(-max(len(ids) for ids, _ in group) // 32) * 32
            inputs = np.full((len(group), width), EOS, np.int64)
            labels = np.full((len(group), width), IGNORE, np.int64)
            for row, (ids, targets) in enumerate(group):
                inputs[row, : len(ids)] = ids
                labels[row, : len(targets)] = targets
            yield inputs, labels, np.stack([places(width, rng, phase.reach) for _ in group])
