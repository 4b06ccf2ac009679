"""What more GPUs gain for batch work: arithmetic, not a measurement.

    python bench/scale.py [--gpus 1 10 100] [--pieces 6000] [--words 4000] [--json] [--bandwidth 3.35e12] ...

Every input is an assumption with a default that can be set; `python bench/scale.py --help` names them. The model:

- A GPU holds the whole model, and as many pieces at once as its memory has room for their KV caches.
- One step writes a token of each of them. It takes as long as reading the weights and the caches once from memory, or
  as computing the tokens, whichever is longer, plus what every step costs.
- A piece is written step by step, so it cannot be faster than one token a step: a GPU is busy only where there are
  enough pieces. A group of pieces that begin together ends together.
- A prompt is computed; what the server has kept of it is not. `--kept` is the share of the text before that is found
  again, 1 where every request of a piece comes to the replica that wrote the last one.
"""

from __future__ import annotations

import argparse
import json
import math
from dataclasses import asdict, dataclass, fields, replace


@dataclass(frozen=True)
class Assumptions:
    """One GPU and one model; bytes, seconds, tokens. The defaults: the data sheet of an 80 GB card with 3.35 TB/s, and
    an 8B model of the shape of Llama 3.1 in 16 bits."""

    memory: float = 80e9
    usable: float = 0.9
    bandwidth: float = 3.35e12
    bandwidth_share: float = 0.6  # of the data sheet's that is reached
    compute: float = 989e12
    compute_share: float = 0.4
    step_cost: float = 0.004  # seconds of every step besides
    weights: float = 16.1e9
    parameters: float = 8.03e9
    kv_per_token: float = 131_072  # 32 layers, 8 heads of 128, keys and values, 2 bytes
    at_once: int = 256  # the most pieces a server computes together
    tokens_per_word: float = 1.21
    step_words: int = 400  # of one paragraph
    asked: int = 120  # tokens that a paragraph is asked for with
    opening: int = 1200  # tokens of instruction and plan
    kept: float = 1.0  # of what was read before, found again


@dataclass(frozen=True)
class Outcome:
    """For so many GPUs: pieces at once on each, tokens per second of all, minutes, the share of them that is reading
    prompts, and how many times as fast as one GPU."""

    gpus: int
    at_once: int
    tokens_per_second: float
    minutes: float
    reading_share: float
    speedup: float


def outcome(given: Assumptions, gpus: int, pieces: int, words: int) -> Outcome:
    """What writing the pieces takes."""
    seconds, at_once, reading = _seconds(given, gpus, pieces, words)
    alone, _, _ = _seconds(given, 1, pieces, words)
    written = pieces * words * given.tokens_per_word
    return Outcome(gpus, at_once, written / seconds, seconds / 60, reading / seconds, alone / seconds)


def room(given: Assumptions, words: int) -> int:
    """Pieces whose caches fit beside the weights; 0 where the model does not fit."""
    longest = given.opening + words * given.tokens_per_word + _steps(given, words) * given.asked
    free = given.memory * given.usable - given.weights
    return max(0, min(given.at_once, int(free // (longest * given.kv_per_token))))


def prompt_tokens(given: Assumptions, words: int) -> float:
    """Tokens of prompts computed for one piece: what is new at each step, and what was read before and is not found
    again."""
    step = given.asked + given.step_words * given.tokens_per_word
    before = [given.opening + n * step for n in range(_steps(given, words))]
    return given.opening + len(before) * given.asked + (1 - given.kept) * sum(before)


def _seconds(given: Assumptions, gpus: int, pieces: int, words: int) -> tuple[float, int, float]:
    """All, pieces at once on a GPU, and the part of it that is reading."""
    most = room(given, words)
    if not most:
        raise SystemExit("The model and one piece do not fit into the memory of one GPU.")
    each = math.ceil(pieces / gpus)  # pieces of the GPU that has the most
    at_once = min(most, each)
    context = given.opening + words * given.tokens_per_word / 2  # in the mean, while a piece grows
    from_memory = (given.weights + at_once * context * given.kv_per_token) / (given.bandwidth * given.bandwidth_share)
    computing = 2 * given.parameters * at_once / (given.compute * given.compute_share)
    step = max(from_memory, computing) + given.step_cost
    writing = math.ceil(each / at_once) * words * given.tokens_per_word * step
    reading = each * prompt_tokens(given, words) * 2 * given.parameters / (given.compute * given.compute_share)
    return writing + reading, at_once, reading


def _steps(given: Assumptions, words: int) -> int:
    return max(1, round(words / given.step_words))


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--gpus", type=int, nargs="+", default=[1, 10, 100])
    parser.add_argument("--pieces", type=int, default=6000)
    parser.add_argument("--words", type=int, default=4000)
    parser.add_argument("--json", action="store_true")
    for field in fields(Assumptions):
        name = f"--{field.name.replace('_', '-')}"
        parser.add_argument(name, type=type(field.default), default=field.default, help="default: %(default)s")
    options = parser.parse_args()
    given = replace(Assumptions(), **{field.name: getattr(options, field.name) for field in fields(Assumptions)})
    found = [outcome(given, gpus, options.pieces, options.words) for gpus in options.gpus]
    if options.json:
        print(json.dumps({"assumptions": asdict(given), "outcomes": [asdict(one) for one in found]}, indent=2))
        return
    print(f"{options.pieces:,} pieces of {options.words:,} words; computed from assumptions, not measured")
    print("| GPUs | pieces at once on each | tokens/s | minutes | reading | times one GPU |")
    print("| ---: | ---: | ---: | ---: | ---: | ---: |")
    for one in found:
        speed = f"{one.tokens_per_second:,.0f} | {one.minutes:,.1f} | {one.reading_share:.0%}"
        print(f"| {one.gpus} | {one.at_once} | {speed} | {one.speedup:.1f} |")


if __name__ == "__main__":
    main()
