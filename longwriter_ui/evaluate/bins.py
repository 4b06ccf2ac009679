"""Pieces by the length asked for, in the benchmark's bins, and by language."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import TypeVar

_T = TypeVar("_T")

# From, to (the last one with its end), and the name in tables.
BINS = (
    (0, 500, "[0, 500)"),
    (500, 2_000, "[500, 2,000)"),
    (2_000, 4_000, "[2,000, 4,000)"),
    (4_000, 20_000, "[4,000, 20,000]"),
)
BEYOND = "over 20,000"
NAMES = (*(name for _, _, name in BINS), BEYOND)


def bin_of(length: int) -> str:
    """The bin of a required length.

    >>> bin_of(499), bin_of(500), bin_of(20_000), bin_of(20_001)
    ('[0, 500)', '[500, 2,000)', '[4,000, 20,000]', 'over 20,000')
    """
    if length == BINS[-1][1]:
        return BINS[-1][2]
    return next((name for low, high, name in BINS if low <= length < high), BEYOND)


def by_bin(items: Sequence[_T], length: Callable[[_T], int]) -> dict[str, list[_T]]:
    """The items in each bin that has any, the shortest first."""
    groups = {name: [item for item in items if bin_of(length(item)) == name] for name in NAMES}
    return {name: group for name, group in groups.items() if group}


def by_language(items: Sequence[_T], language: Callable[[_T], str]) -> dict[str, list[_T]]:
    """The items of each language, most items first."""
    groups: dict[str, list[_T]] = {}
    for item in items:
        groups.setdefault(language(item), []).append(item)
    return dict(sorted(groups.items(), key=lambda group: -len(group[1])))
