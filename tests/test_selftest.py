from __future__ import annotations

import threading
from collections.abc import Callable
from pathlib import Path

import pytest

from longwriter_ui.engine.llamacpp import LlamaCppEngine
from longwriter_ui.engine.scripted import ScriptedEngine
from longwriter_ui.selftest import SelfTest, self_test
from tests.tiny_gguf import write_tiny_gguf


def answered(answer: str) -> SelfTest:
    result = self_test(ScriptedEngine(lambda _: answer), threading.Event())
    assert result is not None
    return result


def test_a_sentence_that_ends_is_all_that_is_asked() -> None:
    result = answered("The boats lie still in the grey light.")
    assert result.passed and result.text == "The boats lie still in the grey light."
    assert result.tokens == len(result.text)


@pytest.mark.parametrize("text", ["", "  \n", "..."])
def test_no_text_is_a_problem(text: str) -> None:
    assert "No text came." in answered(text).problems


def test_text_without_end_is_a_problem() -> None:
    assert any("did not end" in problem for problem in answered("on and " * 200).problems)


@pytest.mark.parametrize(
    "marker",
    ["[INST]", "[/INST]", "<<SYS>>", "<|im_end|>", "<|eot_id|>", "</s>", "<end_of_turn>", "[gMASK]", "<｜User｜>"],
)
def test_a_leaked_marker_is_named_with_the_template(marker: str) -> None:
    problems = answered(f"The boats lie still.{marker} And").problems
    assert any(marker in problem for problem in problems)
    assert any("scripted" in problem for problem in problems)


def test_a_marker_ends_the_test_and_the_engine_goes_on() -> None:
    engine = ScriptedEngine(lambda _: "The boats.</s>" + " and on" * 500)
    result = self_test(engine, threading.Event())
    assert result is not None and result.tokens < 50 and not result.passed
    assert self_test(engine, threading.Event()) is not None


@pytest.mark.parametrize("text", ["If a < b | c > d, stop.", "A list [1] of <things> and a heart <3."])
def test_ordinary_signs_are_no_markers(text: str) -> None:
    assert answered(text).passed


def test_a_cancelled_test_has_no_result() -> None:
    cancel = threading.Event()
    cancel.set()
    assert self_test(ScriptedEngine(lambda _: "text"), cancel) is None


def test_a_real_engine_that_never_ends_is_found_out(tmp_path: Path) -> None:
    engine = LlamaCppEngine.load(write_tiny_gguf(tmp_path / "tiny.gguf", favourite="e"))
    try:
        result = self_test(engine, threading.Event())
    finally:
        engine.close()
    assert result is not None and any("did not end" in problem for problem in result.problems)
    assert result.tokens_per_second > 0


@pytest.fixture
def ending(tmp_path: Path) -> Callable[[], LlamaCppEngine]:
    return lambda: LlamaCppEngine.load(write_tiny_gguf(tmp_path / "tiny.gguf", favourite="<|end_of_text|>"))


def test_a_real_engine_that_says_nothing_is_found_out(ending: Callable[[], LlamaCppEngine]) -> None:
    engine = ending()
    try:
        result = self_test(engine, threading.Event())
    finally:
        engine.close()
    assert result is not None and "No text came." in result.problems
