"""The card of a run: what was done with which data and settings, in words, as JSON, and its curves as a picture."""

import json
import platform
from importlib.metadata import version
from pathlib import Path
from typing import Any

_PACKAGES = ("torch", "transformers", "trl", "peft", "datasets", "gguf", "llama-cpp-python")
_CURVES = ("loss", "learning_rate", "grad_norm", "mean_token_accuracy", "rewards/margins", "rewards/accuracies")


def write_card(out: Path, facts: dict[str, Any], history: list[dict[str, float]]) -> None:
    """Write card.json, card.md and curves.png into the run's folder."""
    facts = facts | {"machine": platform.platform(), "packages": {name: version(name) for name in _PACKAGES}}
    curves = {name: [(row["step"], row[name]) for row in history if name in row] for name in _CURVES}
    curves = {name: points for name, points in curves.items() if points}
    text = json.dumps(facts | {"curves": curves}, indent=1, ensure_ascii=False)
    (out / "card.json").write_text(text + "\n", encoding="utf-8")
    (out / "card.md").write_text(_words(facts, curves), encoding="utf-8")
    _draw(out / "curves.png", curves)


def _words(facts: dict[str, Any], curves: dict[str, list[tuple[int, float]]]) -> str:
    lines = [f"# {facts['kind']}", "", "| | |", "| --- | --- |"]
    flat = {name: value for name, value in facts.items() if not isinstance(value, dict)}
    lines += [f"| {name} | {value} |" for name, value in flat.items()]
    for name, points in curves.items():
        lines.append(f"| {name} | {points[0][1]:.4g} at first, {points[-1][1]:.4g} in the end |")
    for title, values in facts.items():
        if isinstance(values, dict) and values:
            lines += ["", f"## {title}", "", "| | |", "| --- | --- |"]
            lines += [f"| {name} | {value} |" for name, value in values.items()]
    return "\n".join([*lines, "", "![Curves](curves.png)", ""])


def _draw(path: Path, curves: dict[str, list[tuple[int, float]]]) -> None:
    from matplotlib.figure import Figure

    figure = Figure(figsize=(9, 2.6 * max(1, len(curves))))
    for number, (name, points) in enumerate(curves.items(), 1):
        axes = figure.add_subplot(len(curves), 1, number)
        axes.plot(*zip(*points, strict=True))
        axes.set_ylabel(name)
    figure.supxlabel("step")
    figure.tight_layout()
    figure.savefig(path, dpi=110)
