"""Several answers in one batch, on the real library."""

from __future__ import annotations

import threading
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import pytest

from longwriter_ui.draft import FinishReason
from longwriter_ui.engine import llamacpp
from longwriter_ui.engine._llama import llama
from longwriter_ui.engine.base import Chunk, LengthGoal, LengthMode, Request, Sampling, assistant, user
from longwriter_ui.engine.llamacpp import LlamaCppEngine
from longwriter_ui.errors import EngineError, NotEnoughMemory
from longwriter_ui.events import Reading
from tests.engine.answers import GREEDY, Answer, ask, held, logits_after
from tests.tiny_gguf import EOS

ASKED = (user("Write the next paragraph of a long piece. " * 40),)
WARM = Sampling(temperature=1.0, top_p=0.95, seed=5)

Load = Callable[..., LlamaCppEngine]


@pytest.fixture
def engine(load: Load, tiny_gguf: Path) -> LlamaCppEngine:
    return load(tiny_gguf)


def several(engine: LlamaCppEngine, request: Request, count: int = 3) -> list[Answer]:
    """The answers of the variants."""
    events = list(engine.stream(replace(request, variants=count), threading.Event()))
    return sorted_out(events, count)


def sorted_out(events: list[Reading | Chunk], count: int) -> list[Answer]:
    readings = tuple(event for event in events if isinstance(event, Reading))
    chunks = [event for event in events if isinstance(event, Chunk)]
    return [Answer(readings, tuple(c for c in chunks if c.variant == i)) for i in range(count)]


def assert_the_next_request_leaves_one(engine: LlamaCppEngine) -> None:
    held(engine)
    ask(engine, ASKED, 0)
    held(engine)
    memory = llama.llama_get_memory(engine._context.pointer)
    assert [llama.llama_memory_seq_pos_max(memory, i) for i in range(1, 4)] == [-1, -1, -1]


def test_greedy_variants_are_all_what_one_alone_is(engine: LlamaCppEngine) -> None:
    alone = ask(engine, ASKED, 30)
    answers = several(engine, Request(ASKED, GREEDY, 30))
    assert [answer.tokens for answer in answers] == [alone.tokens] * 3
    assert [answer.last.finish for answer in answers] == [FinishReason.LENGTH] * 3
    assert [answer.last.written for answer in answers] == [30] * 3
    assert_the_next_request_leaves_one(engine)


def test_each_variant_has_a_seed_of_its_own_and_can_be_repeated(load: Load, tiny_gguf: Path) -> None:
    one, two = load(tiny_gguf), load(tiny_gguf)
    request = Request(ASKED, WARM, 30)
    first, again = several(one, request), several(two, request)
    assert [a.text for a in first] == [a.text for a in again]
    assert len({a.text for a in first}) == 3
    assert first[0].tokens == ask(two, ASKED, 30, sampling=WARM).tokens


def test_the_prompt_is_read_once(engine: LlamaCppEngine) -> None:
    total = engine.measure(ASKED).total
    answers = several(engine, Request(ASKED, WARM, 10))
    # What they share, and the last token for each of them.
    assert sum(answer.last.read for answer in answers) == total + 2
    assert [answer.last.read + answer.last.reused for answer in answers] == [total] * 3
    assert answers[0].readings[0].done == 0 and answers[0].readings[-1].done == answers[0].readings[-1].total
    assert sum(answer.last.read for answer in several(engine, Request(ASKED, WARM, 10))) == 3


def test_afterwards_the_cache_is_the_same_as_a_cold_one(load: Load, tiny_gguf: Path) -> None:
    warm, cold = load(tiny_gguf), load(tiny_gguf)
    answers = several(warm, Request(ASKED, WARM, 25))
    for answer in answers:
        conversation = (*ASKED, assistant(answer.part), user("And the next one."))
        assert abs(logits_after(warm, conversation) - logits_after(cold, conversation)).max() < 1e-3
        assert held(warm) == held(cold)


@pytest.mark.parametrize("chosen", [0, 1, 2])
def test_whichever_is_chosen_is_not_read_again(load: Load, tiny_gguf: Path, chosen: int) -> None:
    warm, cold = load(tiny_gguf), load(tiny_gguf)
    answers = several(warm, Request(ASKED, WARM, 25))
    going_on = (*ASKED, assistant(answers[chosen].part), user("And the next one."))
    unread = warm.measure(going_on).unread
    new = warm.measure(going_on).total - warm.measure((*ASKED, assistant(answers[chosen].part))).total
    assert unread in (new, new + 1)  # the last token of an answer that came to its limit was not computed
    answer = ask(warm, going_on, 20)
    assert answer.last.read == unread
    assert answer.tokens == ask(cold, going_on, 20).tokens
    assert held(warm) == held(cold)
    assert abs(logits_after(warm, going_on) - logits_after(cold, going_on)).max() < 1e-3


def test_what_is_kept_beside_goes_when_the_context_grows(load: Load, tiny_gguf: Path) -> None:
    engine, cold = load(tiny_gguf), load(tiny_gguf)
    answers = several(engine, Request(ASKED, WARM, 25))
    engine.reserve(6000)
    going_on = (*ASKED, assistant(answers[2].part), user("And the next one."))
    assert ask(engine, going_on, 20).tokens == ask(cold, going_on, 20).tokens
    assert_the_next_request_leaves_one(engine)


def test_several_answers_take_room_for_their_prompt_once(load: Load, tiny_gguf: Path) -> None:
    engine = load(tiny_gguf)
    asked = (user(ASKED[0].text * 6),)
    engine.reserve(engine.measure(asked).total)
    several(engine, Request(asked, GREEDY, 20))
    assert engine._context.size < 2 * engine.measure(asked).total


def test_requests_with_different_prompts_share_what_they_have_in_common(load: Load, tiny_gguf: Path) -> None:
    engine, other = load(tiny_gguf), load(tiny_gguf)
    conversations = [(user(ASKED[0].text + end),) for end in ("Begin with rain.", "Begin with the sun.", "End.")]
    requests = [Request(conversation, GREEDY, 20) for conversation in conversations]
    answers = sorted_out(list(engine.stream_together(requests, threading.Event())), 3)
    assert [a.tokens for a in answers] == [ask(other, conversation, 20).tokens for conversation in conversations]
    total = engine.measure(ASKED).total
    assert sum(a.last.read for a in answers) < total + 60
    assert_the_next_request_leaves_one(engine)


def test_what_does_not_fit_at_once_waits(load: Load, tiny_gguf: Path) -> None:
    engine = load(tiny_gguf, context=700)
    total = engine.measure(ASKED).total
    answers = several(engine, Request(ASKED, GREEDY, 500 - total), 5)
    assert len({answer.tokens for answer in answers}) == 1
    assert all(answer.last.finish is FinishReason.LENGTH for answer in answers)


def test_what_memory_does_not_hold_at_once_waits(load: Load, tiny_gguf: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(llamacpp, "_FIRST_CONTEXT", 1024)
    engine, roomy = load(tiny_gguf), load(tiny_gguf)
    opened = engine._context._open
    two = (1024 - engine.measure(ASKED).total) // 2 - 20  # a batch of two fits, one of three does not

    def open_if_it_fits(size: int) -> None:
        if size > 1024:
            raise NotEnoughMemory("It does not fit.")
        opened(size)

    monkeypatch.setattr(engine._context, "_open", open_if_it_fits)
    answers, expected = (several(one, Request(ASKED, WARM, two)) for one in (engine, roomy))
    assert [answer.tokens for answer in answers] == [answer.tokens for answer in expected]
    assert engine._context.size == 1024 < roomy._context.size


def test_answers_end_one_by_one(load: Load, make_gguf: Callable[..., Path]) -> None:
    engine = load(make_gguf(favourite=EOS))
    lengths = [LengthGoal(words, "en", LengthMode.STRICT) for words in (12, 60, 30)]
    requests = [Request(ASKED, GREEDY, 3000, length=length) for length in lengths]
    answers = sorted_out(list(engine.stream_together(requests, threading.Event())), 3)
    assert [answer.last.finish for answer in answers] == [FinishReason.STOP] * 3
    assert answers[0].last.written < answers[2].last.written < answers[1].last.written
    assert_the_next_request_leaves_one(engine)


@pytest.mark.parametrize("when", ["before", "while writing", "abandoned"])
def test_stopping_leaves_the_cache_exact(load: Load, tiny_gguf: Path, when: str) -> None:
    warm, cold = load(tiny_gguf), load(tiny_gguf)
    cancel = threading.Event()
    if when == "before":
        cancel.set()
    stream = warm.stream(Request(ASKED, WARM, 500, variants=3), cancel)
    chunks = []
    for event in stream:
        if isinstance(event, Chunk):
            chunks.append(event)
            if event.written > 10:
                if when == "abandoned":
                    break
                cancel.set()
    stream.close()  # type: ignore[attr-defined]
    if when != "abandoned":
        assert [c.finish for c in chunks if c.finish] == [FinishReason.CANCELLED] * 3
    assert_the_next_request_leaves_one(warm)
    assert abs(logits_after(warm, ASKED) - logits_after(cold, ASKED)).max() < 1e-3
    assert ask(warm, ASKED, 10).tokens == ask(cold, ASKED, 10).tokens


def test_one_stream_at_a_time(engine: LlamaCppEngine) -> None:
    stream = engine.stream(Request(ASKED, GREEDY, 10, variants=2), threading.Event())
    next(stream)
    with pytest.raises(EngineError, match="still writing"):
        ask(engine, ASKED)
    assert len([e for e in stream if isinstance(e, Chunk) and e.finish]) == 2
