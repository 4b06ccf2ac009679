"""An engine that gives no sign of life is told to stop, and given up where it does not."""

from __future__ import annotations

import threading
import time
from collections.abc import Iterator

import pytest

from longwriter_ui.draft import FinishReason
from longwriter_ui.engine.base import Cancel, Chunk, Request, Sampling, user
from longwriter_ui.engine.scripted import ScriptedEngine
from longwriter_ui.engine.watchdog import WatchedEngine
from longwriter_ui.errors import EngineError
from longwriter_ui.events import Reading

REQUEST = Request((user("Write about the harbour. " * 60),), Sampling(), 1000)
WORDS = "one two three four five"
PATIENCE = 0.7  # seconds: more than a thread is held up by a busy machine


class Hanging(ScriptedEngine):
    """Hangs before the item number `at`, and says so; where it is `deaf` it does not stop when told to, but only at
    `release`."""

    def __init__(self, at: int, *, deaf: bool = False) -> None:
        super().__init__(lambda _: WORDS)
        self.at, self.deaf = at, deaf
        self.hangs, self.release, self.closed = threading.Event(), threading.Event(), threading.Event()

    def stream(self, request: Request, cancel: Cancel) -> Iterator[Reading | Chunk]:
        for number, item in enumerate(super().stream(request, cancel)):
            if number == self.at:
                self.hangs.set()
            while number == self.at and not self.release.wait(0.01):
                if cancel.is_set() and not self.deaf:
                    yield Chunk("", (), 0, 0, 0, 0.0, FinishReason.CANCELLED)
                    return
            yield item

    def close(self) -> None:
        self.closed.set()


def heard(engine: WatchedEngine, cancel: Cancel | None = None) -> tuple[list[Reading | Chunk], EngineError | None]:
    items: list[Reading | Chunk] = []
    try:
        for item in engine.stream(REQUEST, cancel or threading.Event()):
            items.append(item)
    except EngineError as error:
        return items, error
    return items, None


def text_of(items: list[Reading | Chunk]) -> str:
    return "".join(item.text for item in items if isinstance(item, Chunk))


def test_what_an_engine_says_comes_through_as_it_is() -> None:
    items, error = heard(WatchedEngine(ScriptedEngine(lambda _: WORDS)))
    bare = list(ScriptedEngine(lambda _: WORDS).stream(REQUEST, threading.Event()))
    assert error is None
    assert [type(item) for item in items] == [type(item) for item in bare]
    assert text_of(items) == WORDS


@pytest.mark.parametrize(("at", "kept"), [(1, ""), (8, "one two three four ")])
def test_an_engine_that_hangs_is_told_to_stop_and_can_be_used_again(at: int, kept: str) -> None:
    inner = Hanging(at)
    engine = WatchedEngine(inner, patience=PATIENCE)
    items, error = heard(engine)
    assert text_of(items) == kept
    assert error is not None and "no sign of life" in error.message and error.hint and error.retryable
    assert not engine.lost
    inner.release.set()
    assert text_of(heard(engine)[0]) == WORDS


def test_an_engine_that_does_not_even_stop_is_lost_and_freed_when_it_comes_back() -> None:
    inner = Hanging(8, deaf=True)
    engine = WatchedEngine(inner, patience=PATIENCE, stopping=0.3)
    items, error = heard(engine)
    assert text_of(items) == "one two three four " and error is not None
    assert engine.lost
    engine.close()
    assert not inner.closed.is_set(), "its memory must not be freed below it"
    for call in (lambda: engine.reserve(5), lambda: engine.save("a"), lambda: heard(engine)[1]):
        with pytest.raises(EngineError, match="no sign of life"):
            error = call()
            raise error or AssertionError
    inner.release.set()
    assert inner.closed.wait(10)


def test_a_person_need_not_wait_for_an_engine_that_does_not_stop() -> None:
    inner, cancel = Hanging(8, deaf=True), threading.Event()
    threading.Thread(target=lambda: inner.hangs.wait(10) and cancel.set()).start()
    _, error = heard(WatchedEngine(inner, patience=1000, stopping=0.3), cancel)
    assert error is not None
    inner.release.set()


def test_progress_of_reading_is_life() -> None:
    class Slow(ScriptedEngine):
        def stream(self, request: Request, cancel: Cancel) -> Iterator[Reading | Chunk]:
            for item in super().stream(request, cancel):
                time.sleep(0.15)  # of which there are more than the patience has room for
                yield item

    items, error = heard(WatchedEngine(Slow(lambda _: WORDS), patience=1.2))
    assert error is None and text_of(items) == WORDS and len(items) > 8


def test_a_request_that_is_not_listened_to_any_more_is_closed_before_the_next() -> None:
    engine = WatchedEngine(ScriptedEngine(lambda _: WORDS))
    for _ in range(20):
        stream = engine.stream(REQUEST, threading.Event())
        next(stream)
        stream.close()  # type: ignore[attr-defined]
    assert text_of(heard(engine)[0]) == WORDS
    assert not [t for t in threading.enumerate() if t.name == "longwriter-engine" and t.is_alive() and not _ends(t)]


def _ends(thread: threading.Thread) -> bool:
    thread.join(5)
    return not thread.is_alive()


def test_an_error_of_the_engine_arises_where_it_was_asked() -> None:
    def broken(request: Request) -> str:
        raise ZeroDivisionError("a defect")

    with pytest.raises(ZeroDivisionError):
        heard(WatchedEngine(ScriptedEngine(broken)))
