"""How near pieces come to their length, with length control off, gentle and strict.

    python bench/length.py --json [--model PATH] [--pieces 30] [--modes off gentle strict]

Writes pieces of 1,000 to 3,000 words, from plans of 200 to 400 words a step, in `conversation` mode. `score` is the
mean length score of LongBench-Write; `cut` counts paragraphs that do not end with a whole sentence.
"""

from __future__ import annotations

import argparse
import json
import random
import statistics
import sys
import tempfile
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))  # so that it runs as a script

from bench.synthetic_model import DEMO_MODEL
from longwriter_ui.bootstrap import LlamaCppOpener
from longwriter_ui.brief import Brief
from longwriter_ui.engine.base import LengthMode
from longwriter_ui.evaluate.length import length_score
from longwriter_ui.host import EngineHost
from longwriter_ui.paths import Home
from longwriter_ui.plan import Step, render_plan
from longwriter_ui.sentences import ends_sentence
from longwriter_ui.studio import Studio

_TOPICS = ("harbours", "night trains", "beekeeping", "old maps", "street markets", "winter gardens", "lighthouses")
_ASPECTS = (
    "how it began", "the people behind it", "what it costs", "a day from morning to evening", "what is overlooked",
    "the tools it needs", "how it has changed", "what can go wrong", "what visitors notice", "where it leads",
    "the oldest example", "what it teaches", "how to begin",
)  # fmt: skip


def write_one(studio: Studio, number: int, words: int) -> tuple[float, int]:
    """The length score of a piece and how many of its paragraphs end in the middle of a sentence."""
    chance = random.Random(number)
    topic, count = chance.choice(_TOPICS), round(words / chance.choice((200, 250, 300, 400)))
    aspects = [_ASPECTS[i % len(_ASPECTS)] for i in range(count)]
    steps = [Step(f"{topic.capitalize()}: {aspect}", round(words / count / 10) * 10) for aspect in aspects]
    words = sum(step.words or 0 for step in steps)
    draft_id = studio.create(Brief.create(f"Write about {topic}", words, "en"), seed=number).id
    studio.edit(draft_id, None, {"do": "set_plan", "text": render_plan(steps, "en")})
    job = studio.write(draft_id)
    job.wait()
    draft = studio.draft(draft_id)
    cut = sum(not ends_sentence(p.text, "") for p in draft.paragraphs if p.text)
    return length_score(words, draft.words), cut + (job.failure is not None)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0] if __doc__ else "")
    parser.add_argument("--model", type=Path, default=DEMO_MODEL, help="default: the demonstration model")
    parser.add_argument("--pieces", type=int, default=30)
    parser.add_argument("--modes", nargs="+", type=LengthMode, default=list(LengthMode), metavar="MODE")
    parser.add_argument("--json", action="store_true", help="print JSON, which is what it does anyway")
    options = parser.parse_args()
    result: dict[str, object] = {"model": options.model.name, "pieces": options.pieces}
    for mode in options.modes:
        with tempfile.TemporaryDirectory() as folder:
            home = Home(Path(folder))
            studio = Studio(home, EngineHost(LlamaCppOpener(), options.model), length=mode)
            pieces = [
                write_one(studio, n, 1000 + 2000 * n // max(options.pieces - 1, 1)) for n in range(options.pieces)
            ]
            studio.close()
        scores = [score for score, _ in pieces]
        result[mode.value] = {
            "score": round(statistics.mean(scores), 2),
            "worst": round(min(scores), 2),
            "cut": sum(cut for _, cut in pieces),
        }
    print(json.dumps(result, indent=2))


if __name__ == "__main__":
    main()
