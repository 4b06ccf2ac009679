"""A cached context is the same as a cold one, and exactly what is new is read: on the real library."""

from __future__ import annotations

import threading
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest

from longwriter_ui.brief import Brief
from longwriter_ui.draft import FinishReason
from longwriter_ui.engine.base import Chunk, Conversation, Part, Request, assistant, user
from longwriter_ui.engine.llamacpp import LlamaCppEngine
from longwriter_ui.errors import EngineError
from longwriter_ui.events import Reading
from longwriter_ui.plan import Step
from longwriter_ui.prompts import agentwrite, amendment, opening, turn
from tests.engine.answers import GREEDY, Answer, ask, held, logits_after

BRIEF = Brief("Write about the harbour", 900, "en")
STEPS = tuple(Step(f"What happens at hour {n} in the old town", 300) for n in range(1, 4))
FIRST = opening(BRIEF, STEPS) + turn(1, STEPS[0], "en")
SECOND = turn(2, STEPS[1], "en")
THIRD = turn(3, STEPS[2], "en")

Load = Callable[..., LlamaCppEngine]


@pytest.fixture
def warm(load: Load, tiny_gguf: Path) -> LlamaCppEngine:
    return load(tiny_gguf)


@pytest.fixture
def cold(load: Load, tiny_gguf: Path) -> LlamaCppEngine:
    """An engine whose cache never saw what the other one saw."""
    return load(tiny_gguf)


def written(engine: LlamaCppEngine) -> tuple[Conversation, Answer, Answer]:
    """Two paragraphs, written one after the other."""
    one = ask(engine, (user(FIRST),))
    conversation = (user(FIRST), assistant(one.part), user(SECOND))
    two = ask(engine, conversation)
    return (*conversation, assistant(two.part)), one, two


def assert_same_as_cold(warm: LlamaCppEngine, cold: LlamaCppEngine, conversation: Conversation) -> None:
    difference = np.abs(logits_after(warm, conversation) - logits_after(cold, conversation))
    assert difference.max() < 1e-3
    assert held(warm) == held(cold)
    assert ask(warm, conversation).tokens == ask(cold, conversation).tokens


def test_the_logits_of_the_tiny_model_depend_on_the_whole_context(cold: LlamaCppEngine) -> None:
    """Otherwise the comparisons below would prove nothing."""
    a = logits_after(cold, (user("The harbour wakes before the sun does."),))
    b = logits_after(cold, (user("the harbour wakes before the sun does."),))
    assert np.abs(a - b).max() > 0.1


def test_the_next_paragraph_reads_its_turn_and_the_last_token_only(warm: LlamaCppEngine, cold: LlamaCppEngine) -> None:
    conversation, _, two = written(warm)
    conversation = (*conversation, user(THIRD))
    total = cold.measure(conversation).total
    before = cold.measure((*conversation[:-1],)).total
    three = ask(warm, conversation)
    # The paragraph reached its length, so its last token was given out but not decoded yet.
    assert two.last.finish is FinishReason.LENGTH
    assert three.last.read == total - before + 1
    assert three.last.reused == before - 1
    assert three.readings == (
        Reading(0, three.last.read, before - 1),
        Reading(three.last.read, three.last.read, before - 1),
    )
    assert_same_as_cold(warm, cold, conversation)


def test_an_answer_that_ended_by_itself_is_in_the_cache_whole(warm: LlamaCppEngine) -> None:
    one = ask(warm, (user(FIRST),), grammar='root ::= "The old town."')
    assert one.text == "The old town."
    assert one.last.finish is FinishReason.STOP
    following = (user(FIRST), assistant(one.part), user(SECOND))
    prefix = warm.measure(following[:2]).total
    assert warm.measure(following).unread == warm.measure(following).total - prefix
    assert ask(warm, following).last.reused == prefix


def test_after_a_plan_amendment_only_the_amended_turn_is_read(warm: LlamaCppEngine, cold: LlamaCppEngine) -> None:
    conversation, _, _ = written(warm)
    before = cold.measure(conversation).total
    amended = (Step("Only the lighthouse", 200),)
    conversation = (*conversation, user(amendment(amended, 3, "en") + turn(3, amended[0], "en")))
    answer = ask(warm, conversation)
    assert answer.last.reused == before - 1
    assert answer.last.read == cold.measure(conversation).total - before + 1
    assert_same_as_cold(warm, cold, conversation)


def test_a_rewrite_reads_one_token(warm: LlamaCppEngine, cold: LlamaCppEngine) -> None:
    conversation, _, two = written(warm)
    again = ask(warm, conversation[:-1])
    assert (again.last.read, again.last.reused) == (1, cold.measure(conversation[:-1]).total - 1)
    assert again.tokens == two.tokens
    assert_same_as_cold(warm, cold, conversation[:-1])


def test_an_edit_of_an_earlier_paragraph_reads_from_there_on(warm: LlamaCppEngine, cold: LlamaCppEngine) -> None:
    _, one, two = written(warm)
    kept = cold.measure((user(FIRST),)).total
    edited = (user(FIRST), assistant("Somebody rewrote this."), user(SECOND), assistant(two.part), user(THIRD))
    total = cold.measure(edited).total
    assert warm.measure(edited).unread == total - kept
    answer = ask(warm, edited)
    assert (answer.last.read, answer.last.reused) == (total - kept, kept)
    assert_same_as_cold(warm, cold, edited)
    # And back: what was there before the edit is still shared.
    assert warm.measure((user(FIRST), assistant(one.part))).unread == len(one.tokens)


def test_a_stopped_paragraph_goes_on_without_reading(warm: LlamaCppEngine, cold: LlamaCppEngine) -> None:
    whole = ask(cold, (user(FIRST),), 30)
    begun = ask(warm, (user(FIRST),), 12)
    conversation = (user(FIRST), assistant(begun.part))
    rest = ask(warm, conversation, 30 - len(begun.tokens))
    assert rest.last.read == 1 + begun.last.written - len(begun.tokens)
    assert begun.tokens + rest.tokens == whole.tokens
    assert_same_as_cold(warm, cold, conversation)


def test_agentwrite_keeps_everything_before_the_text_that_is_new(warm: LlamaCppEngine, cold: LlamaCppEngine) -> None:
    one = ask(warm, agentwrite(BRIEF, STEPS, 0, []))
    two = ask(warm, agentwrite(BRIEF, STEPS, 1, [one.part]))
    third = agentwrite(BRIEF, STEPS, 2, [one.part, two.part])
    head = agentwrite(BRIEF, STEPS, 2, [])[0].parts[0]
    shared = warm._vocabulary.tokenise("[INST]" + head.text) + list(one.tokens)
    answer = ask(warm, third)
    assert answer.last.reused >= len(shared)
    assert answer.last.reused + answer.last.read == cold.measure(third).total
    assert answer.last.read < cold.measure(third).total - len(shared)
    assert_same_as_cold(warm, cold, third)


def test_a_cancel_while_reading_keeps_what_was_read(warm: LlamaCppEngine, cold: LlamaCppEngine) -> None:
    long = (user("The harbour wakes before the sun does. " * 200),)
    total = cold.measure(long).total
    assert total > 1024
    cancel = threading.Event()
    events = []
    for event in warm.stream(Request(long, GREEDY, 10), cancel):
        events.append(event)
        if isinstance(event, Reading) and event.done:
            cancel.set()
    assert events == [
        Reading(0, total, 0),
        Reading(512, total, 0),
        Chunk("", (), 512, 0, 0, 0.0, FinishReason.CANCELLED),
    ]
    assert len(held(warm)) == 512
    assert ask(warm, long, 1).last.reused == 512
    assert_same_as_cold(warm, cold, long)


def test_a_cancel_while_writing_leaves_the_cache_exact(warm: LlamaCppEngine, cold: LlamaCppEngine) -> None:
    cancel = threading.Event()
    chunks = []
    for event in warm.stream(Request((user(FIRST),), GREEDY, 1000), cancel):
        if isinstance(event, Chunk):
            chunks.append(event)
            if event.written >= 20:
                cancel.set()
    assert chunks[-1].finish is FinishReason.CANCELLED
    assert chunks[-1].written < 1000
    part = Answer((), tuple(chunks)).part
    prompt = cold.measure((user(FIRST),)).total
    assert prompt + len(part.tokens) - 1 <= len(held(warm)) <= prompt + chunks[-1].written
    assert_same_as_cold(warm, cold, (user(FIRST), assistant(part)))


class OnlyTheWatcherSees:
    """A cancel that shows itself only to the thread that stops computations, never between two of them."""

    def is_set(self) -> bool:
        return threading.current_thread() is not threading.main_thread()


def test_a_cancel_stops_a_running_computation(warm: LlamaCppEngine, cold: LlamaCppEngine) -> None:
    long = (user("The harbour wakes before the sun does. " * 250),)
    answer = ask(warm, long, 2000, cancel=OnlyTheWatcherSees())
    assert answer.last.finish is FinishReason.CANCELLED
    assert len(held(warm)) < cold.measure(long).total + answer.last.written
    assert_same_as_cold(warm, cold, long)


def test_a_computation_that_fails_leaves_the_cache_exact(warm: LlamaCppEngine, cold: LlamaCppEngine) -> None:
    conversation, _, _ = written(warm)
    with pytest.raises(EngineError, match="failed while computing"):
        ask(warm, (*conversation[:2], user("Go on", Part("?", (10**6,)))))
    assert len(held(warm)) >= cold.measure(conversation[:2]).total - 1
    assert_same_as_cold(warm, cold, (*conversation, user(THIRD)))


def test_a_consumer_that_stops_iterating_leaves_the_engine_usable(warm: LlamaCppEngine, cold: LlamaCppEngine) -> None:
    stream = warm.stream(Request((user(FIRST),), GREEDY, 1000), threading.Event())
    for event in stream:
        if isinstance(event, Chunk) and event.written >= 5:
            break
    stream.close()  # type: ignore[attr-defined]
    assert len(held(warm)) >= cold.measure((user(FIRST),)).total
    assert_same_as_cold(warm, cold, (user(FIRST),))


def test_an_unrelated_conversation_shares_nothing_but_the_beginning(warm: LlamaCppEngine, cold: LlamaCppEngine) -> None:
    written(warm)
    other = (user("第1段 - 主要观点：老城沿着河慢慢长大"),)
    assert ask(warm, other).last.reused == len(warm._vocabulary.tokenise("[INST]")) + 1
    assert_same_as_cold(warm, cold, other)


def test_growing_the_context_keeps_what_was_read(warm: LlamaCppEngine, cold: LlamaCppEngine) -> None:
    conversation, _, _ = written(warm)
    before = held(warm)
    warm.reserve(8000)
    assert warm._context.size >= 8000
    assert held(warm) == before
    conversation = (*conversation, user(THIRD))
    assert ask(warm, conversation, 1).last.reused == len(before)
    assert_same_as_cold(warm, cold, conversation)


def test_a_model_whose_cache_cannot_be_quantised_is_nearly_as_exact(load: Load, make_gguf: Callable[..., Path]) -> None:
    """Heads of 16 values do not fit the blocks of q8_0; llama.cpp then sums a batch and a token in different ways."""
    path = make_gguf(heads=4)
    warm, cold = load(path), load(path)
    conversation, _, _ = written(warm)
    conversation = (*conversation, user(THIRD))
    difference = np.abs(logits_after(warm, conversation) - logits_after(cold, conversation))
    assert difference.max() < 0.02
    assert held(warm) == held(cold)


def test_parts_without_ids_are_read_as_text(warm: LlamaCppEngine) -> None:
    """Ids of another vocabulary are dropped by the caller; the text alone says the same."""
    one = ask(warm, (user(FIRST),), grammar='root ::= "The old town grew around its river."')
    by_ids = (user(FIRST), assistant(one.part))
    by_text = (user(FIRST), assistant(Part(one.text)))
    warm_ids = warm._vocabulary.tokenise(one.text)
    assert b"".join(map(warm._vocabulary.piece, one.tokens)) == b"".join(map(warm._vocabulary.piece, warm_ids))
    assert warm.measure(by_text).total - len(warm_ids) == warm.measure(by_ids).total - len(one.tokens)
