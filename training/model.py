"""A small model of the llama architecture; rotary pairs are interleaved, as llama.cpp reads this architecture."""

from dataclasses import asdict, dataclass

import torch
from torch import Tensor, nn
from torch.nn import functional


@dataclass(frozen=True)
class Shape:
    """The sizes of the model; `context` is what the file promises, not a limit of this module."""

    vocabulary: int = 11264
    width: int = 192
    layers: int = 8
    heads: int = 3
    hidden: int = 512
    context: int = 8192
    rope_base: float = 100000.0
    epsilon: float = 1e-5

    def as_dict(self) -> dict:
        """For checkpoints."""
        return asdict(self)


TAGS = 3
"""How many tags the tagger tells apart; see `batches`."""
TAGGED = 6
"""The layer after which they are read off, and the next word of a request is foretold."""
SHORT = 640
"""Positions of a row up to which attention is spelt out."""


class Norm(nn.Module):
    """Root mean square norm with a gain."""

    def __init__(self, width: int, epsilon: float) -> None:
        super().__init__()
        self.weight = nn.Parameter(torch.ones(width))
        self.epsilon = epsilon

    def forward(self, x: Tensor) -> Tensor:
        return functional.rms_norm(x, (x.shape[-1],), self.weight, self.epsilon)


def rotate(x: Tensor, cos: Tensor, sin: Tensor) -> Tensor:
    """Rotate pairs (0, 1), (2, 3), ... of x (batch, heads, time, width) by their angle at each position."""
    a, b = (part.float() for part in x.unflatten(-1, (-1, 2)).unbind(-1))
    return torch.stack((a * cos - b * sin, a * sin + b * cos), -1).flatten(-2).to(x.dtype)


def attend(q: Tensor, k: Tensor, v: Tensor) -> Tensor:
    """Causal attention. Short rows spell it out: compiled for a CPU, that is faster than the fused kernel."""
    time = q.shape[-2]
    if time > SHORT:
        return functional.scaled_dot_product_attention(q, k, v, is_causal=True)
    scores = (q @ k.mT).float() * q.shape[-1] ** -0.5
    seen = torch.ones(time, time, dtype=torch.bool, device=q.device).tril()
    return scores.masked_fill(~seen, -1e9).softmax(-1).to(v.dtype) @ v


class Block(nn.Module):
    """Attention, then a gated feed-forward, each on a normed input and added to it."""

    def __init__(self, shape: Shape) -> None:
        super().__init__()
        width, hidden = shape.width, shape.hidden
        self.heads = shape.heads
        self.norm1 = Norm(width, shape.epsilon)
        self.qkv = nn.Linear(width, 3 * width, bias=False)
        self.out = nn.Linear(width, width, bias=False)
        self.norm2 = Norm(width, shape.epsilon)
        self.gate = nn.Linear(width, hidden, bias=False)
        self.up = nn.Linear(width, hidden, bias=False)
        self.down = nn.Linear(hidden, width, bias=False)

    def forward(self, x: Tensor, cos: Tensor, sin: Tensor) -> Tensor:
        batch, time, width = x.shape
        q, k, v = self.qkv(self.norm1(x)).view(batch, time, 3, self.heads, -1).permute(2, 0, 3, 1, 4)
        y = attend(rotate(q, cos, sin), rotate(k, cos, sin), v)
        x = x + self.out(y.transpose(1, 2).reshape(batch, time, width))
        h = self.norm2(x)
        return x + self.down(functional.silu(self.gate(h)) * self.up(h))


class Model(nn.Module):
    """Token ids (batch, time) -> last hidden states and those after the layer `TAGGED`; `logits` maps chosen states of
    the last to the vocabulary (tied weights). Tagger and reader are for training alone, and no part of the file.

    `places` are the positions (batch, time) of the tokens; without them they are 0, 1, 2, ...
    """

    def __init__(self, shape: Shape) -> None:
        super().__init__()
        self.shape = shape
        self.embedding = nn.Embedding(shape.vocabulary, shape.width)
        self.blocks = nn.ModuleList(Block(shape) for _ in range(shape.layers))
        self.norm = Norm(shape.width, shape.epsilon)
        self.tagger = nn.Linear(shape.width, TAGS)
        self.reader = nn.Linear(shape.width, shape.width, bias=False)
        nn.init.normal_(self.embedding.weight, std=0.3)
        nn.init.normal_(self.reader.weight, std=0.1 * shape.width**-0.5)
        nn.init.constant_(self.norm.weight, 0.1)  # large embeddings keep their identity, small logits start calm
        for name, weight in self.named_parameters():
            if weight.ndim == 2 and name.startswith("blocks"):
                nn.init.normal_(weight, std=shape.width**-0.5)
                if name.endswith(("out.weight", "down.weight")):
                    nn.init.zeros_(weight)

    def forward(self, ids: Tensor, places: Tensor | None = None) -> tuple[Tensor, Tensor]:
        size = self.shape.width // self.shape.heads
        speeds = self.shape.rope_base ** (-torch.arange(0, size, 2, device=ids.device).float() / size)
        if places is None:
            places = torch.arange(ids.shape[1], device=ids.device)[None]
        angles = places.float()[:, None, :, None] * speeds
        cos, sin = angles.cos(), angles.sin()
        x = self.embedding(ids)
        for number, block in enumerate(self.blocks, 1):
            x = block(x, cos, sin)
            if number == min(TAGGED, len(self.blocks)):
                middle = x
        return self.norm(x), middle

    def logits(self, states: Tensor) -> Tensor:
        """Scores of the next token."""
        return functional.linear(states, self.embedding.weight)
