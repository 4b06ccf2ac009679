"""The length score of LongBench-Write (arXiv 2408.07055)."""

from __future__ import annotations


def length_score(required: int, written: int) -> float:
    """0-100, both lengths in words: 100 at the required length, 0 for nothing written, falling to 0 at four times the
    required length and at a third of it.
    """
    if written <= 0 or required <= 0:
        return 0.0
    if written > required:
        return 100 * max(0.0, 1 - (written / required - 1) / 3)
    return 100 * max(0.0, 1 - (required / written - 1) / 2)
