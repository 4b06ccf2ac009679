"""What the engine adds to llama.cpp: tokens per second of `stream` against a bare loop that decodes and samples.

    python bench/decode.py models/some.gguf --tokens 256 --repeats 5

Prints JSON. Both write the same greedy answer with the same context; the best of the repeats counts, since other
programs can only make a run slower.
"""

from __future__ import annotations

import argparse
import json
import threading
import time
from pathlib import Path

from longwriter_ui.engine._llama import llama
from longwriter_ui.engine.base import Chunk, Request, Sampling, user
from longwriter_ui.engine.llamacpp import LlamaCppEngine

_ASKED = (user("Write a long piece about the harbour of an old town, one paragraph for each hour of the day."),)


def streamed(engine: LlamaCppEngine, tokens: int) -> tuple[int, float]:
    """Tokens written and their seconds, through the engine."""
    began, last = 0.0, None
    for event in engine.stream(Request(_ASKED, Sampling(temperature=0.0), tokens), threading.Event()):
        if isinstance(event, Chunk):
            began = began or time.perf_counter()
            last = event
    assert last is not None
    return last.written - 1, time.perf_counter() - began


def bare(engine: LlamaCppEngine, tokens: int) -> tuple[int, float]:
    """The same without the engine: decode, sample, and nothing else."""
    list(engine.stream(Request(_ASKED, Sampling(temperature=0.0), 0), threading.Event()))
    context = engine._context.pointer
    chain = llama.llama_sampler_chain_init(llama.llama_sampler_chain_default_params())
    llama.llama_sampler_chain_add(chain, llama.llama_sampler_init_greedy())
    ids = (llama.llama_token * 1)()
    batch = llama.llama_batch_get_one(ids, 1)
    ids[0] = llama.llama_sampler_sample(chain, context, -1)
    began, written = time.perf_counter(), 0
    while written < tokens - 1 and ids[0] not in engine._ends:
        llama.llama_decode(context, batch)
        ids[0] = llama.llama_sampler_sample(chain, context, -1)
        written += 1
    seconds = time.perf_counter() - began
    llama.llama_sampler_free(chain)
    # The engine does not know of what was decoded behind its back.
    engine._context.cut(len(engine._context.tokens))
    return written, seconds


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0] if __doc__ else "")
    parser.add_argument("model", type=Path)
    parser.add_argument("--tokens", type=int, default=256)
    parser.add_argument("--repeats", type=int, default=5)
    parser.add_argument("--threads", type=int)
    options = parser.parse_args()
    engine = LlamaCppEngine.load(options.model, threads=options.threads)
    engine.reserve(engine.measure(_ASKED).total + options.tokens)
    speeds: dict[str, float] = {"stream": 0.0, "bare": 0.0}
    for _ in range(options.repeats):
        for name, run in (("bare", bare), ("stream", streamed)):
            written, seconds = run(engine, options.tokens)
            speeds[name] = max(speeds[name], written / seconds)
    result = {
        "model": engine.info.model,
        "backend": engine.info.backend,
        "load_seconds": round(engine.info.load_seconds, 3),
        "tokens_per_second": {name: round(speed, 1) for name, speed in speeds.items()},
        "share_of_bare_speed": round(speeds["stream"] / speeds["bare"], 4),
    }
    print(json.dumps(result, indent=2))
    engine.close()


if __name__ == "__main__":
    main()
