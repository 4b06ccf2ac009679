"""How long a small model's answers are against what was asked for, and how much they repeat: figures, table, plot."""

import random
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from longwriter_ui.evaluate.length import length_score
from longwriter_ui.evaluate.repetition import repetition
from longwriter_ui.loops import good_part
from longwriter_ui.words import benchmark_count

from . import direct
from .metrics import mean
from .speaker import Model
from .voice import voice

SHORT = 200
"""Up to here the first of the models has data."""
LENGTHS = (100, SHORT, 400, 800)
BEYOND = 1600
"""Asked for as well, to see where a model ends by itself; it does not count in the score."""
_TOKENS = 1.8  # of a word, amply
_LEAST = 30  # words at the lower edge of the plot
# Told apart by people of any colour vision, and by their shapes.
_COLOURS = ("#0072b2", "#d55e00", "#009e73")
_SHAPES = ("o", "s", "^")


@dataclass(frozen=True)
class Written:
    """One answer: words asked for and written, whether it ended by itself. Where it comes to repeat itself, only what
    came before counts, as in the application's benchmark."""

    request: str
    asked: int
    text: str
    ended: bool

    @property
    def words(self) -> int:
        """By the benchmark's counter."""
        return benchmark_count(good_part((), self.text))

    @property
    def score(self) -> float:
        """The benchmark's length score, 0 to 100."""
        return length_score(self.asked, self.words)

    @property
    def repeated(self) -> float:
        """The share of its 4-grams that came before in it."""
        return repetition(self.text).share

    @property
    def value(self) -> float:
        """What preferences go by: nearer to the length asked for, and repeating less, is better."""
        return self.score - 100 * self.repeated


def request(words: int, rng: random.Random) -> str:
    """A request of the grammar for so many words."""
    return direct.request(voice("en"), words, rng)[0]


def write(model: Model, text: str, asked: int, seed: int, most: float = 2.0) -> Written:
    """The model's answer, cut off at `most` times the length asked for."""
    answer = model.ask(model.start(), text, int(most * _TOKENS * asked), seed)
    return Written(text, asked, answer.text, answer.ended)


def measure(path: Path, each: int, threads: int) -> list[Written]:
    """`each` answers for each length, to requests that are the same for every model and in nobody's training data."""
    model, rng = Model(path, 4096, threads), random.Random("held out")
    asked = [words for words in (*LENGTHS, BEYOND) for _ in range(each)]
    return [write(model, request(words, rng), words, seed) for seed, words in enumerate(asked)]


def figures(found: Sequence[Written]) -> dict[str, float]:
    """What the table shows of a model."""
    scored = [w for w in found if w.asked != BEYOND]
    return {
        "length score": round(mean(w.score for w in scored), 1),
        f"length score up to {SHORT}": round(mean(w.score for w in scored if w.asked <= SHORT), 1),
        "longest output": max(w.words for w in found),
        "longest that ended": max((w.words for w in found if w.ended), default=0),
        "ended by themselves": round(mean(w.ended for w in scored), 3),
        "repeated 4-grams": round(mean(w.repeated for w in scored), 3),
        **{f"words at {n}": round(mean(w.words for w in found if w.asked == n)) for n in (*LENGTHS, BEYOND)},
    }


def table(stages: Mapping[str, Mapping[str, float]]) -> str:
    """The figures of all stages in Markdown."""
    names = list(next(iter(stages.values())))
    lines = [f"| | {' | '.join(stages)} |", f"| --- |{' ---: |' * len(stages)}"]
    lines += [f"| {name} | {' | '.join(str(found[name]) for found in stages.values())} |" for name in names]
    return "\n".join(lines)


def draw(path: Path, stages: Mapping[str, Sequence[Written]]) -> None:
    """Every answer as a point, and the means, against the length asked for; both axes logarithmic. Answers of fewer
    words than fit are drawn at the lower edge."""
    from matplotlib.figure import Figure

    figure = Figure(figsize=(7.2, 5.2), layout="constrained")
    axes = figure.add_subplot()
    every = (*LENGTHS, BEYOND)
    axes.plot(every, every, color="#777777", linewidth=1, linestyle="--", label="as asked for")
    for number, (name, found) in enumerate(stages.items()):
        colour, shape, aside = _COLOURS[number], _SHAPES[number], 1 + 0.07 * (number - 1)
        words = [max(w.words, _LEAST) for w in found]
        axes.scatter(
            [w.asked * aside for w in found], words, s=14, alpha=0.35, color=colour, marker=shape, linewidths=0
        )
        means = [max(mean(w.words for w in found if w.asked == n), _LEAST) for n in every]
        axes.plot(every, means, marker=shape, color=colour, label=name)
    axes.set(xscale="log", yscale="log", xlabel="Words asked for", ylabel="Words written", ylim=(_LEAST * 0.9, 2000))
    axes.set_xticks(every)
    axes.set_yticks((50, *every))
    for axis in (axes.xaxis, axes.yaxis):
        axis.set_major_formatter("{x:,.0f}")
    axes.minorticks_off()
    axes.grid(color="#dddddd", linewidth=0.7)
    axes.set_axisbelow(True)
    axes.spines[["top", "right"]].set_visible(False)
    axes.legend(frameon=False)
    figure.savefig(path, dpi=130)
