"""KV caches on disk: what comes back is what was there, and nothing that does not match is ever used."""

from __future__ import annotations

import json
import logging
import os
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

from longwriter_ui.engine.base import Conversation, assistant, user
from longwriter_ui.engine.llamacpp import LlamaCppEngine
from tests.engine.answers import ask, held, logits_after

Load = Callable[..., LlamaCppEngine]
ASKED = (user("Write the next paragraph of a long piece about the harbour. " * 30),)


@pytest.fixture
def states(tmp_path: Path) -> Path:
    return tmp_path / "states"


def written(engine: LlamaCppEngine) -> Conversation:
    return (*ASKED, assistant(ask(engine, ASKED, 60).part), user("And the next one."))


def saved(load: Load, model: Path, states: Path, name: str = "draft") -> Conversation:
    engine = load(model, states=states)
    conversation = written(engine)
    engine.save(name)
    engine.close()
    return conversation


def test_a_restored_cache_is_the_same_as_a_cold_one(load: Load, tiny_gguf: Path, states: Path) -> None:
    conversation = saved(load, tiny_gguf, states)
    warm, cold = load(tiny_gguf, states=states), load(tiny_gguf)
    warm.restore("draft", conversation)
    assert warm.measure(conversation).unread < 30 < cold.measure(conversation).unread
    assert abs(logits_after(warm, conversation) - logits_after(cold, conversation)).max() < 1e-3
    assert held(warm) == held(cold)
    assert ask(warm, conversation).tokens == ask(cold, conversation).tokens


def test_a_cache_longer_than_the_first_context_comes_back(load: Load, tiny_gguf: Path, states: Path) -> None:
    engine = load(tiny_gguf, states=states)
    long = (user("The harbour wakes. " * 700),)
    ask(engine, long, 3)
    engine.save("draft")
    again = load(tiny_gguf, states=states)
    assert again._context.size < engine.measure(long).total
    again.restore("draft", long)
    assert held(again) == held(engine)


def test_what_is_in_memory_already_is_not_read_from_disk(load: Load, tiny_gguf: Path, states: Path) -> None:
    engine = load(tiny_gguf, states=states)
    conversation = written(engine)
    engine.save("draft")
    ask(engine, conversation, 30)
    before = held(engine)
    engine.restore("draft", conversation)
    assert held(engine) == before


def test_a_state_that_has_less_of_the_conversation_is_left_on_disk(load: Load, tiny_gguf: Path, states: Path) -> None:
    engine = load(tiny_gguf, states=states)
    ask(engine, (user("Write about the mountains instead. " * 30),), 3)
    engine.save("draft")
    begun = (user(ASKED[0].text[:600]),)
    ask(engine, begun, 3)
    before = held(engine)
    assert 0 < len(engine._prompt(ASKED)) - engine.measure(ASKED).unread < len(engine._prompt(ASKED)) // 2
    engine.restore("draft", ASKED)
    assert held(engine) == before


@pytest.mark.parametrize("damage", ["byte", "cut", "empty", "note", "no state"])
def test_a_damaged_state_is_ignored_with_a_note(
    load: Load, tiny_gguf: Path, states: Path, damage: str, caplog: pytest.LogCaptureFixture
) -> None:
    conversation = saved(load, tiny_gguf, states)
    state, note = states / "draft.kv", states / "draft.json"
    data = bytearray(state.read_bytes())
    if damage == "byte":
        data[len(data) // 2] ^= 1
        state.write_bytes(data)
    elif damage == "cut":
        state.write_bytes(data[: len(data) // 2])
    elif damage == "empty":
        state.write_bytes(b"")
    elif damage == "note":
        note.write_text("{not json", encoding="utf-8")
    else:
        state.unlink()
    engine = load(tiny_gguf, states=states)
    with caplog.at_level(logging.WARNING):
        engine.restore("draft", conversation)
    assert "ignored" in caplog.text
    assert held(engine) == []
    assert ask(engine, conversation, 3).last.reused == 0


@pytest.mark.parametrize("field", ["model", "settings", "tokens"])
def test_a_state_of_something_else_is_ignored(load: Load, tiny_gguf: Path, states: Path, field: str) -> None:
    conversation = saved(load, tiny_gguf, states)
    note = states / "draft.json"
    values = json.loads(note.read_text(encoding="utf-8"))
    values[field] = "other"
    note.write_text(json.dumps(values), encoding="utf-8")
    engine = load(tiny_gguf, states=states)
    engine.restore("draft", conversation)
    assert held(engine) == []
    assert ask(engine, conversation, 3).last.written == 3


def test_another_model_does_not_get_it(
    load: Load, tiny_gguf: Path, make_gguf: Callable[..., Path], states: Path
) -> None:
    conversation = saved(load, tiny_gguf, states)
    other = load(make_gguf(favourite="a"), states=states)
    other.restore("draft", conversation)
    assert held(other) == []


def test_the_shelf_keeps_to_its_limit_and_drops_the_oldest(load: Load, tiny_gguf: Path, states: Path) -> None:
    saved(load, tiny_gguf, states)
    size = (states / "draft.kv").stat().st_size
    engine = load(tiny_gguf, states=states, states_limit=int(size * 2.5))
    written(engine)
    for name in ("two", "three"):
        engine.save(name)
    assert sorted(path.name for path in states.glob("*")) == ["three.json", "three.kv", "two.json", "two.kv"]
    tight = load(tiny_gguf, states=states, states_limit=size // 2)
    written(tight)
    tight.save("four")
    assert not (states / "four.kv").exists()


def test_what_was_left_half_written_goes_and_what_is_being_written_stays(
    load: Load, tiny_gguf: Path, states: Path
) -> None:
    gone = subprocess.Popen([sys.executable, "-c", ""])
    gone.wait()
    mine, old = f"other.{os.getpid()}.tmp", f"old.{os.getpid()}.tmp"
    states.mkdir()
    for name in (mine, old, f"draft.{gone.pid}.tmp"):
        (states / name).write_bytes(b"half a state")
    os.utime(states / old, (1, 1))  # of a process that had the same number
    saved(load, tiny_gguf, states)
    assert sorted(path.name for path in states.iterdir()) == ["draft.json", "draft.kv", mine]


def test_a_name_cannot_leave_the_folder(load: Load, tiny_gguf: Path, states: Path) -> None:
    engine = load(tiny_gguf, states=states)
    written(engine)
    with pytest.raises(ValueError, match="cannot name"):
        engine.save("../elsewhere")
