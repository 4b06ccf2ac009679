"""Reopening a draft: its KV cache from disk, against reading it again.

    python bench/resume.py --json [--model PATH] [--tokens 12000]

One process reads a text and keeps its state; a second one restores it, then reads the same text from nothing. Loading
the model is in neither figure. The state's file is dropped from the system's memory before it is restored, as after
hours or a restart, where the system can be told to (`from_disk`). Without --model the model is a small one of random
weights.
"""

from __future__ import annotations

import argparse
import json
import os
import subprocess
import sys
import tempfile
import threading
import time
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))  # so that it runs as a script

from bench.forced import script
from bench.synthetic_model import SHAPES, write_synthetic_model
from longwriter_ui.engine.base import Conversation, Request, Sampling, user
from longwriter_ui.engine.llamacpp import LlamaCppEngine


def _text(engine: LlamaCppEngine, tokens: int) -> Conversation:
    text = " ".join(script(step, 0) for step in range(1, tokens // 500))
    ids = engine._vocabulary.tokenise(text)[:tokens]
    return (user(b"".join(map(engine._vocabulary.piece, ids)).decode("utf-8", "ignore")),)


def _read(engine: LlamaCppEngine, conversation: Conversation) -> float:
    began = time.perf_counter()
    list(engine.stream(Request(conversation, Sampling(), 0), threading.Event()))
    return time.perf_counter() - began


def _save(model: Path, states: Path, tokens: int) -> None:
    engine = LlamaCppEngine.load(model, states=states)
    _read(engine, _text(engine, tokens))
    engine.save("bench")
    engine.close()


def _forget(path: Path) -> bool:
    """Have the system drop a file from its page cache; False where it cannot be asked to."""
    if not hasattr(os, "posix_fadvise"):
        return False
    with path.open("rb") as file:
        os.fsync(file.fileno())  # what is not on the disk yet cannot be dropped
        os.posix_fadvise(file.fileno(), 0, 0, os.POSIX_FADV_DONTNEED)
    return True


def _compare(model: Path, states: Path, tokens: int) -> dict[str, object]:
    engine = LlamaCppEngine.load(model, states=states)
    conversation = _text(engine, tokens)
    engine.reserve(engine.measure(conversation).total + 1)
    state = states / "bench.kv"
    from_disk = _forget(state)
    began = time.perf_counter()
    engine.restore("bench", conversation)
    restore = time.perf_counter() - began
    measure = engine.measure(conversation)
    assert measure.unread == 1, "nothing came back"
    engine._context.cut(0)
    reread = _read(engine, conversation)
    engine.close()
    return {
        "model": engine.info.name,
        "tokens": measure.total,
        "reread_seconds": round(reread, 3),
        "restore_seconds": round(restore, 3),
        "ratio": round(restore / reread, 4),
        "bytes": state.stat().st_size,
        "from_disk": from_disk,
    }


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0] if __doc__ else "")
    parser.add_argument("--model", type=Path)
    parser.add_argument("--tokens", type=int, default=12_000)
    parser.add_argument("--json", action="store_true", help="print JSON, which is what it does anyway")
    parser.add_argument("--save-in", type=Path, help=argparse.SUPPRESS)  # the first of the two processes
    options = parser.parse_args()
    if options.save_in is not None:
        _save(options.model, options.save_in, options.tokens)
        return
    with tempfile.TemporaryDirectory() as folder:
        states = Path(folder) / "states"
        model = options.model or write_synthetic_model(Path(folder) / "tiny.gguf", SHAPES["tiny"])
        command = [sys.executable, __file__, "--model", str(model), "--tokens", str(options.tokens)]
        subprocess.run([*command, "--save-in", str(states)], check=True)
        print(json.dumps(_compare(model, states, options.tokens), indent=2))


if __name__ == "__main__":
    main()
