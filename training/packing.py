"""Several conversations in one row, as if each were alone: positions begin anew with each, and attention ends there.

Attention is kept apart by the positions: without an attention mask, transformers takes every place where they do not
go on by one for the beginning of another sequence. The tests hold it to that.
"""

from bisect import bisect_left, insort
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal

import torch

from .encoding import IGNORE, Piece

Weighting = Literal["sample", "token"]


def pack(pieces: Sequence[Piece], length: int) -> list[list[int]]:
    """Which pieces share a row of at most `length` tokens: the longest first, each into the fullest row that has room.
    Rows are in the order of their first pieces. ValueError for a piece that is longer than a row."""
    rows: list[list[int]] = []
    room: list[tuple[int, int]] = []  # what is left of each row, and which it is, in order
    for index in sorted(range(len(pieces)), key=lambda i: -len(pieces[i].ids)):
        size = len(pieces[index].ids)
        if size > length:
            raise ValueError(f"a conversation of {size} tokens does not fit into a row of {length}")
        at = bisect_left(room, (size, -1))
        left, row = room.pop(at) if at < len(room) else (length, len(rows))
        if row == len(rows):
            rows.append([])
        rows[row].append(index)
        insort(room, (left - size, row))
    return sorted((sorted(row) for row in rows), key=lambda row: row[0])


def join(pieces: Sequence[Piece]) -> dict[str, list[int]]:
    """A row of the data set: the pieces one after the other, with their lengths."""
    return {
        "input_ids": [token for piece in pieces for token in piece.ids],
        "labels": [label for piece in pieces for label in piece.labels],
        "seq_lengths": [len(piece.ids) for piece in pieces],
    }


@dataclass(frozen=True)
class Collator:
    """Rows as a batch: ids, labels, positions, and the weight of each label. By `sample`: those of a conversation add
    up to 1, however long its answers are, as in LongWriter's published training code; by `token`: each is 1."""

    padding: int
    weighting: Weighting = "sample"

    def __call__(self, rows: Sequence[dict[str, list[int]]]) -> dict[str, torch.Tensor]:
        width = max(len(row["input_ids"]) for row in rows)
        shape = (len(rows), width)
        ids = torch.full(shape, self.padding)
        labels = torch.full(shape, IGNORE)
        places = torch.zeros(shape, dtype=torch.long)
        weights = torch.zeros(shape)
        for number, row in enumerate(rows):
            used = len(row["input_ids"])
            ids[number, :used] = torch.tensor(row["input_ids"])
            labels[number, :used] = torch.tensor(row["labels"])
            start = 0
            # What pads a row is a sequence of its own, too, so that nothing sees it.
            for size in (*row["seq_lengths"], *([width - used] if used < width else [])):
                piece = slice(start, start + size)
                places[number, piece] = torch.arange(size)
                targets = labels[number, piece] != IGNORE
                weights[number, piece] = targets / (targets.sum().clamp(min=1) if self.weighting == "sample" else 1)
                start += size
        return {"input_ids": ids, "labels": labels, "position_ids": places, "weights": weights}
