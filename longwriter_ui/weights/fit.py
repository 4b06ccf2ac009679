"""Whether a model fits this machine, from the file's header or the catalogue, and how it is then loaded."""

from __future__ import annotations

import math
import shutil
from dataclasses import dataclass
from enum import Enum
from pathlib import Path

import psutil

from longwriter_ui.weights.memory import Setup, Shape, choose, most_context, thriftiest

_ROOM = 512 << 20  # memory that is left to the rest of the program and the system
_TOKENS_PER_WORD = 1.21  # measured with the Llama 3 vocabulary on English prose
_OVER = 1.15  # paragraphs may run over their counts
_PER_STEP, _STEP_WORDS, _PROMPTS = 85, 500, 600  # tokens of a step in plan and turn; of prompts and of a margin
_READ_TOKENS, _READS_PER_WRITE = 4000, 2.4  # conversation mode reads this much; reading is so much faster than writing
WORDS = 10_000  # the piece that fit is judged by, unless told otherwise


class Verdict(str, Enum):
    """`TIGHT`: it fits this machine, but not beside what is running now."""

    FITS = "fits"
    TIGHT = "tight"
    TOO_LARGE = "too_large"
    UNKNOWN = "unknown"


@dataclass(frozen=True)
class Machine:
    """Bytes of memory, in all and free now, and of disk free where models are kept; `graphics` are those free on
    graphics cards with memory of their own, which hold what the machine then need not."""

    memory: int
    available: int
    disk: int
    graphics: int = 0

    @property
    def most(self) -> int:
        """Bytes of memory that a model may take when nothing else is running."""
        return max(self.memory - _ROOM, 0) + self.graphics

    @property
    def now(self) -> int:
        """Bytes of memory that a model may take beside what is running."""
        return min(self.available + self.graphics, self.most)

    @property
    def offloads(self) -> bool:
        """Whether layers of a model are expected to go to a graphics card. One that shares the machine's memory does
        not tell here; a model of 8B then needs about 0.1 GB more than is predicted (computed, not measured)."""
        return self.graphics > 0

    @classmethod
    def here(cls, folder: Path, graphics: int = 0) -> Machine:
        """This machine; `folder` need not exist yet."""
        memory = psutil.virtual_memory()
        place = next(path for path in (folder, *folder.absolute().parents) if path.exists())
        return cls(memory.total, memory.available, shutil.disk_usage(place).free, graphics)


@dataclass(frozen=True)
class Fit:
    """Whether a model fits, for a piece of `words` words. `needed` in bytes of memory, `download` of disk (0: it is
    here). `reason` says why not, and `most_words` is the longest piece that would fit (0: none). `setup` is how it is
    loaded for such a piece; where it does not fit, with everything given up."""

    verdict: Verdict
    words: int
    context: int
    kv_type: str
    needed: int
    download: int
    reason: str = ""
    most_words: int = 0
    setup: Setup | None = None


def context_for(words: int) -> int:
    """Tokens of context for a piece of this many words with its plan and prompts, in steps of 1,024."""
    steps = max(1, words // _STEP_WORDS)
    return math.ceil((words * _TOKENS_PER_WORD * _OVER + steps * _PER_STEP + _PROMPTS) / 1024) * 1024


def fit(shape: Shape | None, size: int | None, machine: Machine, *, words: int = WORDS, download: int = 0) -> Fit:
    """Judge a model of this shape whose files have `size` bytes, `download` of which are still to be fetched. `words`
    0: for the least that can be written with it."""
    context = context_for(words)
    if not words and shape is not None:
        context = min(context, shape.context or context)
    if shape is None or not size:
        return Fit(Verdict.UNKNOWN, words, context, "", 0, download, "Its size is known only when it is downloaded.")
    now = choose(shape, size, context, machine.now, machine.offloads)
    setup = now or choose(shape, size, context, machine.most, machine.offloads) or thriftiest(size, context)
    needed = setup.bytes_for(shape, size)

    def verdict(kind: Verdict, reason: str = "", most: int = 0) -> Fit:
        return Fit(kind, words, context, shape.kv_type, needed, download, reason, most, setup)

    if download > machine.disk:
        return verdict(
            Verdict.TOO_LARGE,
            f"The download needs {gigabytes(download)}, and {gigabytes(machine.disk)} of disk are free.",
        )
    if shape.context and context > shape.context:
        return verdict(
            Verdict.TOO_LARGE,
            f"{words:,} words need {context:,} tokens of context; the model was trained for {shape.context:,}.",
            _most_words(shape, size, machine.now, machine.offloads),
        )
    if needed > machine.most:
        return verdict(
            Verdict.TOO_LARGE,
            f"It needs {gigabytes(needed)} of memory, and this machine has {gigabytes(machine.memory)}.",
            _most_words(shape, size, machine.most, machine.offloads),
        )
    if now is None:
        return verdict(
            Verdict.TIGHT,
            f"It needs {gigabytes(needed)} of memory, and {gigabytes(machine.available)} are free now.",
            _most_words(shape, size, machine.now, machine.offloads),
        )
    return verdict(Verdict.FITS)


def setup_for(shape: Shape, size: int, machine: Machine, offloaded: bool) -> Setup | None:
    """How a model is loaded: set up for a piece of the usual length, or the longest it can write, with as much context
    as memory holds. `offloaded`: layers of it are on a graphics card. None where not even its weights fit."""
    context = min(context_for(WORDS), shape.context or context_for(WORDS))
    now = choose(shape, size, context, machine.now, offloaded)
    setup = now or choose(shape, size, context, machine.most, offloaded) or thriftiest(size, context)
    most = most_context(shape, size, setup, machine.most)
    return Setup(most, setup.batch, setup.repack) if most else None


def minutes(words: int, tokens_per_second: float) -> float:
    """How long a piece takes at a measured speed of writing."""
    tokens = words * _TOKENS_PER_WORD + _READ_TOKENS / _READS_PER_WRITE
    return tokens / tokens_per_second / 60


def gigabytes(size: float) -> str:
    """A size for people, such as "4.9 GB"."""
    return f"{size / 1e9:.1f} GB" if size >= 5e7 else f"{size / 1e6:.1f} MB"


def _most_words(shape: Shape, size: int, memory: int, offloaded: bool) -> int:
    """The longest piece, in thousands of words, that fits into this memory and the trained context."""
    most = 0
    while most < 100_000:
        context = context_for(most + 1000)
        if choose(shape, size, context, memory, offloaded) is None or 0 < shape.context < context:
            break
        most += 1000
    return most
