"""Starts the model with its copying already wired.

Naming a topic that was never seen needs an induction circuit: heads that look at the token before and at the one before
that, and a next layer that looks for the place after an earlier copy of the present token and its neighbour: one token
alone would often match in several places. Training finds it by itself, but late: after
360 steps of copying exercises the loss was 3.0 without the wiring and 1.7 with it. Here the first two layers begin with
a rough one; all else begins as usual, and training is free to change all of it but the strangers.

Strangers are tokens that come only as parts of topics. Tied to the output and trained like the rest, their embeddings
all drift the same way, because nearly every step only says that none of them comes next; soon they can no longer be
told apart, and copied. So they stay as they began: random, and marked by one component that they share.

Whole numbers begin with waves of their size in their embeddings, so that what is learnt for one number holds nearly for
its neighbours.
"""

import math

import torch
from torch import Tensor

from .model import Model

STEADY = 6.0
"""Size of the one component that all embeddings share, in units of their spread: heads look by position with it."""
STRANGE = 4.0
"""Size of the component that only strangers share, in the same units: the model sees by it what may be a topic."""
FAST_PAIRS = 8
"""Rotary pairs that tell the last position from the ones before it."""
SLOW_PAIRS = 14
"""Rotary pairs so slow that a match hardly depends on the distance."""
SHARP = 1.3
"""How sharply a head looks at one place, 1 for a distance of a token."""
COPIED = (1.5, 1.0)
"""Size of what the two look-back heads write, in units of the embeddings' spread."""
MATCH, CONTEXT = 3.0, 2.0
"""Weights of the present token and of the one before it in a match."""
SAID = 6.0
"""Size of what an induction head says comes next, in the same units."""
PITCHES = 12
"""Waves that a number's size is written in."""


def _basis(rows: int, columns: int, generator: torch.Generator) -> Tensor:
    """Orthonormal rows that leave the shared component (column 0) alone."""
    random = torch.randn(columns - 1, rows, generator=generator)
    return torch.cat((torch.zeros(rows, 1), torch.linalg.qr(random)[0].T), 1)


def _pitches(values: Tensor) -> Tensor:
    """Smooth features (numbers, 2 * PITCHES) of the size of numbers, on a scale of ratios."""
    angles = values.float().log()[:, None] * torch.arange(1, PITCHES + 1) * (torch.pi / math.log(20000))
    return torch.cat((angles.cos(), angles.sin()), 1) / PITCHES**0.5


def _look_back(model: Model, head: int, distance: int, content: Tensor, place: Tensor) -> None:
    """Make a head of the first layer write the content of the token `distance` before to `place`."""
    shape, first = model.shape, model.blocks[0]
    size = shape.width // shape.heads
    angles = distance * shape.rope_base ** (-torch.arange(0, 2 * FAST_PAIRS, 2).float() / size)
    query, key = torch.zeros(size), torch.zeros(size)
    query[0 : 2 * FAST_PAIRS : 2] = 1.0
    key[0 : 2 * FAST_PAIRS : 2], key[1 : 2 * FAST_PAIRS : 2] = angles.cos(), angles.sin()
    qkv = first.qkv.weight.view(3, shape.heads, size, shape.width)
    qkv[0, head], qkv[1, head] = 0.0, 0.0
    qkv[0, head, :, 0], qkv[1, head, :, 0] = SHARP * query, SHARP * key
    qkv[2, head] = content
    first.out.weight[:, head * size : (head + 1) * size] = COPIED[head] * model.embedding.weight.std() * place.T


@torch.no_grad()
def wire(model: Model, strangers: list[int], values: dict[int, int], seed: int) -> None:
    """Set the embedding's shared components and numbers, two look-back heads in the first layer and induction heads in
    the second. `values` are the ids of whole numbers with their values."""
    shape, g = model.shape, torch.Generator().manual_seed(seed)
    width, size = shape.width, shape.width // shape.heads
    spread = model.embedding.weight.std().item()
    model.embedding.weight[:, 0] = STEADY * spread
    model.embedding.weight[:, 1] = 0.0
    model.embedding.weight[strangers, 1] = STRANGE * spread
    if values:
        ids = torch.tensor(list(values))
        features = _pitches(torch.tensor(list(values.values()))) @ _basis(2 * PITCHES, width - 1, g)
        model.embedding.weight[ids] *= 0.7
        model.embedding.weight[ids, 0] = STEADY * spread
        model.embedding.weight[ids, 1:] += 0.7 * spread * width**0.5 * features

    second = model.blocks[1]
    content = _basis(size, width, g)
    if 2 * size < width:
        before, two_before = _basis(2 * size, width, g).chunk(2)
    else:  # with fewer than three heads the two places must overlap
        before, two_before = _basis(size, width, g), _basis(size, width, g)
    _look_back(model, 0, 1, content, before)
    _look_back(model, 1, 2, content, two_before)

    everything = _basis(width - 1, width, g)
    everything = torch.cat((everything, torch.zeros(1, width)))
    qkv = second.qkv.weight.view(3, shape.heads, size, width)
    for head in range(shape.heads):
        match, context = _basis(2 * SLOW_PAIRS, size + 1, g)[:, 1:], _basis(2 * SLOW_PAIRS, size + 1, g)[:, 1:]
        rows = slice(size - 2 * SLOW_PAIRS, size)
        qkv[0, head], qkv[1, head] = 0.0, 0.0
        qkv[0, head, rows] = MATCH * match @ content + CONTEXT * context @ before
        qkv[1, head, rows] = MATCH * match @ before + CONTEXT * context @ two_before
        part = everything[head * size : (head + 1) * size]
        qkv[2, head] = part
        second.out.weight[:, head * size : (head + 1) * size] = SAID * spread * part.T
