"""What three alternatives of a paragraph cost, against one of the same length.

    python bench/alternatives.py --json [--model PATH] [--tokens 200] [--rounds 3] [--prompt 100]

Both begin with the prompt in the KV cache. The best round of each counts, since other programs can only make a round
slower; one after the other, three would cost 3.0.
"""

from __future__ import annotations

import argparse
import json
import sys
import threading
import time
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))  # so that it runs as a script

from bench.forced import script
from bench.synthetic_model import DEMO_MODEL
from longwriter_ui.engine.base import Chunk, LengthGoal, LengthMode, Request, Sampling, user
from longwriter_ui.engine.llamacpp import LlamaCppEngine


def seconds(engine: LlamaCppEngine, request: Request) -> float:
    """Time of writing all variants to their length."""
    began = time.perf_counter()
    last = [e for e in engine.stream(request, threading.Event()) if isinstance(e, Chunk) and e.finish is not None]
    took = time.perf_counter() - began
    written = [chunk.written for chunk in last]
    assert len(last) == request.variants and min(written) == request.max_tokens, written
    return took


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0] if __doc__ else "")
    parser.add_argument("--model", type=Path, default=DEMO_MODEL, help="default: the demonstration model")
    parser.add_argument("--tokens", type=int, default=200)
    parser.add_argument("--prompt", type=int, default=100, help="words of the prompt")
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--json", action="store_true", help="print JSON, which is what it does anyway")
    options = parser.parse_args()
    engine = LlamaCppEngine.load(options.model)
    text = " ".join(" ".join(script(step, 0) for step in (1, 2, 3, 4)).split()[: options.prompt])
    # A goal out of reach keeps the model from ending early, so that all are equally long.
    goal = LengthGoal(100_000, "en", LengthMode.STRICT)
    one = Request((user(text),), Sampling(temperature=1.0), options.tokens, length=goal)
    three = Request((user(text),), Sampling(temperature=1.0), options.tokens, length=goal, variants=3)
    engine.reserve(engine.measure(one.conversation).total * 3 + 3 * options.tokens)
    list(engine.stream(Request(one.conversation, one.sampling, 0), threading.Event()))
    times: dict[str, list[float]] = {"one": [], "three": []}
    for _ in range(options.rounds):
        times["one"].append(seconds(engine, one))
        times["three"].append(seconds(engine, three))
    result = {
        "model": engine.info.name,
        "threads": engine.info.threads,
        "tokens": options.tokens,
        "seconds": {name: [round(value, 3) for value in values] for name, values in times.items()},
        "ratio": round(min(times["three"]) / min(times["one"]), 3),
    }
    engine.close()
    print(json.dumps(result, indent=2))


if __name__ == "__main__":
    main()
