"""The figures of a report, drawn with matplotlib, each as PNG and as SVG."""

from __future__ import annotations

import io
from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from longwriter_ui.errors import ExportError
from longwriter_ui.evaluate.quality import DIMENSIONS
from longwriter_ui.evaluate.results import Judged, Results

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.axis import Axis
    from matplotlib.figure import Figure

# Told apart by people of any colour vision, and by their shapes.
_COLOURS = ("#0072b2", "#d55e00", "#009e73", "#cc79a7", "#e69f00", "#56b4e9", "#000000")
_SHAPES = ("o", "s", "^", "D", "v", "P", "X")


@dataclass(frozen=True)
class Plot:
    """A drawing under a file name without suffix; `alt` says in words what it shows."""

    name: str
    alt: str
    png: bytes
    svg: bytes


def lengths(runs: Sequence[Results]) -> Plot:
    """Required against written length on logarithmic axes, with the line where both are the same."""
    figure, axes = _figure(6.4, 5.6)
    ends: list[int] = []
    for i, run in enumerate(runs):
        pairs = [(p.prediction.prompt.length, p.prediction.words) for p in run.pieces if p.prediction.words]
        ends += [n for pair in pairs for n in pair]
        axes.scatter(
            [x for x, _ in pairs], [y for _, y in pairs], s=24, alpha=0.7, label=run.name, **_style(i), linewidths=0
        )
    low, high = min(ends, default=100) * 0.8, max(ends, default=10_000) * 1.25
    axes.plot([low, high], [low, high], color="#777777", linewidth=1, linestyle="--", label="y = x")
    axes.set(xscale="log", yscale="log", xlim=(low, high), ylim=(low, high), aspect="equal")
    for axis in (axes.xaxis, axes.yaxis):
        _in_words(axis)
    axes.set_xlabel("Required length (words)")
    axes.set_ylabel("Written length (words)")
    return _saved(figure, "lengths", "Required against written length, both axes logarithmic, with the line y = x.")


def quality(runs: Sequence[tuple[str, Judged]], name: str) -> Plot:
    """The six dimensions of runs judged by one judge, with their intervals."""
    figure, axes = _figure(7.2, 4.2)
    step = 0.8 / max(len(runs), 1)
    for i, (run, judged) in enumerate(runs):
        found = [judged.means(dimension) for dimension in DIMENSIONS]
        means = [mean.mean if mean else 0.0 for mean in found]
        below = [mean.mean - mean.low if mean else 0.0 for mean in found]
        above = [mean.high - mean.mean if mean else 0.0 for mean in found]
        places = [d + (i - (len(runs) - 1) / 2) * step for d in range(len(DIMENSIONS))]
        axes.errorbar(places, means, yerr=[below, above], label=run, linestyle="", capsize=3, **_style(i, "fmt"))
    axes.set_xticks(range(len(DIMENSIONS)), [dimension.replace(" ", "\n", 1) for dimension in DIMENSIONS])
    axes.set(ylim=(-3, 103), ylabel="Score (0 to 100)")
    return _saved(figure, name, "Mean scores of the six dimensions of quality with 95 % confidence intervals.")


def repeats(runs: Sequence[Results]) -> Plot:
    """Repeated 4-grams by quarter of the piece."""
    figure, axes = _figure(6.4, 3.8)
    for i, run in enumerate(runs):
        if run.quarters:
            shares = [100 * share for share in run.quarters]
            axes.plot(range(1, len(shares) + 1), shares, label=run.name, linewidth=1.5, **_style(i))
    axes.set_xticks(range(1, 5), ["first", "second", "third", "last"])
    axes.set(xlabel="Quarter of the piece", ylabel="Repeated 4-grams (%)")
    axes.set_ylim(bottom=0)
    return _saved(figure, "repetition", "Share of 4-grams that occurred before in the piece, by its quarters.")


def ruler(runs: Sequence[Results]) -> Plot:
    """The longest answer for each length asked for."""
    figure, axes = _figure(6.4, 4.4)
    asked = sorted({mark.length for run in runs for mark in run.marks})
    for i, run in enumerate(runs):
        points = [(mark.length, mark.longest) for mark in run.marks if mark.longest]
        axes.plot([x for x, _ in points], [y for _, y in points], label=run.name, linewidth=1.5, **_style(i))
    axes.plot(asked, asked, color="#777777", linewidth=1, linestyle="--", label="y = x")
    axes.set(xscale="log", yscale="log", xlabel="Required length (words)", ylabel="Longest answer (words)")
    _in_words(axes.yaxis)
    axes.set_xticks(asked, [_short(length) for length in asked])
    axes.minorticks_off()
    return _saved(figure, "ruler", "The longest answer for each length asked for, both axes logarithmic.")


def longest(points: Sequence[tuple[int, int]], what: str) -> Plot:
    """The longest output in the data a model was trained on against the longest it writes."""
    figure, axes = _figure(5.6, 4.6)
    top = max(n for point in points for n in point) * 1.1
    axes.plot([0, top], [0, top], color="#777777", linewidth=1, linestyle="--", label="y = x")
    axes.plot([x for x, _ in points], [y for _, y in points], linewidth=1.5, label=what, **_style(0))
    for x, y in points:
        place, side = ((-7, 5), "right") if y >= x else ((6, -12), "left")  # away from the line
        axes.annotate(f"{y:,}", (x, y), textcoords="offset points", xytext=place, ha=side, fontsize="small")
    axes.set(xlim=(0, top), ylim=(0, top), xlabel="Longest output in the training data (words)")
    axes.set_ylabel("Longest output written (words)")
    return _saved(figure, "longest", "Longest output in the training data against the longest output written.")


def _in_words(axis: Axis) -> None:
    """Ticks of a logarithmic axis as counts of words."""
    from matplotlib.ticker import LogLocator, NullFormatter

    axis.set_major_locator(LogLocator(subs=(1, 2, 5), numticks=20))
    axis.set_major_formatter(lambda count, _: _short(count))
    axis.set_minor_formatter(NullFormatter())


def _short(count: float) -> str:
    """A count of words that fits beside the next one.

    >>> _short(500), _short(2_500), _short(30_000)
    ('500', '2.5k', '30k')
    """
    return f"{count / 1000:g}k" if count >= 1000 else f"{count:g}"


def _style(i: int, shape: str = "marker") -> dict[str, Any]:
    return {"color": _COLOURS[i % len(_COLOURS)], shape: _SHAPES[i % len(_SHAPES)]}


def _figure(width: float, height: float) -> tuple[Figure, Axes]:
    try:
        from matplotlib.figure import Figure
    except ImportError as error:
        raise ExportError("Plots need matplotlib.", "Install it: pip install -r requirements.txt") from error
    figure = Figure(figsize=(width, height), layout="constrained")
    axes = figure.subplots()
    axes.spines[["top", "right"]].set_visible(False)
    axes.grid(color="#dddddd", linewidth=0.6)
    axes.set_axisbelow(True)
    return figure, axes


def _saved(figure: Figure, name: str, alt: str) -> Plot:
    from matplotlib import rc_context

    labels = figure.axes[0].get_legend_handles_labels()[1]
    if labels:  # above the axes, where it hides nothing
        columns = max(1, min(4, 80 // (max(map(len, labels)) + 6)))
        figure.legend(loc="outside upper left", ncols=columns, frameon=False, fontsize="small")
    png, svg = io.BytesIO(), io.BytesIO()
    figure.savefig(png, format="png", dpi=144)
    # Without a date and with a fixed salt, the same figures are the same file.
    with rc_context({"svg.hashsalt": "longwriter", "svg.fonttype": "path"}):
        figure.savefig(svg, format="svg", metadata={"Date": None})
    return Plot(name, alt, png.getvalue(), svg.getvalue())
