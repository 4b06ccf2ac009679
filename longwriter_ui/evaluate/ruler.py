"""LongWrite-Ruler: how long an answer a model can write at all.

The same few instructions are given at rising lengths; what counts is how long the answers become. The instructions are
ours, the lengths and their number (four in each language) the benchmark's.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from statistics import fmean

from longwriter_ui.draft import FinishReason
from longwriter_ui.evaluate.prompts import Prompt
from longwriter_ui.evaluate.run import Prediction

TYPE = "Ruler"
LENGTHS = (1_000, 2_000, 5_000, 10_000, 20_000, 30_000)
INSTRUCTIONS = (
    ("en", "Write a {length}-word history of the umbrella, from its first uses to the present day"),
    ("en", "Write a {length}-word adventure story about a mail ship that is caught in the ice"),
    ("en", "Write a {length}-word handbook for people who want to keep bees in a city"),
    ("en", "Write a {length}-word study of how night trains changed travel on one continent"),
    ("zh", "写一篇{length}字的文章，讲述茶马古道的历史和今天"),
    ("zh", "写一部{length}字的小说，讲一位修表匠在旧城区的一生"),
    ("zh", "写一份{length}字的指南，教初学者在阳台上种菜"),
    ("zh", "写一篇{length}字的报告，分析一座沿海小城的旅游业"),
)


@dataclass(frozen=True)
class Mark:
    """What became of the prompts of one length: the longest answer to them, and the mean of all, in words; `ended` of
    the `count` answers ended by themselves, the others ran into a limit or were stopped repeating themselves."""

    length: int
    longest: int
    mean: float
    count: int
    ended: int


def ruler_prompts(lengths: Sequence[int] = LENGTHS, languages: Sequence[str] = ("en", "zh")) -> tuple[Prompt, ...]:
    """Every instruction of these languages at every length, the shortest first."""
    return tuple(
        Prompt(text.format(length=length), TYPE, length, language)
        for length in lengths
        for language, text in INSTRUCTIONS
        if language in languages
    )


def marks(predictions: Sequence[Prediction]) -> list[Mark]:
    """What the ruler's answers came to, the shortest length first."""
    found = []
    for length in sorted({p.prompt.length for p in predictions if p.prompt.type == TYPE}):
        answers = [p for p in predictions if p.prompt.type == TYPE and p.prompt.length == length]
        words = [answer.words for answer in answers]
        ended = sum(answer.finish == FinishReason.STOP.value for answer in answers)
        found.append(Mark(length, max(words), fmean(words), len(words), ended))
    return found


def longest(predictions: Sequence[Prediction]) -> int:
    """The longest answer of all, in words: what the ruler measures."""
    return max((mark.longest for mark in marks(predictions)), default=0)
