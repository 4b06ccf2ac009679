"""Starting llama.cpp once, whoever comes first."""

from __future__ import annotations

import threading

import pytest

from longwriter_ui.engine import _llama


def test_threads_that_start_it_at_once_share_one_log(monkeypatch: pytest.MonkeyPatch) -> None:
    # A log that nothing holds any more takes its callback with it, and the next line that is logged ends the process.
    _llama._log.cache_clear()
    all_begin = threading.Barrier(4, timeout=10)
    inside = threading.Event()
    monkeypatch.setattr(_llama.llama, "llama_backend_init", lambda: inside.wait(0.2))
    logs: list[_llama.Log] = []

    def begin() -> None:
        all_begin.wait()
        logs.append(_llama.start())

    threads = [threading.Thread(target=begin) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(logs) == 4
    assert len(set(map(id, logs))) == 1
