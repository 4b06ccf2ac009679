"""The store's lock: whoever asks first is served first."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable

import pytest

from longwriter_ui.store.turns import Turns


def until(condition: Callable[[], bool]) -> None:
    end = time.monotonic() + 10
    while not condition():
        assert time.monotonic() < end
        time.sleep(0.001)


def test_a_thread_that_takes_the_lock_again_and_again_keeps_nobody_out() -> None:
    turns, order = Turns(), []

    def enter(name: str) -> None:
        with turns:
            order.append(name)

    others = [threading.Thread(target=enter, args=(name,)) for name in "bcd"]
    with turns:
        for number, other in enumerate(others, 1):
            other.start()
            until(lambda number=number: len(turns._waiting) == number)
    for _ in range(3):  # at once, before any of them can have woken up
        with turns:
            order.append("a")
    for other in others:
        other.join(10)
    assert order == [*"bcd", *"aaa"]


def test_an_interrupted_wait_gives_its_turn_away(monkeypatch: pytest.MonkeyPatch) -> None:
    class Gate:
        taken = False

        def acquire(self) -> None:
            if self.taken:
                raise KeyboardInterrupt
            self.taken = True

    turns = Turns()
    with turns:
        with monkeypatch.context() as patch:
            patch.setattr(threading, "Lock", Gate)
            with pytest.raises(KeyboardInterrupt), turns:
                pass
        assert not turns._waiting
    with turns:
        pass
