"""Peak memory of an engine with a context for a long piece, and what was predicted from the file's header.

    python bench/memory.py --json --model PATH [--words 10000] [--memory 16]

Loads the model in a process of its own as preflight chooses for a machine of `--memory` GB, with room for the piece,
reads a prompt of several batches and writes a few tokens. `rss_gb` is the peak of resident memory, file-mapped weights
included; `anon_gb` the part that is not backed by a file, and so cannot be dropped when memory is short.
"""

from __future__ import annotations

import argparse
import json
import re
import resource
import sys
import threading
from dataclasses import replace
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))  # so that it runs as a script

from bench.forced import script
from longwriter_ui.engine.base import Request, Sampling, user
from longwriter_ui.engine.header import read_header
from longwriter_ui.engine.llamacpp import LlamaCppEngine
from longwriter_ui.models import shape_of
from longwriter_ui.weights.fit import Machine, fit
from longwriter_ui.words import detect_language


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0] if __doc__ else "")
    parser.add_argument("--model", type=Path, required=True)
    parser.add_argument("--words", type=int, default=10_000)
    parser.add_argument("--memory", type=float, default=16, help="GB of the machine that is set up for; default: 16")
    parser.add_argument("--batch", type=int, help="read so many tokens at once, instead of what was chosen")
    parser.add_argument("--plain", action="store_true", help="without repacked weights, whatever was chosen")
    parser.add_argument("--prompt", type=int, default=800, help="words of the prompt that is read")
    parser.add_argument("--json", action="store_true", help="print JSON, which is what it does anyway")
    options = parser.parse_args()
    header = read_header(options.model)
    here = Machine.here(options.model.parent)
    machine = replace(here, memory=int(options.memory * 1e9), available=int(options.memory * 0.7e9))
    found = fit(shape_of(header), options.model.stat().st_size, machine, words=options.words)
    assert found.setup is not None
    batch, repack = options.batch or found.setup.batch, found.setup.repack and not options.plain
    setup = replace(found.setup, batch=batch, repack=repack)
    predicted = setup.bytes_for(shape_of(header), options.model.stat().st_size)
    detect_language("A program that writes has told the language of a brief, which takes memory of its own.")
    engine = LlamaCppEngine.load(options.model, context=setup.context, batch=batch, repack=repack)
    prompt = (user(" ".join(script(1, 0).split()[: options.prompt])),)
    list(engine.stream(Request(prompt, Sampling(), 8), threading.Event()))
    status = Path("/proc/self/status").read_text(encoding="utf-8")
    anonymous = int(re.findall(r"RssAnon:\s+(\d+)", status)[0]) * 1024
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * 1024
    result = {
        "model": engine.info.name,
        "words": options.words,
        "context": setup.context,
        "kv_type": found.kv_type,
        "batch": batch,
        "repack": repack,
        "rss_gb": round(peak / 1e9, 2),
        "anon_gb": round(anonymous / 1e9, 2),
        "predicted_gb": round(predicted / 1e9, 2),
        "prediction_off": round(predicted / peak - 1, 3),
    }
    engine.close()
    print(json.dumps(result, indent=2))


if __name__ == "__main__":
    main()
