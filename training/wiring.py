"""Starts the model with its copying already wired.

Naming a topic that was never seen needs an induction circuit: one head that looks at the token before, and a next
layer that looks for the place after an earlier copy of the present token. Training finds it by itself, but late: after
360 steps of copying exercises the loss was 3.0 without the wiring and 1.7 with it. Here the first two layers begin with
a rough one; all else begins as usual, and training is free to change all of it but the strangers.

Strangers are tokens that come only as parts of topics. Tied to the output and trained like the rest, their embeddings
all drift the same way, because nearly every step only says that none of them comes next; soon they can no longer be
told apart, and copied. So they stay as they began: random, and marked by one component that they share.
"""

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


def _basis(rows: int, columns: int, generator: torch.Generator) -> Tensor:
    """Orthonormal rows that leave the shared component (column 0) alone."""
    random = torch.randn(columns - 1, rows, generator=generator)
    return torch.cat((torch.zeros(rows, 1), torch.linalg.qr(random)[0].T), 1)


@torch.no_grad()
def wire(model: Model, strangers: list[int], seed: int) -> None:
    """Set the embedding's shared components, a look-back head in the first layer and induction heads in the second."""
    shape, g = model.shape, torch.Generator().manual_seed(seed)
    width, size = shape.width, shape.width // shape.heads
    spread = model.embedding.weight.std().item()
    model.embedding.weight[:, 0] = STEADY * spread
    model.embedding.weight[:, 1] = 0.0
    model.embedding.weight[strangers, 1] = STRANGE * spread

    first, second = model.blocks[0], model.blocks[1]
    speeds = shape.rope_base ** (-torch.arange(0, size, 2).float() / size)
    query, key = torch.zeros(size), torch.zeros(size)
    for pair in range(FAST_PAIRS):
        query[2 * pair] = 1.0
        key[2 * pair], key[2 * pair + 1] = speeds[pair].cos(), speeds[pair].sin()
    content, place = _basis(size, width, g), _basis(size, width, g)
    qkv = first.qkv.weight.view(3, shape.heads, size, width)
    qkv[0, 0], qkv[1, 0] = 0.0, 0.0
    qkv[0, 0, :, 0], qkv[1, 0, :, 0] = 1.3 * query, 1.3 * key
    qkv[2, 0] = content
    first.out.weight[:, :size] = 1.5 * spread * place.T

    everything = _basis(width - 1, width, g)
    everything = torch.cat((everything, torch.zeros(1, width)))
    qkv = second.qkv.weight.view(3, shape.heads, size, width)
    for head in range(shape.heads):
        match = _basis(2 * SLOW_PAIRS, size + 1, g)[:, 1:]
        rows = slice(size - 2 * SLOW_PAIRS, size)
        qkv[0, head], qkv[1, head] = 0.0, 0.0
        qkv[0, head, rows], qkv[1, head, rows] = 2.0 * match @ content, 2.0 * match @ place
        part = everything[head * size : (head + 1) * size]
        qkv[2, head] = part
        second.out.weight[:, head * size : (head + 1) * size] = 4 * spread * part.T
