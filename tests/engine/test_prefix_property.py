"""Whatever was asked before, an answer is the one of an engine whose cache is empty: any conversation, on llama.cpp."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from longwriter_ui.engine.base import Chunk, Conversation, Part, Request, Sampling, assistant, user
from longwriter_ui.engine.llamacpp import LlamaCppEngine
from tests.engine.answers import GREEDY, ask, held

SENTENCES = (
    "The harbour wakes before the sun does. ",
    "Write the next paragraph. ",
    "老城沿着河慢慢长大。",
    "[INST] <|note|> ",
)


@pytest.fixture(scope="module")
def engines(tiny_gguf: Path) -> Iterator[tuple[LlamaCppEngine, LlamaCppEngine]]:
    warm, cold = LlamaCppEngine.load(tiny_gguf), LlamaCppEngine.load(tiny_gguf)
    yield warm, cold
    warm.close()
    cold.close()


STEPS = st.lists(
    st.one_of(
        st.tuples(st.just("go on"), st.sampled_from(SENTENCES), st.integers(1, 30)),
        st.tuples(st.just("edit"), st.sampled_from(SENTENCES), st.integers(0, 6)),
        st.tuples(st.just("go back"), st.just(""), st.integers(0, 6)),
        st.tuples(st.just("anew"), st.sampled_from(SENTENCES), st.integers(1, 60)),
        st.tuples(st.just("stop"), st.sampled_from(SENTENCES), st.integers(0, 12)),
        st.tuples(st.just("choose"), st.sampled_from(SENTENCES), st.integers(2, 3)),
        st.tuples(st.just("grow"), st.just(""), st.integers(1, 6)),
    ),
    min_size=1,
    max_size=6,
)


@settings(max_examples=15, deadline=None, suppress_health_check=list(HealthCheck))
@given(STEPS)
def test_an_engine_with_a_past_writes_what_one_without_writes(
    engines: tuple[LlamaCppEngine, LlamaCppEngine], steps: list[tuple[str, str, int]]
) -> None:
    warm, cold = engines
    conversation: Conversation = (user("Write about the harbour."),)
    for what, text, number in steps:
        if what == "go on":
            answer = ask(warm, conversation, number)
            conversation = (*conversation, assistant(answer.part), user(text))
        elif what == "edit":  # somebody changed an earlier turn, whose ids are not known any more
            at = number % len(conversation)
            changed = user(text) if at % 2 == 0 else assistant(Part(text))
            conversation = (*conversation[:at], changed, *conversation[at + 1 :])
        elif what == "go back":
            conversation = conversation[: max(1, len(conversation) - 2 * (number % 3))]
        elif what == "anew":
            conversation = (user(text * number),)
        elif what == "stop":
            cancel = threading.Event()
            for event in warm.stream(Request((*conversation[:-1], user(text)), GREEDY, 40), cancel):
                if isinstance(event, Chunk) and event.written >= number:
                    cancel.set()
        elif what == "choose":
            request = Request(conversation, Sampling(temperature=1.0, seed=3), 12, variants=number)
            chunks = [c for c in warm.stream(request, threading.Event()) if isinstance(c, Chunk) and c.variant == 1]
            chosen = Part("".join(c.text for c in chunks), tuple(t for c in chunks for t in c.tokens))
            conversation = (*conversation, assistant(chosen), user(text))
        else:
            warm.reserve(1024 * number)
        cold._context.cut(0)
        expected = ask(cold, conversation, 12)
        assert ask(warm, conversation, 12).tokens == expected.tokens
        assert held(warm) == held(cold)
