"""Whether a model fits this machine, from facts that need no loading: those in the file's header or the catalogue.

Memory needed = weights (mapped from the file, but all of them are read for every token) + KV cache + compute buffers.
The KV cache takes 2 x layers x heads x width values for each token of context, in q8_0 (34 bytes for 32 values), or
in f16 where these blocks do not fit the heads.
"""

from __future__ import annotations

import math
import shutil
from collections.abc import Mapping
from dataclasses import dataclass
from enum import Enum
from pathlib import Path

import psutil

_BATCH, _BATCH_F16 = 512, 128  # tokens computed at once
_ROOM = 512 << 20  # memory that is left to the rest of the program and the system
_TOKENS_PER_WORD = 1.21  # measured with the Llama 3 vocabulary on English prose
_PER_STEP, _STEP_WORDS, _PROMPTS = 110, 500, 1200  # tokens of a step in plan and turn; of prompts and of a margin
_READ_TOKENS, _READS_PER_WRITE = 4000, 2.4  # conversation mode reads this much; reading is so much faster than writing
WORDS = 10_000  # the piece that fit is judged by, unless told otherwise


@dataclass(frozen=True)
class Shape:
    """What memory depends on. `head` is the width of a key or value of one head, `tokens` the size of the vocabulary,
    `width` of the embedding, `context` the longest the model was trained for (0: not known)."""

    layers: int
    kv_heads: int
    head: int
    tokens: int
    width: int
    context: int = 0
    heads: int = 32

    @classmethod
    def of(cls, metadata: Mapping[str, object]) -> Shape:
        """The shape that the header of a GGUF file states."""
        architecture = metadata.get("general.architecture")

        def number(key: str, default: int) -> int:
            value = metadata.get(f"{architecture}.{key}", default)
            return int(value) if isinstance(value, int | float) else default

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
        )

    @property
    def values_per_token(self) -> int:
        return 2 * self.layers * self.kv_heads * self.head

    @property
    def kv_type(self) -> str:
        """The type of the KV cache that the engine will choose."""
        return "f16" if self.head % 32 else "q8_0"

    def bytes_for(self, context: int) -> int:
        """Bytes of KV cache and compute buffers for this many tokens. The buffers are estimated: logits and some
        activations for every token of a batch, and in f16, which goes without flash attention, the scores as well."""
        if self.kv_type == "f16":
            scores = _BATCH_F16 * self.heads * context * 4
            return self.values_per_token * context * 2 + scores + _BATCH_F16 * 4 * (self.tokens + 14 * self.width)
        return math.ceil(self.values_per_token * context * 34 / 32) + _BATCH * 4 * (self.tokens + 14 * self.width)


class Verdict(str, Enum):
    """`TIGHT`: it fits this machine, but not beside what is running now."""

    FITS = "fits"
    TIGHT = "tight"
    TOO_LARGE = "too_large"
    UNKNOWN = "unknown"


@dataclass(frozen=True)
class Machine:
    """Bytes of memory, in all and free now, and of disk free where models are kept."""

    memory: int
    available: int
    disk: int

    @classmethod
    def here(cls, folder: Path) -> Machine:
        """This machine; `folder` need not exist yet."""
        memory = psutil.virtual_memory()
        place = next(path for path in (folder, *folder.absolute().parents) if path.exists())
        return cls(memory.total, memory.available, shutil.disk_usage(place).free)


@dataclass(frozen=True)
class Fit:
    """Whether a model fits, for a piece of `words` words. `needed` in bytes of memory, `download` of disk (0: it is
    here). `reason` says why not, and `most_words` is the longest piece that would fit (0: none)."""

    verdict: Verdict
    words: int
    context: int
    kv_type: str
    needed: int
    download: int
    reason: str = ""
    most_words: int = 0


def context_for(words: int) -> int:
    """Tokens of context for a piece of this many words with its plan and prompts, in steps of 1,024."""
    steps = max(1, words // _STEP_WORDS)
    return math.ceil((words * _TOKENS_PER_WORD + steps * _PER_STEP + _PROMPTS) / 1024) * 1024


def fit(shape: Shape | None, size: int | None, machine: Machine, *, words: int = WORDS, download: int = 0) -> Fit:
    """Judge a model of this shape whose files have `size` bytes, `download` of which are still to be fetched."""
    context = context_for(words)
    if shape is None or not size:
        return Fit(Verdict.UNKNOWN, words, context, "", 0, download, "Its size is known only when it is downloaded.")
    needed = size + shape.bytes_for(context)

    def verdict(kind: Verdict, reason: str = "", most: int = 0) -> Fit:
        return Fit(kind, words, context, shape.kv_type, needed, download, reason, most)

    if download > machine.disk:
        return verdict(
            Verdict.TOO_LARGE,
            f"The download needs {gigabytes(download)}, and {gigabytes(machine.disk)} of disk are free.",
        )
    if shape.context and context > shape.context:
        return verdict(
            Verdict.TOO_LARGE,
            f"{words:,} words need {context:,} tokens of context; the model was trained for {shape.context:,}.",
            _most_words(shape, size, machine.available),
        )
    if needed + _ROOM > machine.memory:
        return verdict(
            Verdict.TOO_LARGE,
            f"It needs {gigabytes(needed)} of memory, and this machine has {gigabytes(machine.memory)}.",
            _most_words(shape, size, machine.memory - _ROOM),
        )
    if needed > machine.available:
        return verdict(
            Verdict.TIGHT,
            f"It needs {gigabytes(needed)} of memory, and {gigabytes(machine.available)} are free now.",
            _most_words(shape, size, machine.available),
        )
    return verdict(Verdict.FITS)


def minutes(words: int, tokens_per_second: float) -> float:
    """How long a piece takes at a measured speed of writing."""
    tokens = words * _TOKENS_PER_WORD + _READ_TOKENS / _READS_PER_WRITE
    return tokens / tokens_per_second / 60


def gigabytes(size: float) -> str:
    """A size for people, such as "4.9 GB"."""
    return f"{size / 1e9:.1f} GB" if size >= 5e7 else f"{size / 1e6:.1f} MB"


def _most_words(shape: Shape, size: int, memory: int) -> int:
    """The longest piece, in thousands of words, that fits into this memory and the trained context."""
    most = 0
    while most < 100_000:
        context = context_for(most + 1000)
        if size + shape.bytes_for(context) > memory or 0 < shape.context < context:
            break
        most += 1000
    return most
