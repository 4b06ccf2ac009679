"""What engine tests ask and look at."""

from __future__ import annotations

import threading
from dataclasses import dataclass

import numpy as np

from longwriter_ui.engine._llama import llama
from longwriter_ui.engine.base import Cancel, Chunk, Conversation, Engine, Part, Request, Sampling
from longwriter_ui.engine.llamacpp import LlamaCppEngine
from longwriter_ui.events import Reading

GREEDY = Sampling(temperature=0.0)


@dataclass(frozen=True)
class Answer:
    """Everything a stream gave out."""

    readings: tuple[Reading, ...]
    chunks: tuple[Chunk, ...]

    @property
    def text(self) -> str:
        return "".join(chunk.text for chunk in self.chunks)

    @property
    def tokens(self) -> tuple[int, ...]:
        return tuple(token for chunk in self.chunks for token in chunk.tokens)

    @property
    def part(self) -> Part:
        return Part(self.text, self.tokens)

    @property
    def last(self) -> Chunk:
        return self.chunks[-1]


def ask(
    engine: Engine,
    conversation: Conversation,
    max_tokens: int = 40,
    *,
    sampling: Sampling = GREEDY,
    grammar: str | None = None,
    cancel: Cancel | None = None,
) -> Answer:
    """The whole answer of an engine."""
    events = list(engine.stream(Request(conversation, sampling, max_tokens, grammar), cancel or threading.Event()))
    readings = tuple(event for event in events if isinstance(event, Reading))
    chunks = tuple(event for event in events if isinstance(event, Chunk))
    assert events == [*readings, *chunks], "reading comes before writing"
    return Answer(readings, chunks)


def logits_after(engine: LlamaCppEngine, conversation: Conversation) -> np.ndarray:
    """Logits after reading the conversation, with whatever the engine has in its cache."""
    ask(engine, conversation, 0)
    pointer = llama.llama_get_logits_ith(engine._context.pointer, -1)
    return np.ctypeslib.as_array(pointer, (engine._vocabulary.size,)).copy()


def held(engine: LlamaCppEngine) -> list[int]:
    """The tokens the engine believes to be in its KV cache, after checking that llama.cpp holds as many."""
    tokens = list(engine._context.tokens)
    memory = llama.llama_get_memory(engine._context.pointer)
    assert llama.llama_memory_seq_pos_max(memory, 0) == len(tokens) - 1
    return tokens
