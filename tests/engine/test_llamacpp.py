"""Writing with llama.cpp: seeds, limits, grammars, stop texts, cancelling, busy and closed engines."""

from __future__ import annotations

import threading
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor, wait
from pathlib import Path
from typing import Any

import pytest

from longwriter_ui.draft import FinishReason
from longwriter_ui.engine import llamacpp
from longwriter_ui.engine._llama import configure, llama
from longwriter_ui.engine.base import Chunk, Request, Sampling, assistant, user
from longwriter_ui.engine.llamacpp import LlamaCppEngine
from longwriter_ui.errors import ContextTooSmall, EngineError, NotEnoughMemory
from longwriter_ui.plan import parse_plan
from longwriter_ui.prompts import plan_grammar
from tests.engine.answers import GREEDY, ask, held
from tests.tiny_gguf import BOS, EOS

ASKED = (user("Write the next paragraph of a long piece."),)
WARM = Sampling(temperature=1.0, top_p=0.95, top_k=0, seed=11)

Load = Callable[..., LlamaCppEngine]
Make = Callable[..., Path]


@pytest.fixture
def engine(load: Load, tiny_gguf: Path) -> LlamaCppEngine:
    return load(tiny_gguf)


# sampling


def test_the_same_seed_writes_the_same_and_another_one_something_else(load: Load, tiny_gguf: Path) -> None:
    one, two = load(tiny_gguf), load(tiny_gguf)
    first = ask(one, ASKED, sampling=WARM)
    again = ask(one, ASKED, sampling=WARM)
    elsewhere = ask(two, ASKED, sampling=WARM)
    other = ask(one, ASKED, sampling=Sampling(temperature=1.0, top_p=0.95, top_k=0, seed=12))
    assert first.tokens == again.tokens == elsewhere.tokens
    assert first.text == again.text == elsewhere.text
    assert other.tokens != first.tokens


def test_the_seed_that_llama_cpp_takes_for_random_is_a_seed_too(engine: LlamaCppEngine) -> None:
    sampling = Sampling(temperature=1.0, top_k=0, top_p=1.0, seed=0xFFFFFFFF)
    assert ask(engine, ASKED, sampling=sampling).tokens == ask(engine, ASKED, sampling=sampling).tokens


def test_temperature_0_takes_the_likeliest_token_whatever_the_seed(engine: LlamaCppEngine) -> None:
    greedy = ask(engine, ASKED).tokens
    assert ask(engine, ASKED, sampling=Sampling(temperature=0.0, seed=5)).tokens == greedy
    assert ask(engine, ASKED, sampling=Sampling(temperature=1.0, top_k=1, seed=5)).tokens == greedy


@pytest.mark.parametrize(
    "sampling", [Sampling(temperature=0.0, repeat_penalty=10.0), Sampling(temperature=0.0, dry_multiplier=5.0)]
)
def test_penalties_keep_an_answer_from_repeating_the_conversation(
    load: Load, make_gguf: Make, sampling: Sampling
) -> None:
    engine = load(make_gguf(favourite="a"))
    conversation = (*ASKED, assistant("a" * 20))
    assert set(ask(engine, conversation, 20).text) == {"a"}
    assert set(ask(engine, conversation, 20, sampling=sampling).text) != {"a"}


# grammar


@pytest.mark.parametrize("language", ["en", "zh"])
@pytest.mark.parametrize("seed", [1, 2, 3])
def test_a_plan_from_random_weights_can_be_parsed(engine: LlamaCppEngine, language: str, seed: int) -> None:
    sampling = Sampling(temperature=0.25, top_k=0, top_p=1.0, seed=seed)
    answer = ask(engine, ASKED, 7000, sampling=sampling, grammar=plan_grammar(language))
    assert answer.last.finish is FinishReason.STOP
    parsed = parse_plan(answer.text)
    assert len(parsed.steps) == len(answer.text.strip().split("\n"))
    assert not parsed.unused
    assert all(step.words for step in parsed.steps)


def test_a_grammar_is_obeyed_to_the_letter_and_ends_the_answer(engine: LlamaCppEngine) -> None:
    answer = ask(engine, ASKED, grammar='root ::= "老城 🙂" [0-9]{3} "."')
    assert answer.text[:4] == "老城 🙂"
    assert answer.text[4:7].isdigit()
    assert answer.text[7:] == "."
    assert answer.last.finish is FinishReason.STOP


@pytest.mark.parametrize("grammar", ['root ::= "unclosed', "start ::= [a-z]", "root ::= missing", ""])
def test_a_malformed_grammar_is_an_error_and_the_engine_goes_on(engine: LlamaCppEngine, grammar: str) -> None:
    with pytest.raises(EngineError, match="grammar"):
        ask(engine, ASKED, grammar=grammar)
    assert ask(engine, ASKED, 3).last.written == 3


# ends


def test_an_end_token_ends_the_answer_and_is_not_kept(load: Load, make_gguf: Make) -> None:
    engine = load(make_gguf(favourite=EOS))
    answer = ask(engine, ASKED)
    assert (answer.text, answer.tokens, answer.last.written) == ("", (), 0)
    assert answer.last.finish is FinishReason.STOP
    assert held(engine) == engine._prompt(ASKED)


def test_a_bos_token_does_not_end_the_answer(load: Load, make_gguf: Make) -> None:
    engine = load(make_gguf(favourite=BOS))
    answer = ask(engine, ASKED, 5)
    assert (answer.text, answer.tokens, answer.last.written) == ("", (engine._vocabulary.bos,) * 5, 5)
    assert answer.last.finish is FinishReason.LENGTH


@pytest.mark.parametrize(
    ("grammar", "text"),
    [
        ('root ::= "The end.[INST]more"', "The end."),
        ('root ::= "[INST]" [a-z]{5}', ""),
        ('root ::= "see [INS and [/INST] there"', "see [INS and [/INST] there"),
    ],
)
def test_the_answer_ends_where_the_next_turn_would_begin(engine: LlamaCppEngine, grammar: str, text: str) -> None:
    answer = ask(engine, ASKED, grammar=grammar)
    assert answer.text == text
    assert answer.last.finish is FinishReason.STOP
    assert b"".join(map(engine._vocabulary.piece, answer.tokens)).decode() == text


def test_a_length_limit_ends_the_answer(engine: LlamaCppEngine) -> None:
    answer = ask(engine, ASKED, 7)
    assert answer.last.finish is FinishReason.LENGTH
    assert answer.last.written == 7


def test_random_bytes_come_out_as_text_with_the_ids_it_came_from(engine: LlamaCppEngine) -> None:
    for seed in range(10):
        answer = ask(engine, ASKED, 60, sampling=Sampling(temperature=2.0, top_k=0, top_p=1.0, seed=seed))
        data = b"".join(map(engine._vocabulary.piece, answer.tokens))
        assert answer.text == data.decode("utf-8", "replace")


def test_counts_and_speed_come_with_each_chunk(engine: LlamaCppEngine) -> None:
    answer = ask(engine, ASKED, 20)
    total = engine.measure(ASKED).total
    assert [chunk.written for chunk in answer.chunks] == sorted(chunk.written for chunk in answer.chunks)
    assert {(chunk.read, chunk.reused) for chunk in answer.chunks} == {(total, 0)}
    assert all(chunk.tokens_per_second > 0 for chunk in answer.chunks)
    assert [chunk.finish for chunk in answer.chunks[:-1]] == [None] * (len(answer.chunks) - 1)


# context


def test_a_setting_that_llama_cpp_does_not_have_is_an_error() -> None:
    parameters = llama.llama_context_default_params()
    configure(parameters, n_ctx=512)
    assert parameters.n_ctx == 512
    with pytest.raises(EngineError, match="'logits_all'"):
        configure(parameters, logits_all=True)


def test_a_piece_that_does_not_fit_is_refused_with_the_numbers(engine: LlamaCppEngine) -> None:
    before = ask(engine, ASKED, 5)
    with pytest.raises(ContextTooSmall) as caught:
        engine.reserve(9000)
    assert (caught.value.needed, caught.value.available) == (9000, 8192)
    assert "9,000" in caught.value.message
    assert "8,192" in caught.value.message
    assert "shorter" in caught.value.hint
    assert ask(engine, ASKED, 5).tokens == before.tokens


def test_a_prompt_that_leaves_no_room_is_refused_before_anything_is_read(load: Load, tiny_gguf: Path) -> None:
    engine = load(tiny_gguf, context=300)
    long = (user("The harbour wakes. " * 200),)
    total = engine.measure(long).total
    events = engine.stream(Request(long, GREEDY, 10), threading.Event())
    with pytest.raises(ContextTooSmall) as caught:
        next(events)
    assert (caught.value.needed, caught.value.available) == (total + 1, 300)
    assert held(engine) == []


def test_a_full_context_ends_the_answer(load: Load, tiny_gguf: Path) -> None:
    engine = load(tiny_gguf, context=64)
    assert engine.info.context == 64
    answer = ask(engine, ASKED, 1000)
    assert answer.last.finish is FinishReason.LENGTH
    assert answer.last.written == 64 - engine.measure(ASKED).total
    assert len(held(engine)) == 64


def test_a_context_beyond_what_the_model_was_trained_for_is_not_promised(load: Load, make_gguf: Make) -> None:
    assert load(make_gguf(context=1024), context=5000).info.context == 1024


def test_the_context_grows_by_itself_to_what_a_request_needs(load: Load, tiny_gguf: Path) -> None:
    engine = load(tiny_gguf)
    long = (user("The harbour wakes. " * 700),)
    total = engine.measure(long).total
    assert engine._context.size < total < 8000
    assert ask(engine, long, 3).last.read == total


class Memory:
    """Holds contexts of at most `tokens`; remembers what sizes were asked for after the first of 1,024 tokens."""

    def __init__(self, load: Load, model: Path, tokens: int, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.setattr(llamacpp, "_FIRST_CONTEXT", 1024)
        self.asked: list[int] = []
        self.engine = load(model)
        opened = self.engine._context._open

        def open_if_it_fits(size: int) -> None:
            self.asked.append(size)
            if size > tokens:
                raise NotEnoughMemory("It does not fit.")
            opened(size)

        monkeypatch.setattr(self.engine._context, "_open", open_if_it_fits)


LONG = (user("The harbour wakes. " * 75),)


def test_the_context_grows_with_the_answer_and_not_to_its_limit_at_once(
    load: Load, make_gguf: Make, monkeypatch: pytest.MonkeyPatch
) -> None:
    endless = make_gguf(never=EOS)
    memory, roomy = Memory(load, endless, 8192, monkeypatch), load(endless, context=8192)
    engine = memory.engine
    assert 400 < engine.measure(LONG).total < 1024 - 512
    stream = engine.stream(Request(LONG, GREEDY, 4000), threading.Event())
    assert next(event for event in stream if isinstance(event, Chunk) and event.written >= 50)
    stream.close()
    assert memory.asked == []
    answer = ask(engine, LONG, 700)
    assert memory.asked == [2048]
    assert answer.tokens == ask(roomy, LONG, 700).tokens
    assert held(engine) == held(roomy)


def test_an_answer_ends_where_memory_does_and_the_next_one_can_be_had(
    load: Load, make_gguf: Make, monkeypatch: pytest.MonkeyPatch
) -> None:
    memory = Memory(load, make_gguf(never=EOS), 1024, monkeypatch)
    engine = memory.engine
    answer = ask(engine, LONG, 4000)
    assert answer.last.finish is FinishReason.LENGTH
    assert answer.last.written == 1024 - engine.measure(LONG).total + 1
    assert memory.asked == [2048, 1024] and len(held(engine)) == 1024
    with pytest.raises(NotEnoughMemory):
        ask(engine, (user(LONG[0].text * 3),), 20)
    assert ask(engine, LONG, 20).tokens == answer.tokens[:20]


# one at a time


def test_a_second_stream_is_refused_while_one_runs(engine: LlamaCppEngine) -> None:
    stream = engine.stream(Request(ASKED, GREEDY, 20), threading.Event())
    next(stream)
    with pytest.raises(EngineError, match="still writing") as caught:
        ask(engine, ASKED)
    assert caught.value.retryable
    with pytest.raises(EngineError, match="still writing"):
        engine.reserve(100)
    assert [e for e in stream if isinstance(e, Chunk)][-1].written == 20
    assert ask(engine, ASKED, 2).last.written == 2


def test_a_closed_engine_says_so(load: Load, tiny_gguf: Path) -> None:
    engine = load(tiny_gguf)
    engine.close()
    engine.close()
    with pytest.raises(EngineError, match="closed"):
        ask(engine, ASKED)
    with pytest.raises(EngineError, match="closed"):
        engine.measure(ASKED)


def test_closing_waits_for_what_is_being_measured(load: Load, tiny_gguf: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """The page asks for prices in threads of its own; tokenising with a model that was freed ends the process."""
    engine = load(tiny_gguf)
    inside, go_on = threading.Event(), threading.Event()
    tokenise = engine._vocabulary.prompt

    def slowly(*arguments: Any) -> list[int]:
        inside.set()
        assert go_on.wait(60)
        return tokenise(*arguments)

    monkeypatch.setattr(engine._vocabulary, "prompt", slowly)
    with ThreadPoolExecutor(2) as threads:
        measured = threads.submit(engine.measure, ASKED)
        assert inside.wait(60)
        closed = threads.submit(engine.close)
        wait([closed], timeout=0.3)
        try:
            assert engine._model and not closed.done()
        finally:
            go_on.set()
        assert measured.result(60).total > 0
        closed.result(60)
    with pytest.raises(EngineError, match="closed"):
        engine.measure(ASKED)


def test_a_cancel_before_the_start_reads_nothing(engine: LlamaCppEngine) -> None:
    cancel = threading.Event()
    cancel.set()
    answer = ask(engine, ASKED, cancel=cancel)
    assert (answer.last.read, answer.last.written, answer.last.finish) == (0, 0, FinishReason.CANCELLED)
    assert held(engine) == []


def test_what_an_engine_says_of_itself(load: Load, make_gguf: Make, tiny_gguf: Path) -> None:
    info = load(tiny_gguf).info
    assert (info.name, info.model, info.template, info.context) == ("Tiny", "tiny.gguf", "longwriter-llama3", 8192)
    assert info.backend
    assert info.load_seconds > 0
    assert not info.demonstration
    shown = load(make_gguf(name="Tiny demonstration model")).info
    assert shown.demonstration
    assert shown.vocabulary == info.vocabulary
    assert load(make_gguf(vocabulary=150)).info.vocabulary != info.vocabulary


def test_a_model_that_loops_is_caught_within_sixty_words(load: Load, make_gguf: Make) -> None:
    engine = load(make_gguf(favourite="Ġthe"))
    request = Request(ASKED, GREEDY, 3000, guarded=True)
    chunks = [event for event in engine.stream(request, threading.Event()) if isinstance(event, Chunk)]
    assert chunks[-1].finish is FinishReason.LOOP
    assert 10 < len("".join(chunk.text for chunk in chunks).split()) <= 60
    assert len(held(engine)) <= engine.measure(ASKED).total + chunks[-1].written
    assert ask(engine, ASKED, 100).last.finish is FinishReason.LENGTH


def test_a_loop_may_repeat_an_earlier_answer(engine: LlamaCppEngine) -> None:
    earlier = " ".join(f"word{'abcdefghij'[i // 10]}{'abcdefghij'[i % 10]}" for i in range(80))
    conversation = (*ASKED, assistant(earlier), user("Go on."))
    grammar = f'root ::= "{earlier} and so on"'
    events = list(engine.stream(Request(conversation, GREEDY, 2000, grammar, guarded=True), threading.Event()))
    assert isinstance(events[-1], Chunk) and events[-1].finish is FinishReason.LOOP
    assert ask(engine, conversation, 2000, grammar=grammar).last.finish is FinishReason.STOP


def test_a_context_that_cannot_be_had_again_is_an_error_and_not_a_crash(tiny_gguf, monkeypatch):
    """Memory that is gone for a while: growing fails, so does going back, and the next request tries anew."""
    engine = LlamaCppEngine.load(tiny_gguf)
    try:
        opened = engine._context._open

        def full(size):
            raise EngineError("no memory")

        monkeypatch.setattr(engine._context, "_open", full)
        for _ in range(2):
            with pytest.raises(EngineError, match="no memory"):
                engine.reserve(6000)
        monkeypatch.setattr(engine._context, "_open", opened)
        engine.reserve(6000)
        assert engine.measure((user("again"),)).unread > 0
        request = Request((user("again"),), Sampling(), 4)
        assert list(engine.stream(request, threading.Event()))[-1].finish is not None
    finally:
        engine.close()
