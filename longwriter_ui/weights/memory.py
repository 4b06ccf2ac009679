"""How much memory a model needs, from facts that need no loading, and what is given up where it is short.

What is counted was measured on files of several shapes with llama.cpp's own figures (`bench/memory.py`): the weights,
mapped from the file and read as a whole; the vocabulary; the KV cache, in q8_0 (34 bytes for 32 values) or in f16 where
these blocks do not fit the heads; the results of a batch between two layers; and the program itself.
"""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping
from dataclasses import dataclass

from longwriter_ui.engine.usual import BATCH_F16, usual_batch, usually_repacked

_PROGRAM = 130_000_000  # Python with what writing needs, llama.cpp and its bookkeeping
_VOCABULARY = 150  # bytes for each token
_OUTPUTS = 8  # logits are kept for as many answers at once
_LEAST_BATCH = 32  # tokens read at once where memory is shortest


@dataclass(frozen=True)
class Shape:
    """What memory depends on. `head` is the width of a key or value of one head, `tokens` the size of the vocabulary,
    `width` of the embedding, `inner` of the feed-forward layer, `context` the longest the model was trained for (0: not
    known), `repacked` the bytes of a repacked copy of the weights."""

    layers: int
    kv_heads: int
    head: int
    tokens: int
    width: int
    context: int = 0
    heads: int = 32
    inner: int = 0
    repacked: int = 0

    @classmethod
    def of(cls, metadata: Mapping[str, object], repacked: int = 0) -> Shape:
        """The shape that the header of a GGUF file states."""
        architecture = metadata.get("general.architecture")

        def number(key: str, default: int) -> int:
            value = metadata.get(f"{architecture}.{key}", default)
            is_number = isinstance(value, int) or (isinstance(value, float) and math.isfinite(value))
            return int(value) if is_number else default  # type: ignore[call-overload]

        width, heads = number("embedding_length", 0), number("attention.head_count", 1)
        key = number("attention.key_length", width // max(heads, 1))
        tokens = metadata.get("tokenizer.ggml.tokens", 0)
        return cls(
            layers=number("block_count", 0),
            # Some models have another number in each layer; the header then holds how many numbers there are.
            kv_heads=min(number("attention.head_count_kv", heads), heads),
            head=(key + number("attention.value_length", key)) // 2,
            tokens=tokens if isinstance(tokens, int) else 0,
            width=width,
            context=number("context_length", 0),
            heads=heads,
            inner=number("feed_forward_length", 0),
            repacked=repacked,
        )

    @property
    def kv_type(self) -> str:
        """The type of the KV cache: q8_0, half the size, wherever it can be."""
        return "f16" if self.head % 32 else "q8_0"

    def kv_bytes(self, context: int) -> int:
        values = 2 * self.layers * self.kv_heads * self.head * context
        return values * 2 if self.kv_type == "f16" else math.ceil(values * 34 / 32)

    def buffer_bytes(self, batch: int, context: int) -> int:
        """What a batch needs while it is computed: the widest results, and the mask of what each token may see; without
        flash attention, which f16 goes without, the scores of all heads instead."""
        inner = max(self.inner, self.width) if self.inner else self.width * 7 // 2
        if self.kv_type == "f16":
            batch = min(batch, BATCH_F16)
            return batch * 4 * (4 * inner + self.heads * context)
        return batch * (4 * max(4 * inner, 6 * self.width) + 2 * context)


@dataclass(frozen=True)
class Setup:
    """How a model is loaded: for `context` tokens, `batch` of which are read at once, with a repacked copy of the
    weights or without."""

    context: int
    batch: int
    repack: bool

    def bytes_for(self, shape: Shape, size: int) -> int:
        """Memory that a program writing with a model of this shape needs, its files having `size` bytes."""
        fixed = _PROGRAM + size + shape.tokens * (_VOCABULARY + 4 * _OUTPUTS)
        copy = shape.repacked if self.repack else 0
        return fixed + copy + shape.kv_bytes(self.context) + shape.buffer_bytes(self.batch, self.context)


def setups(size: int, context: int, offloaded: bool) -> Iterator[Setup]:
    """What can be chosen, in the order in which things are given up: nothing; the repacked copy, which makes reading
    faster and is as large as the weights; then the size of the batches, which makes reading slower. The context is what
    the piece needs and the KV cache is in q8_0 from the beginning. `offloaded`: layers are on a graphics card."""
    batch = usual_batch(size, offloaded)
    if usually_repacked(size):
        yield Setup(context, batch, repack=True)
    while batch >= _LEAST_BATCH:
        yield Setup(context, batch, repack=False)
        batch //= 4


def choose(shape: Shape, size: int, context: int, memory: int, offloaded: bool) -> Setup | None:
    """The first of the setups that this memory holds."""
    return next((setup for setup in setups(size, context, offloaded) if setup.bytes_for(shape, size) <= memory), None)


def given_up(size: int, setup: Setup, offloaded: bool) -> str:
    """What a model goes without for want of memory, for the person; empty where it is nothing."""
    usual = next(setups(size, setup.context, offloaded))
    lost = ["the second copy of its weights"] if usual.repack and not setup.repack else []
    if setup.batch < usual.batch:
        lost.append(f"large batches ({setup.batch} tokens are read at once)")
    return f"Memory is short, so it goes without {' and '.join(lost)}." if lost else ""


def thriftiest(size: int, context: int) -> Setup:
    """The setup with everything given up."""
    return list(setups(size, context, offloaded=False))[-1]


def most_context(shape: Shape, size: int, setup: Setup, memory: int) -> int:
    """The longest context, in steps of 1,024, that this memory holds with the setup's other choices; 0: none."""
    context = 0
    while context < (shape.context or 1 << 20):
        if Setup(context + 1024, setup.batch, setup.repack).bytes_for(shape, size) > memory:
            break
        context += 1024
    return min(context, shape.context or context)
