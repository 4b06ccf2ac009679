"""The longest output of models against the longest answer in the data they were trained on.

    python bench/longest.py [--models FOLDER] [--out docs]

`FOLDER` holds the files longest-200.gguf, longest-400.gguf ... that `python -m training.longest` writes. Each is asked
for 100 to 3,200 words by the ruler's English instructions, with several seeds, and what comes is counted: longest.json
has the figures, longest.png and longest.svg the plot; the report on every answer lies in `FOLDER`. The longest output
says something about the data only where a model has learnt what its data hold, so the length score over the lengths in
its data comes with it.
"""

from __future__ import annotations

import argparse
import json
import re
import sys
import tempfile
import threading
from collections.abc import Sequence
from pathlib import Path
from statistics import fmean

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))  # so that it runs as a script

from longwriter_ui.bootstrap import LlamaCppOpener
from longwriter_ui.draft import FinishReason
from longwriter_ui.evaluate import plots
from longwriter_ui.evaluate.length import length_score
from longwriter_ui.evaluate.report import write_report
from longwriter_ui.evaluate.ruler import longest, marks, ruler_prompts
from longwriter_ui.evaluate.run import Prediction, Run
from longwriter_ui.evaluation import DIRECT, settings_of, write_run
from longwriter_ui.host import EngineHost
from longwriter_ui.paths import PROJECT, Home
from longwriter_ui.studio import Studio

LENGTHS = (100, 200, 400, 800, 1_600, 3_200)
SEEDS = (0, 1, 2)


def measure(model: Path, folder: Path, seed: int) -> Run:
    """The ruler's run of one model."""
    with tempfile.TemporaryDirectory() as home:
        studio = Studio(Home(Path(home)), EngineHost(LlamaCppOpener(), model))
        try:
            prompts = ruler_prompts(LENGTHS, ("en",))
            run = Run.create(folder / f"{model.stem}-{seed}", prompts, settings_of(studio, DIRECT, seed), "ruler")
            for _ in write_run(run, studio, threading.Event()):
                pass
        finally:
            studio.close()
    return run


def within(pieces: Sequence[Prediction], trained: int) -> float:
    """The mean length score of the answers to lengths that the data hold: near 100 where a model has learnt them."""
    return fmean(length_score(p.prompt.length, p.words) for p in pieces if p.prompt.length <= trained)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0] if __doc__ else "")
    parser.add_argument("--models", type=Path, default=PROJECT / "training" / "out" / "longest")
    parser.add_argument("--out", type=Path, default=PROJECT / "docs")
    options = parser.parse_args()
    found = {int(re.sub(r"\D", "", path.stem)): path for path in options.models.glob("longest-*.gguf")}
    if not found:
        parser.error(f"there are no models in {options.models}: python -m training.longest")
    figures, runs = [], []
    for trained, model in sorted(found.items()):
        mine = [measure(model, options.models / "runs", seed) for seed in SEEDS]
        runs += mine
        pieces = [prediction for run in mine for prediction in run.predictions()]
        ended = [piece for piece in pieces if piece.finish == FinishReason.STOP.value]
        figures.append(
            {
                "longest_in_data": trained,
                "longest_written": longest(pieces),
                "length_score_within_data": round(within(pieces, trained), 1),
                "longest_that_ended": max((piece.words for piece in ended), default=0),
                "ended_by_themselves": len(ended),
                "answers": len(pieces),
                "by_length_asked_for": [vars(mark) for mark in marks(pieces)],
            }
        )
    write_report(runs, options.models / "report")
    plot = plots.longest([(f["longest_in_data"], f["longest_written"]) for f in figures], "small models")
    (options.out / "longest.png").write_bytes(plot.png)
    (options.out / "longest.svg").write_bytes(plot.svg)
    text = json.dumps({"seeds": len(SEEDS), "models": figures}, indent=2)
    (options.out / "longest.json").write_text(text + "\n", encoding="utf-8")
    print(text)


if __name__ == "__main__":
    main()
