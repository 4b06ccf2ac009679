"""What every engine promises, whatever it is made of; see `longwriter_ui/engine/base.py`."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from longwriter_ui.draft import FinishReason
from longwriter_ui.engine.base import Chunk, Engine, Part, Request, Sampling, assistant, user
from longwriter_ui.engine.llamacpp import LlamaCppEngine
from longwriter_ui.engine.scripted import ScriptedEngine
from longwriter_ui.errors import ContextTooSmall, EngineError
from longwriter_ui.events import Reading
from tests.engine.answers import GREEDY, ask

ASKED = (user("Write the next paragraph of a long piece."),)
LONG = (user("The harbour wakes before the sun does. " * 120),)  # several batches for every engine
TEXT = "The harbour wakes before the sun does. " * 20

OpenEngine = Callable[..., Engine]


@pytest.fixture(params=["llamacpp", "scripted"])
def open_engine(request: pytest.FixtureRequest, tiny_gguf: Path) -> Iterator[OpenEngine]:
    """Opens engines with a context of so many tokens."""
    opened: list[Engine] = []

    def open_one(context: int = 8192, states: Path | None = None) -> Engine:
        if request.param == "llamacpp":
            opened.append(LlamaCppEngine.load(tiny_gguf, context=context, states=states))
        else:
            opened.append(ScriptedEngine(lambda _: TEXT, context=context))
        return opened[-1]

    yield open_one
    for engine in opened:
        engine.close()


@pytest.fixture
def engine(open_engine: OpenEngine) -> Engine:
    return open_engine()


def test_it_says_who_it_is(engine: Engine) -> None:
    info = engine.info
    assert all([info.name, info.model, info.template, info.vocabulary, info.backend])
    assert info.context == 8192
    assert info.load_seconds >= 0


@pytest.mark.parametrize("conversation", [ASKED, LONG])
def test_reading_is_told_from_nothing_to_all(engine: Engine, conversation: tuple) -> None:
    measure = engine.measure(conversation)
    answer = ask(engine, conversation, 5)
    done = [reading.done for reading in answer.readings]
    assert done[0] == 0
    assert done == sorted(set(done))
    assert done[-1] == measure.unread == measure.total
    assert {(r.total, r.reused) for r in answer.readings} == {(measure.total, 0)}
    assert len(done) == 2 if conversation is ASKED else len(done) > 2


def test_only_the_last_chunk_says_why_it_ended(engine: Engine) -> None:
    answer = ask(engine, ASKED, 30)
    assert [chunk.finish is None for chunk in answer.chunks] == [True] * (len(answer.chunks) - 1) + [False]


def test_counts_are_totals_of_the_request(engine: Engine) -> None:
    answer = ask(engine, ASKED, 30)
    written = [chunk.written for chunk in answer.chunks]
    assert written == sorted(written)
    assert answer.last.written == 30
    assert answer.last.read + answer.last.reused == engine.measure(ASKED).total


def test_a_length_limit_is_a_finish_reason(engine: Engine) -> None:
    answer = ask(engine, ASKED, 12)
    assert answer.last.finish is FinishReason.LENGTH
    assert answer.last.written == 12


def test_the_same_request_gives_the_same_answer(open_engine: OpenEngine) -> None:
    sampling = Sampling(temperature=1.0, top_k=0, seed=4)
    one, two = open_engine(), open_engine()
    first, again, other = (ask(e, ASKED, 30, sampling=sampling) for e in (one, one, two))
    assert first.text == again.text == other.text
    assert first.tokens == again.tokens == other.tokens


def test_a_conversation_that_only_grew_costs_only_what_is_new(engine: Engine) -> None:
    first = ask(engine, ASKED, 20)
    conversation = (*ASKED, assistant(first.part), user("And now the next one."))
    total = engine.measure(conversation).total
    before = engine.measure(conversation[:2]).total
    answer = ask(engine, conversation, 5)
    # One token of slack: an answer that was cut off may leave its last token to be read.
    assert total - before <= answer.last.read <= total - before + 1
    assert answer.last.read + answer.last.reused == total


def test_measuring_changes_nothing(engine: Engine) -> None:
    ask(engine, ASKED, 5)
    before = engine.measure(ASKED)
    engine.measure(LONG)
    assert engine.measure(ASKED) == before


def test_the_same_conversation_again_reads_one_token(engine: Engine) -> None:
    ask(engine, ASKED, 5)
    assert engine.measure(ASKED).unread == 1
    assert ask(engine, ASKED, 5).last.read == 1


def test_generated_ids_come_back_as_they_were(engine: Engine) -> None:
    answer = ask(engine, ASKED, 20)
    with_ids = engine.measure((*ASKED, assistant(answer.part))).total
    assert with_ids == engine.measure((*ASKED, assistant(Part("", ())))).total + len(answer.tokens)


def test_a_cancel_before_the_start_writes_nothing(engine: Engine) -> None:
    cancel = threading.Event()
    cancel.set()
    answer = ask(engine, LONG, 10, cancel=cancel)
    assert answer.text == ""
    assert answer.last.finish is FinishReason.CANCELLED
    assert answer.last.written == 0
    assert ask(engine, ASKED, 10).last.written == 10


def test_a_cancel_while_writing_ends_it_and_keeps_what_was_written(engine: Engine) -> None:
    whole = ask(engine, ASKED, 60)
    cancel = threading.Event()
    chunks = []
    for event in engine.stream(Request(ASKED, GREEDY, 60), cancel):
        if isinstance(event, Chunk):
            chunks.append(event)
            if event.text:
                cancel.set()
    assert chunks[-1].finish is FinishReason.CANCELLED
    text = "".join(chunk.text for chunk in chunks)
    assert 0 < len(text) < len(whole.text)
    assert whole.text.startswith(text)
    assert ask(engine, ASKED, 60).text == whole.text


def test_a_consumer_that_stops_listening_does_no_harm(engine: Engine) -> None:
    whole = ask(engine, ASKED, 40)
    stream = engine.stream(Request(ASKED, GREEDY, 40), threading.Event())
    while not isinstance(next(stream), Chunk):
        pass
    stream.close()  # type: ignore[attr-defined]
    assert ask(engine, ASKED, 40).text == whole.text


def test_one_stream_at_a_time(engine: Engine) -> None:
    stream = engine.stream(Request(ASKED, GREEDY, 10), threading.Event())
    assert isinstance(next(stream), Reading)
    with pytest.raises(EngineError) as caught:
        ask(engine, ASKED)
    assert caught.value.retryable
    assert list(stream)[-1].finish is FinishReason.LENGTH  # type: ignore[union-attr]


def test_what_cannot_fit_is_refused_with_both_numbers(open_engine: OpenEngine) -> None:
    engine = open_engine(64)
    engine.reserve(64)
    with pytest.raises(ContextTooSmall) as caught:
        engine.reserve(65)
    assert (caught.value.needed, caught.value.available) == (65, 64)
    assert caught.value.hint
    with pytest.raises(ContextTooSmall) as caught:
        ask(engine, LONG)
    assert caught.value.needed > caught.value.available == 64
    assert ask(engine, (user("Go on."),), 3).last.written == 3


def test_a_full_context_ends_the_answer_by_length(open_engine: OpenEngine) -> None:
    engine = open_engine(64)
    answer = ask(engine, (user("Go on."),), 1000)
    assert answer.last.finish is FinishReason.LENGTH
    assert answer.last.read + answer.last.written == 64


def test_variants_come_marked_and_each_has_its_end(engine: Engine) -> None:
    request = Request(ASKED, Sampling(temperature=1.0, seed=3), 12, variants=3)
    chunks = [event for event in engine.stream(request, threading.Event()) if isinstance(event, Chunk)]
    for variant in range(3):
        own = [chunk for chunk in chunks if chunk.variant == variant]
        assert [chunk.finish is None for chunk in own] == [True] * (len(own) - 1) + [False]
        assert own[-1].written == 12
        assert own[-1].read + own[-1].reused == engine.measure(ASKED).total
    total = engine.measure(ASKED).total
    assert sum(chunk.read for chunk in chunks if chunk.finish) <= total + 2
    assert ask(engine, ASKED, 5).last.written == 5


def test_what_was_saved_is_not_read_again(open_engine: OpenEngine, tmp_path: Path) -> None:
    engine = open_engine(states=tmp_path / "states")
    ask(engine, LONG, 5)
    engine.save("draft")
    ask(engine, ASKED, 5)
    engine.restore("nothing", LONG)
    assert engine.measure(LONG).unread > 100
    engine.restore("draft", LONG)
    assert engine.measure(LONG).unread == 1
