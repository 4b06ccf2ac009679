"""How a model is loaded where memory is not short; `weights.memory` says what is given up where it is."""

from __future__ import annotations

BATCH = 512  # tokens of a prompt that are read at once
_SLOW_BATCH = 128  # the same for a model that reads a few tokens a second, so that its progress can be seen
BATCH_F16 = 128  # at most so many are computed at once without flash attention: all their scores are in memory
_LARGE = 1 << 30  # bytes of weights


def usual_batch(size: int, offloaded: bool) -> int:
    """Tokens to read at once with a model of `size` bytes. `offloaded`: layers of it are on a graphics card, which
    reads fast, and faster the more it gets."""
    return _SLOW_BATCH if size >= _LARGE and not offloaded else BATCH


def usually_repacked(size: int) -> bool:
    """Whether a model of `size` bytes is loaded with a second copy of its weights, which reads faster. A large one has
    no room for the copy on a laptop; it writes as fast without."""
    return size < _LARGE
