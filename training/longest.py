"""The paper's finding in miniature: three small models that differ only in the longest answer in their data.

    python -m training.longest [--steps N]

Each is trained on requests that name a length and pieces that have it (`direct`): from 50 words up to 200, 400 or 800,
every length as likely as any other. All see as many answers, in as many steps, so those with longer ones see more text.
`bench/longest.py` then asks each for more and more words.
"""

import argparse
from functools import partial
from pathlib import Path

from . import export, tokenizer
from .batches import Phase
from .demo import keep_memory
from .model import Shape
from .schedule import Schedule
from .tasks import Size
from .train import OUT, Course, run

LONGEST = (200, 400, 800)
STEPS = 800
POSITIONS = {200: 2048, 400: 3712, 800: 6656}
"""Of a step, by the longest answer: seven answers and a little room."""
_VOCABULARY = 2048
_SHAPE = Shape(vocabulary=_VOCABULARY, width=96, layers=3, heads=2, hidden=256, context=4096)
_TOKENS = 1800  # of the longest conversation, amply


def course(longest: int, steps: int = STEPS) -> Course:
    """Training with answers of at most `longest` words."""
    phase = Phase(steps, POSITIONS[longest], {"direct": 1.0}, Size(longest, longest, 0), _TOKENS, reach=0)
    # The tokenizer is the same for all: it sees every length.
    words = partial(tokenizer.train, documents=2000, vocabulary=_VOCABULARY, kinds=("direct",), characters=())
    return Course(Schedule((phase,)), _SHAPE, words)


def train_one(longest: int, steps: int, out: Path, threads: int) -> Path:
    """Train one model, or go on with it, and write it as GGUF."""
    folder = out / str(longest)
    run(folder, threads, course=course(longest, steps))
    model, words = export.load(folder / "checkpoint.pt"), tokenizer.load(folder / "tokenizer.json")
    path = out / f"longest-{longest}.gguf"
    export.write(model, words, path, "F16", f"Longest output {longest} words")
    print(f"{path}: {path.stat().st_size / 1e6:.2f} MB", flush=True)
    return path


def main() -> None:
    """All three, one after the other."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--out", type=Path, default=OUT / "longest")
    parser.add_argument("--longest", type=int, nargs="+", choices=LONGEST, default=LONGEST, help="default: all three")
    parser.add_argument("--steps", type=int, default=STEPS)
    parser.add_argument("--threads", type=int, default=2)
    arguments = parser.parse_args()
    keep_memory("training.longest")
    for longest in arguments.longest:
        train_one(longest, arguments.steps, arguments.out, arguments.threads)


if __name__ == "__main__":
    main()
