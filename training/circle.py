"""The circle on small models: short answers, then SFT on long ones, then preferences between the model's own answers.

    python -m training.circle [--out FOLDER]

1. A model of half a million parameters is trained from nothing on answers of up to 200 words (`training.longest`).
2. `training.sft` tunes it on answers of up to 800 words.
3. The tuned model answers requests several times; of each request the best and the worst answer make a pair, by length
   score less repetition. `training.dpo` tunes on these pairs.

Each model then answers the same held-out requests; circle.md, circle.json and circle.png in the folder compare them.
Whatever is there already is not made again, so an interrupted run goes on.
"""

import argparse
import json
import random
import time
from dataclasses import asdict
from pathlib import Path

from . import direct, lengths, longest
from .demo import keep_memory
from .dpo import Dpo
from .dpo import run as prefer
from .lengths import Written
from .sft import Sft
from .sft import run as tune
from .speaker import Model
from .train import OUT
from .voice import voice

_ROW = 1536  # tokens; the longest conversation fits
_APART = 15.0  # how far the values of two answers must be apart to make a pair
_MESSAGE = ("user", "assistant")


def _lines(path: Path, values: list[dict]) -> str:
    path.write_text("".join(json.dumps(value) + "\n" for value in values), encoding="utf-8")
    return str(path)


def write_chats(path: Path, count: int) -> str:
    """Conversations of the grammar with one answer of 50 to 800 words, as the data for SFT."""
    rng = random.Random("long answers")
    turns = [direct.piece(voice("en"), direct.LONGEST, rng) for _ in range(count)]
    chats = [[{"role": r, "content": c} for r, c in zip(_MESSAGE, turn, strict=True)] for turn in turns]
    return _lines(path, [{"messages": chat} for chat in chats])


def pair_of(answers: list[Written]) -> dict | None:
    """The best and the worst of the answers to one request that ended, where they are far enough apart."""
    ended = sorted((a for a in answers if a.ended and a.text.strip()), key=lambda a: a.value)
    if len(ended) < 2 or ended[-1].value - ended[0].value < _APART:
        return None
    told = {
        name: [{"role": "assistant", "content": a.text}] for name, a in (("chosen", ended[-1]), ("rejected", ended[0]))
    }
    return {"prompt": [{"role": "user", "content": ended[0].request}], **told}


def write_pairs(path: Path, model: Path, count: int, tries: int, threads: int) -> str:
    """Pairs of the model's own answers to `count` requests, each answered `tries` times."""
    speaker, rng = Model(model, 4096, threads), random.Random("preferences")
    pairs = []
    for number in range(count):
        asked = direct.PAGE * rng.randint(1, direct.LONGEST // direct.PAGE)
        request = lengths.request(asked, rng)
        answers = [lengths.write(speaker, request, asked, 100 * number + i) for i in range(tries)]
        pairs += filter(None, [pair_of(answers)])
    print(f"{len(pairs)} pairs of {count} requests", flush=True)
    return _lines(path, pairs)


def run(options: argparse.Namespace) -> dict[str, dict[str, float]]:
    """All three steps and their figures."""
    out, threads = options.out, options.threads
    out.mkdir(parents=True, exist_ok=True)
    seconds: dict[str, float] = {}

    def timed(name: str, began: float) -> None:
        seconds[name] = round(time.perf_counter() - began)
        print(f"{name}: {seconds[name]} s", flush=True)

    began = time.perf_counter()
    base = out / f"longest-{min(longest.LONGEST)}.gguf"
    if not base.exists():
        longest.train_one(min(longest.LONGEST), options.steps, out, threads)
        timed("training from nothing", began)

    began = time.perf_counter()
    tuned = out / "sft" / "model.gguf"
    shared = {"length": _ROW, "decay": 0.01, "threads": threads, "save_every": 50}
    if not tuned.exists():
        chats = write_chats(out / "chats.jsonl", options.chats)
        tune(
            Sft(data=chats, base=str(base), rate=options.sft_rate, batch=1, epochs=options.epochs, **shared),
            out / "sft",
        )
        timed("SFT", began)

    began = time.perf_counter()
    preferred = out / "dpo" / "model.gguf"
    if not preferred.exists():
        pairs = out / "pairs.jsonl"
        if not pairs.exists():
            write_pairs(pairs, tuned, options.requests, options.tries, threads)
            timed("pairs", began)
            began = time.perf_counter()
        settings = Dpo(
            str(pairs), str(tuned), options.dpo_rate, batch=8, at_once=2, epochs=3, beta=0.1, sft=0.2, **shared
        )
        prefer(settings, out / "dpo")
        timed("DPO", began)

    began = time.perf_counter()
    stages = {"up to 200 words": base, "SFT up to 800": tuned, "DPO": preferred}
    found = {name: lengths.measure(path, options.each, threads) for name, path in stages.items()}
    timed("measuring", began)
    figures = {name: lengths.figures(answers) for name, answers in found.items()}
    given = {name: str(value) if isinstance(value, Path) else value for name, value in vars(options).items()}
    answers = {name: [asdict(w) for w in written] for name, written in found.items()}
    values = {"options": given, "seconds": seconds, "figures": figures, "answers": answers}
    (out / "circle.json").write_text(json.dumps(values, indent=1) + "\n", encoding="utf-8")
    (out / "circle.md").write_text(lengths.table(figures) + "\n", encoding="utf-8")
    lengths.draw(out / "circle.png", found)
    print(lengths.table(figures))
    return figures


def options_of(arguments: list[str] | None = None) -> argparse.Namespace:
    """The command line; the defaults are those of the full run."""
    parser = argparse.ArgumentParser(description="Short answers, SFT on long ones, preferences: on small models.")
    parser.add_argument("--out", type=Path, default=OUT / "circle")
    parser.add_argument("--threads", type=int, default=2)
    parser.add_argument("--steps", type=int, default=longest.STEPS, help="of training from nothing")
    parser.add_argument("--chats", type=int, default=1500, help="conversations for SFT")
    parser.add_argument("--epochs", type=float, default=1.0, help="of SFT")
    parser.add_argument("--sft-rate", type=float, default=4e-3)
    parser.add_argument("--requests", type=int, default=120, help="answered for pairs")
    parser.add_argument("--tries", type=int, default=4, help="answers to each of them")
    parser.add_argument("--dpo-rate", type=float, default=1e-4)
    parser.add_argument("--each", type=int, default=16, help="answers measured for each length")
    return parser.parse_args(arguments)


def main() -> None:
    """The command line."""
    options = options_of()
    keep_memory("training.circle")
    run(options)


if __name__ == "__main__":
    main()
