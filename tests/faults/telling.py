"""How the studio in the child process tells its parent what it promised, up to the moment it is killed: lines of JSON
on a pipe, each written with one system call, so that a line is there whole or not at all."""

from __future__ import annotations

import json
import os
import threading
import time
from collections.abc import Iterator, Sequence
from typing import Any

from longwriter_ui.draft import Draft, FinishReason
from longwriter_ui.engine.base import Cancel, Chunk, Conversation, Engine, EngineInfo, Measure, Request
from longwriter_ui.events import Reading
from longwriter_ui.loops import good_part


class Teller:
    """Writes lines to the descriptor `out`, from any thread."""

    def __init__(self, out: int) -> None:
        self._out = out
        self._lock = threading.Lock()

    def tell(self, what: str, **values: object) -> None:
        line = json.dumps({"what": what, "at": time.monotonic(), **values}).encode() + b"\n"
        with self._lock:
            while line:
                line = line[os.write(self._out, line) :]


class LoudEngine:
    """An engine that tells each piece of an answer, a text or a plan's line, before it hands it over."""

    def __init__(self, engine: Engine, teller: Teller) -> None:
        self._engine = engine
        self._teller = teller
        self._answers = 0

    @property
    def info(self) -> EngineInfo:
        return self._engine.info

    def measure(self, conversation: Conversation) -> Measure:
        return self._engine.measure(conversation)

    def reserve(self, tokens: int) -> None:
        self._engine.reserve(tokens)

    def stream(self, request: Request, cancel: Cancel) -> Iterator[Reading | Chunk]:
        self._answers += 1
        number, is_plan = self._answers, request.grammar is not None
        if not is_plan and not request.guarded:  # the self-test of a model, which belongs to no draft
            yield from self._engine.stream(request, cancel)
            return
        self._teller.tell("answer", number=number, plan=is_plan, begun=request.begun)
        text = ""
        for item in self._engine.stream(request, cancel):
            if isinstance(item, Chunk) and item.text:
                text += item.text
                self._teller.tell("line" if is_plan else "piece", number=number, text=item.text)
            if isinstance(item, Chunk) and item.finish is FinishReason.LOOP:  # what repeats is taken back, not lost
                self._teller.tell("loop", number=number, good=len(good_part(request.answers, text)))
            yield item

    def stream_together(self, requests: Sequence[Request], cancel: Cancel) -> Iterator[Reading | Chunk]:
        return self._engine.stream_together(requests, cancel)

    def save(self, name: str) -> None:
        self._engine.save(name)

    def restore(self, name: str, conversation: Conversation) -> None:
        self._engine.restore(name, conversation)

    def close(self) -> None:
        self._engine.close()


def state_of(draft: Draft) -> list[Any]:
    """All of a draft that a person can see or lose, as a JSON value; without keys, which an edit may make anew."""
    paragraphs = []
    for p in draft.paragraphs:
        version = p.version
        texts = None if version is None else [version.text, version.author.value, version.finish.value]
        basis = None if version is None else [version.basis.brief, version.basis.step, version.basis.before]
        step = [p.step.main_point, p.step.words, p.step.locked, p.step.note, p.step.cue]
        paragraphs.append([step, p.status.value, p.problem, texts, basis, [offer.text for offer in p.offered]])
    return [draft.title, draft.mode.value, draft.raw_plan, draft.planning_problem, draft.proposal, paragraphs]
