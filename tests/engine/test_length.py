"""Answers that keep to their length: the rule itself, and on the real library."""

from __future__ import annotations

import threading
from collections.abc import Callable
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from longwriter_ui.draft import FinishReason
from longwriter_ui.engine.base import Chunk, LengthGoal, LengthMode, Request, Sampling, assistant, user
from longwriter_ui.engine.length import LengthControl
from longwriter_ui.engine.llamacpp import LlamaCppEngine
from longwriter_ui.engine.scripted import ScriptedEngine
from longwriter_ui.words import count_words
from tests.engine.answers import GREEDY, held
from tests.tiny_gguf import EOS

ASKED = (user("Write the next paragraph of a long piece."),)
SENTENCE = "The old harbour wakes long before the sun does today. "  # ten words
MODES = [LengthMode.GENTLE, LengthMode.STRICT]


def answer(engine: LlamaCppEngine | ScriptedEngine, request: Request) -> tuple[str, Chunk]:
    chunks = [event for event in engine.stream(request, threading.Event()) if isinstance(event, Chunk)]
    return "".join(chunk.text for chunk in chunks), chunks[-1]


def goal(words: int, mode: LengthMode, language: str = "en") -> LengthGoal:
    return LengthGoal(words, language, mode)


@pytest.mark.parametrize("mode", MODES)
@pytest.mark.parametrize("words", [40, 200, 500])
def test_too_much_ends_with_a_whole_sentence_near_the_target(mode: LengthMode, words: int) -> None:
    engine = ScriptedEngine(lambda request: SENTENCE * 100)
    text, last = answer(engine, Request(ASKED, GREEDY, 100_000, length=goal(words, mode)))
    assert last.finish is FinishReason.STOP
    assert text.endswith(". ")
    assert abs(count_words(text, "en") - words) <= 0.02 * words + 10


def test_off_lets_the_answer_run() -> None:
    engine = ScriptedEngine(lambda request: SENTENCE * 100)
    text, _ = answer(engine, Request(ASKED, GREEDY, 100_000, length=goal(50, LengthMode.OFF)))
    assert text == SENTENCE * 100


@pytest.mark.parametrize("mode", MODES)
def test_an_answer_that_is_continued_counts_from_its_beginning(mode: LengthMode) -> None:
    engine = ScriptedEngine(lambda request: SENTENCE * 100)
    begun = (*ASKED, assistant(SENTENCE * 15))
    text, _ = answer(engine, Request(begun, GREEDY, 100_000, length=goal(200, mode)))
    assert 30 <= count_words(text, "en") <= 60


def test_words_are_counted_as_they_come_in_pieces() -> None:
    for language, text in (
        ("en", SENTENCE * 20),
        ("zh", "老城沿着河慢慢长大，an old town。" * 20),
        ("ru", "Привет, мир-труд. " * 9),
    ):
        control = LengthControl(goal(100, LengthMode.GENTLE, language))
        for i in range(0, len(text), 3):
            control.add(text[i : i + 3])
            assert control.words == count_words(text[: i + 3], language)


@pytest.mark.parametrize("mode", MODES)
def test_the_end_is_held_back_until_the_answer_is_long_enough(
    load: Callable[..., LlamaCppEngine], make_gguf: Callable[..., Path], mode: LengthMode
) -> None:
    engine = load(make_gguf(favourite=EOS))
    text, last = answer(engine, Request(ASKED, GREEDY, 4000, length=goal(30, mode)))
    assert last.finish is FinishReason.STOP
    assert 27 <= count_words(text, "en") <= 31
    assert EOS not in text
    # What is in the cache is what was given out.
    assert held(engine)[: len(engine._prompt(ASKED))] == engine._prompt(ASKED)
    assert answer(engine, Request(ASKED, GREEDY, 4000))[0] == ""


@pytest.mark.parametrize("mode", MODES)
def test_a_bracket_is_written_though_an_end_could_begin_with_it(
    load: Callable[..., LlamaCppEngine], make_gguf: Callable[..., Path], mode: LengthMode
) -> None:
    engine = load(make_gguf(favourite="["))
    request = Request(ASKED, GREEDY, 12, length=goal(30, mode))
    assert answer(engine, request)[0] == "[" * 12
    texts = {0: "", 1: ""}
    for event in engine.stream_together([request, request], threading.Event()):
        if isinstance(event, Chunk):
            texts[event.variant] += event.text
    assert texts == {0: "[" * 12, 1: "[" * 12}


def test_an_end_that_is_held_back_is_no_repetition(
    load: Callable[..., LlamaCppEngine], make_gguf: Callable[..., Path]
) -> None:
    """To the penalties there is only what stands in the text, so the model ends where it may, as it wanted to."""
    engine = load(make_gguf(favourite=EOS))
    request = Request(ASKED, Sampling(temperature=0.0, repeat_penalty=1000.0), 4000, length=goal(30, LengthMode.GENTLE))
    text, last = answer(engine, request)
    assert last.finish is FinishReason.STOP
    assert 27 <= count_words(text, "en") <= 31


def test_a_seed_still_decides_what_is_written(
    load: Callable[..., LlamaCppEngine], make_gguf: Callable[..., Path]
) -> None:
    engine = load(make_gguf(favourite=EOS))
    sampling = Sampling(temperature=1.0, seed=3)
    request = Request(ASKED, sampling, 4000, length=goal(20, LengthMode.GENTLE))
    assert answer(engine, request)[0] == answer(engine, request)[0] != ""


_SENTENCES = st.lists(st.integers(1, 24), min_size=1, max_size=60).map(
    lambda sizes: [" ".join(["word"] * size).capitalize() + ". " for size in sizes]
)


@settings(deadline=None)
@given(_SENTENCES, st.integers(10, 300), st.sampled_from(MODES), st.integers(0, 100))
def test_any_answer_ends_with_a_sentence_as_soon_as_it_is_long_enough(
    sentences: list[str], words: int, mode: LengthMode, kept: int
) -> None:
    """Whatever the lengths of its sentences; also one that is continued."""
    begun, script = "".join(sentences[: kept % len(sentences)]), "".join(sentences)
    engine = ScriptedEngine(lambda request: script[len(request.begun) :])
    conversation = (*ASKED, assistant(begun)) if begun else ASKED
    text, _ = answer(engine, Request(conversation, GREEDY, 100_000, length=goal(words, mode)))
    whole = (begun + text).rstrip()
    assert script.startswith(whole)
    count, longest = count_words(whole, "en"), max(len(sentence.split()) for sentence in sentences)
    if whole != script.rstrip() and text:
        assert whole.endswith(".")
        assert count >= 0.97 * words - 8
    assert count <= max(1.02 * words + longest, count_words(begun, "en") + longest)


@settings(deadline=None)
@given(st.text(st.sampled_from("ab Z.\n你好，。é-'"), max_size=80), st.data(), st.sampled_from(["en", "zh", "de"]))
def test_however_an_answer_is_cut_it_has_the_same_words(text: str, data: st.DataObject, language: str) -> None:
    control = LengthControl(goal(10_000, LengthMode.STRICT, language))
    at = 0
    while at < len(text):
        size = data.draw(st.integers(1, 9))
        control.add(text[at : at + size])
        at += size
        control.words  # noqa: B018  # counted on the way, as the engine does
    assert control.words == count_words(text, language)


@pytest.mark.parametrize("mode", MODES)
def test_a_sentence_that_the_model_breaks_off_must_go_on_for_a_while(mode: LengthMode) -> None:
    control = LengthControl(goal(20, mode))
    control.add(SENTENCE * 3 + "From here it is only a short way to the question")
    assert control.must_go_on()
    control.add(" of the tide.")
    assert not control.must_go_on()
    control.add(" And then")
    assert control.must_go_on()
    control.add(" and then" * 40)
    assert not control.must_go_on()


@pytest.mark.parametrize("ending", ["", "\n\n## What comes next", "\n- salt and rope", "\nAnd the tide goes out"])
def test_a_whole_sentence_a_heading_a_list_and_a_verse_may_end(ending: str) -> None:
    control = LengthControl(goal(20, LengthMode.GENTLE))
    control.add(SENTENCE * 3 + ending)
    assert not control.must_go_on()
