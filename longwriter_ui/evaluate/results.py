"""All figures of a run, computed anew from its files."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from statistics import fmean

from longwriter_ui.evaluate import quality
from longwriter_ui.evaluate.bins import by_bin, by_language
from longwriter_ui.evaluate.confidence import Interval, difference, interval
from longwriter_ui.evaluate.length import length_score
from longwriter_ui.evaluate.prompts import Prompt
from longwriter_ui.evaluate.quality import Judgement
from longwriter_ui.evaluate.repetition import Repetition, repetition
from longwriter_ui.evaluate.ruler import Mark, longest, marks
from longwriter_ui.evaluate.run import Prediction, Run
from longwriter_ui.jsonl import Json
from longwriter_ui.words import LANGUAGES


@dataclass(frozen=True)
class Piece:
    """One piece of a run, measured."""

    prediction: Prediction
    score: float

    @cached_property
    def repetition(self) -> Repetition:
        """Worked out when it is asked for, since it takes a while in a long piece."""
        return repetition(self.prediction.response)


@dataclass(frozen=True)
class Judged:
    """What one judge said of a run: its name and kind, and a judgement for each piece that has one. `malformed`
    pieces got only answers that could not be read, `failed` ones none at all."""

    judge: Json
    judgements: dict[int, Judgement]
    malformed: int
    failed: int

    def means(self, dimension: str) -> Interval | None:
        """The mean of a dimension, 0-100."""
        return interval([j.score(dimension) for j in self.judgements.values()])

    @property
    def total(self) -> Interval | None:
        return interval([j.total for j in self.judgements.values()])


@dataclass(frozen=True)
class Group:
    """Some pieces of a run taken together."""

    name: str
    count: int
    problems: int
    required: float
    written: float
    score: Interval


@dataclass(frozen=True)
class Results:
    """A run with all that was measured. `of` is how many prompts it has; those not yet written count nowhere."""

    name: str
    manifest: Json
    pieces: tuple[Piece, ...]
    of: int
    judged: tuple[Judged, ...]

    @staticmethod
    def of_run(run: Run) -> Results:
        pieces = tuple(Piece(p, length_score(p.prompt.length, p.words)) for p in run.predictions())
        judged = tuple(Judged(*quality.load(path)) for path in run.judgement_files)
        return Results(run.name, run.manifest, pieces, max(len(run.prompts), len(pieces)), judged)

    @property
    def all(self) -> Group | None:
        """Everything taken together; None where nothing is written."""
        return _group("All", self.pieces) if self.pieces else None

    @property
    def bins(self) -> list[Group]:
        return self._groups(by_bin(self.pieces, lambda piece: piece.prediction.prompt.length))

    @property
    def languages(self) -> list[Group]:
        return self._groups(by_language(self.pieces, lambda piece: piece.prediction.prompt.language))

    def quality(self, judged: Judged, pieces: Sequence[Piece]) -> Interval | None:
        """The mean quality of some pieces, those without a judgement left out."""
        found = judged.judgements
        return interval([found[piece.prediction.n].total for piece in pieces if piece.prediction.n in found])

    def totals(self, judged: Judged) -> dict[Prompt, float]:
        """The quality of each piece that has a judgement, by its prompt."""
        found = judged.judgements
        pieces = (piece.prediction for piece in self.pieces if piece.prediction.n in found)
        return {piece.prompt: found[piece.n].total for piece in pieces}

    def overall(self, judged: Judged) -> Interval | None:
        """The mean of length score and quality, over the pieces that have both."""
        found = judged.judgements
        both = [(piece.score, found[piece.prediction.n].total) for piece in self.pieces if piece.prediction.n in found]
        return interval([(length + quality) / 2 for length, quality in both])

    @property
    def parts(self) -> dict[str, Sequence[Piece]]:
        """The pieces of each bin, then those of each language."""
        bins = by_bin(self.pieces, lambda piece: piece.prediction.prompt.length)
        languages = by_language(self.pieces, lambda piece: piece.prediction.prompt.language)
        return {**bins, **{LANGUAGES.get(code, code): pieces for code, pieces in languages.items()}}

    @property
    def marks(self) -> list[Mark]:
        """The ruler's, where this is a run of it."""
        return marks([piece.prediction for piece in self.pieces])

    @property
    def longest(self) -> int:
        return longest([piece.prediction for piece in self.pieces])

    @property
    def quarters(self) -> tuple[float, ...]:
        """The mean share of repeated 4-grams in each quarter of a piece, of those that have any text."""
        shares = [piece.repetition.quarters for piece in self.pieces if piece.prediction.words]
        return tuple(fmean(column) for column in zip(*shares, strict=True))

    @property
    def openings(self) -> float | None:
        shares = [piece.repetition.openings for piece in self.pieces if piece.prediction.words]
        return fmean(shares) if shares else None

    @property
    def passage(self) -> Repetition | None:
        """The longest passage that a piece repeats; None where none does."""
        repeats = [piece.repetition for piece in self.pieces if piece.repetition.words]
        return max(repeats, key=lambda repeat: repeat.words, default=None)

    def _groups(self, groups: dict[str, list[Piece]]) -> list[Group]:
        return [_group(name, pieces) for name, pieces in groups.items()]


def ahead(first: Mapping[Prompt, float], second: Mapping[Prompt, float]) -> Interval | None:
    """By how much the second of two runs is ahead of the first in the mean of a score, over the prompts that both have;
    None where they have none in common."""
    common = [prompt for prompt in first if prompt in second]
    return difference([first[prompt] for prompt in common], [second[prompt] for prompt in common])


def _group(name: str, pieces: Sequence[Piece]) -> Group:
    score = interval([piece.score for piece in pieces])
    assert score is not None
    return Group(
        name,
        len(pieces),
        sum(bool(piece.prediction.problem) for piece in pieces),
        fmean(piece.prediction.prompt.length for piece in pieces),
        fmean(piece.prediction.words for piece in pieces),
        score,
    )
