"""Answers that are calls elsewhere: everything that crosses is copied, as between processes."""

from __future__ import annotations

import pickle
import threading
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from longwriter_ui.bootstrap import CallOpener, LlamaCppOpener
from longwriter_ui.draft import FinishReason
from longwriter_ui.engine.base import Chunk, Engine, Proceed, Request, Sampling, user
from longwriter_ui.engine.oncall import Callee, Caller
from longwriter_ui.engine.scripted import ScriptedEngine
from longwriter_ui.errors import ContextTooSmall, EngineError


class Refused(Exception):
    """What the platform raises when there is no card."""


class Elsewhere:
    """A stand-in for the platform: another process as far as one can tell, that may die after each call."""

    def __init__(self, engine: Engine, *, forgetful: bool = False) -> None:
        self.opened = 0
        self.closed = 0
        self.refuses = False
        self._engine, self._forgetful = engine, forgetful
        self._callee = Callee(self)

    def open(self, path: Path, proceed: Proceed | None = None) -> Engine:
        self.opened += 1
        return self._engine

    def __call__(self, path: str, requests: tuple[Request, ...]) -> Iterator[Any]:
        if self.refuses:
            raise Refused("You have exceeded your quota (60s requested vs. 12s left). Try again in 1:00:00")
        if self._forgetful:
            self._callee = Callee(self)
        try:
            for item in self._callee.answer(*pickle.loads(pickle.dumps((path, requests)))):
                yield pickle.loads(pickle.dumps(item))
        finally:
            self.closed += 1


@pytest.fixture
def scripted() -> ScriptedEngine:
    return ScriptedEngine(lambda request: "One two three four. Five six.")


def caller(tiny_gguf: Path, elsewhere: Elsewhere) -> Caller:
    return Caller.load(tiny_gguf, elsewhere, (Refused,), "")


REQUEST = Request((user("Write about rain."),), Sampling(), 200)


def test_an_answer_is_what_the_other_side_writes(tiny_gguf: Path, scripted: ScriptedEngine) -> None:
    elsewhere = Elsewhere(scripted)
    engine = caller(tiny_gguf, elsewhere)
    for _ in range(2):
        items = [item for item in engine.stream(REQUEST, threading.Event()) if isinstance(item, Chunk)]
        assert "".join(item.text for item in items) == "One two three four. Five six."
        assert [item.finish for item in items if item.finish] == [FinishReason.STOP]
    assert (elsewhere.opened, elsewhere.closed) == (1, 2)


def test_a_place_that_forgets_loads_again(tiny_gguf: Path, scripted: ScriptedEngine) -> None:
    elsewhere = Elsewhere(scripted, forgetful=True)
    for _ in range(3):
        list(caller(tiny_gguf, elsewhere).stream(REQUEST, threading.Event()))
    assert elsewhere.opened == 3


def test_another_model_takes_the_place_of_the_one_before(tmp_path: Path) -> None:
    events: list[str] = []

    class Heavy(ScriptedEngine):
        def close(self) -> None:
            events.append("closed")

    class Heavies:
        def open(self, path: Path, proceed: Proceed | None = None) -> Engine:
            events.append(f"opened {path.name}")
            return Heavy(lambda request: "One.")

    callee = Callee(Heavies())
    for name in ("a", "a", "b"):
        list(callee.answer(str(tmp_path / name), (REQUEST,)))
    assert events == ["opened a", "closed", "opened b"]


def test_cancelling_closes_the_call_and_keeps_what_came(tiny_gguf: Path, scripted: ScriptedEngine) -> None:
    elsewhere, cancel = Elsewhere(scripted), threading.Event()
    chunks = []
    for item in caller(tiny_gguf, elsewhere).stream(REQUEST, cancel):
        if isinstance(item, Chunk):
            chunks.append(item)
            cancel.set()
    assert elsewhere.closed == 1
    assert [chunk.text for chunk in chunks] == ["One ", ""]
    assert chunks[-1].finish is FinishReason.CANCELLED and chunks[-1].written == chunks[0].written


def test_a_refusal_is_an_error_that_says_what_is_left(tiny_gguf: Path, scripted: ScriptedEngine) -> None:
    elsewhere = Elsewhere(scripted)
    elsewhere.refuses = True
    with pytest.raises(EngineError, match="12s left") as caught:
        list(caller(tiny_gguf, elsewhere).stream(REQUEST, threading.Event()))
    assert caught.value.retryable and "kept" in caught.value.hint


def test_what_is_too_long_is_refused_before_a_call(tiny_gguf: Path, scripted: ScriptedEngine) -> None:
    elsewhere = Elsewhere(scripted)
    engine = caller(tiny_gguf, elsewhere)
    with pytest.raises(ContextTooSmall):
        list(engine.stream(Request((user("rain " * 100_000),), Sampling(), 10), threading.Event()))
    with pytest.raises(ContextTooSmall):
        engine.reserve(engine.info.context + 1)
    assert elsewhere.opened == 0


def test_several_texts_are_one_call(tiny_gguf: Path, scripted: ScriptedEngine) -> None:
    elsewhere = Elsewhere(scripted)
    items = list(caller(tiny_gguf, elsewhere).stream_together((REQUEST, REQUEST), threading.Event()))
    ends = {item.variant: item.finish for item in items if isinstance(item, Chunk) and item.finish}
    assert ends == {0: FinishReason.STOP, 1: FinishReason.STOP} and elsewhere.closed == 1


def test_estimates_are_rather_too_high(tiny_gguf: Path) -> None:
    from longwriter_ui.engine.oncall import estimate

    assert estimate("The keeper climbed the stairs each evening.") >= 9
    assert estimate("守塔人沿着石阶走上去") >= 10


def test_a_real_model_is_opened_on_the_other_side(tiny_gguf: Path) -> None:
    callee = Callee(LlamaCppOpener())
    opener = CallOpener(LlamaCppOpener(), callee.answer, (Refused,))
    engine = opener.open(opener.check(tiny_gguf).path)
    items = list(engine.stream(Request((user("Rain"),), Sampling(seed=3), 8), threading.Event()))
    assert isinstance(items[-1], Chunk) and items[-1].finish is not None and items[-1].written <= 8
