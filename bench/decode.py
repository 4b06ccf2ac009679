"""Tokens per second of `stream` against llama.cpp itself, in one process and on one model.

    python bench/decode.py --json [--model models/some.gguf] [--tokens 256] [--rounds 5] [--threads N] [--cpu]

In each round four ways write a greedy answer one after the other: a bare loop over the C API that decodes and samples
and does nothing else; the engine's `stream`; the same as the studio asks, with its usual keeping of lengths and its
guard against loops (`studio`), which may end elsewhere; and `Llama.create_completion(stream=True)` of llama-cpp-python
with the same threads, context and types of cache. The best round of each counts, since other programs can only make
a round slower. `--cpu` measures the processor's time instead of the clock's, with one thread: for a busy machine.
"""

from __future__ import annotations

import argparse
import json
import sys
import threading
import time
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))  # so that it runs as a script

from bench.synthetic_model import DEMO_MODEL
from longwriter_ui.brief import Brief
from longwriter_ui.engine._llama import llama
from longwriter_ui.engine.base import Chunk, LengthGoal, LengthMode, Request, Sampling, user
from longwriter_ui.engine.llamacpp import LlamaCppEngine
from longwriter_ui.plan import Step
from longwriter_ui.prompts import opening, turn

_WORDS = 500
_STEPS = [Step(f"{point} an old harbour", _WORDS) for point in ("The morning in", "What is sold at", "Who has left")]
# As the studio asks, so that the demonstration model, too, writes for a while.
_ASKED = (user(opening(Brief.create("Write about an old harbour", 1500, "en"), _STEPS) + turn(1, _STEPS[0], "en")),)
_GREEDY = Sampling(temperature=0.0)


Clock = Callable[[], float]


def streamed(engine: LlamaCppEngine, request: Request, clock: Clock) -> tuple[int, float]:
    """Tokens after the first text and their seconds, through the engine."""
    began, first, last = 0.0, 0, None
    for event in engine.stream(request, threading.Event()):
        if isinstance(event, Chunk):
            if last is None:
                began, first = clock(), event.written
            last = event
    assert last is not None
    return last.written - first, clock() - began


def bare(engine: LlamaCppEngine, tokens: int, clock: Clock) -> tuple[int, float]:
    """The same without the engine: decode, sample, and nothing else."""
    list(engine.stream(Request(_ASKED, _GREEDY, 0), threading.Event()))
    context = engine._context.pointer
    chain = llama.llama_sampler_chain_init(llama.llama_sampler_chain_default_params())
    llama.llama_sampler_chain_add(chain, llama.llama_sampler_init_greedy())
    ids = (llama.llama_token * 1)()
    batch = llama.llama_batch_get_one(ids, 1)
    ids[0] = llama.llama_sampler_sample(chain, context, -1)
    began, written = clock(), 0
    while written < tokens - 1 and ids[0] not in engine._ends:
        llama.llama_decode(context, batch)
        ids[0] = llama.llama_sampler_sample(chain, context, -1)
        written += 1
    seconds = clock() - began
    llama.llama_sampler_free(chain)
    # The engine does not know of what was decoded behind its back.
    engine._context.cut(len(engine._context.tokens))
    return written, seconds


def high_level(model: Any, prompt: list[int], tokens: int, clock: Clock) -> tuple[int, float]:
    """The same through llama-cpp-python."""
    began, first = 0.0, 0
    for _ in model.create_completion(prompt, max_tokens=tokens, temperature=0.0, stream=True, repeat_penalty=1.0):
        if not began:
            began, first = clock(), model.n_tokens
    # It holds back text that may be part of a stop, so tokens are counted where it keeps them.
    return model.n_tokens - first, clock() - began


def compare(path: Path, tokens: int, rounds: int, threads: int | None, cpu: bool) -> dict[str, object]:
    """The figures of one model."""
    clock = time.process_time if cpu else time.perf_counter
    engine = LlamaCppEngine.load(path, threads=threads)
    engine.reserve(engine.measure(_ASKED).total + tokens)
    context = engine._context
    other = llama.Llama(
        str(path),
        n_ctx=context.size,
        n_threads=context._threads,
        n_threads_batch=context._threads,
        n_gpu_layers=-1,
        type_k=context._kv_type,
        type_v=context._kv_type,
        flash_attn=context._kv_type != llama.GGML_TYPE_F16,
        verbose=False,
    )
    prompt = engine._prompt(_ASKED)
    plain = Request(_ASKED, _GREEDY, tokens)
    goal = LengthGoal(_WORDS, "en", LengthMode.GENTLE)
    ways = {
        "raw": lambda: bare(engine, tokens, clock),
        "stream": lambda: streamed(engine, plain, clock),
        "studio": lambda: streamed(engine, replace(plain, length=goal, guarded=True), clock),
        "high_level": lambda: high_level(other, prompt, tokens, clock),
    }
    speeds: dict[str, list[float]] = {name: [] for name in ways}
    for _ in range(rounds):
        for name, run in ways.items():
            written, seconds = run()
            speeds[name].append(written / seconds)
    result = {
        "model": engine.info.model,
        "backend": engine.info.backend,
        "threads": context._threads,
        "tokens": tokens,
        "clock": "processor" if cpu else "wall",
        "tokens_per_second": {name: [round(speed, 2) for speed in rounds] for name, rounds in speeds.items()},
        "ratio_raw": round(max(speeds["stream"]) / max(speeds["raw"]), 4),
        "ratio_studio": round(max(speeds["studio"]) / max(speeds["raw"]), 4),
        "ratio_high_level": round(max(speeds["stream"]) / max(speeds["high_level"]), 4),
    }
    other.close()
    engine.close()
    return result


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0] if __doc__ else "")
    parser.add_argument("--model", type=Path, default=DEMO_MODEL, help="default: the demonstration model")
    parser.add_argument("--tokens", type=int, default=256)
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--threads", type=int)
    parser.add_argument("--cpu", action="store_true", help="measure the processor's time, with one thread")
    parser.add_argument("--json", action="store_true", help="print JSON, which is what it does anyway")
    options = parser.parse_args()
    threads = 1 if options.cpu else options.threads
    print(json.dumps(compare(options.model, options.tokens, options.rounds, threads, options.cpu), indent=2))


if __name__ == "__main__":
    main()
