"""The data to tune on: the forms it comes in, what is left out, and how general chats are mixed in."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from training.chats import (
    DataError,
    Pair,
    answer_words,
    files_of,
    fingerprint,
    histogram,
    keep,
    load_chats,
    load_pairs,
    mix,
)


def chat(answer: str, asked: str = "Write about the harbour.") -> list[dict[str, str]]:
    return [{"role": "user", "content": asked}, {"role": "assistant", "content": answer}]


def write(path: Path, *values: object) -> Path:
    path.write_text("\n".join(json.dumps(value, ensure_ascii=False) for value in values) + "\n", encoding="utf-8")
    return path


def test_the_published_form_loads_from_a_file_and_from_its_folder(tmp_path: Path) -> None:
    long = [{"messages": chat("A long piece.")}, {"messages": chat("长文。")}]
    file = write(tmp_path / "long.jsonl", *long)
    assert load_chats(file)[0] == [line["messages"] for line in long] == load_chats(tmp_path)[0]
    assert fingerprint([file]) == fingerprint([tmp_path]) and len(fingerprint([file])) == 64


def test_general_chats_load_in_their_own_form_and_as_one_array(tmp_path: Path) -> None:
    turns = [
        {"from": "system", "value": "Be brief."},
        {"from": "human", "value": "Hello"},
        {"from": "gpt", "value": "Hi."},
    ]
    (tmp_path / "chats.json").write_text(json.dumps([{"id": "a", "conversations": turns}]), encoding="utf-8")
    [loaded], problems = load_chats(tmp_path / "chats.json")
    assert [turn["role"] for turn in loaded] == ["system", "user", "assistant"]
    assert not problems


def test_what_is_no_conversation_is_left_out_and_counted(tmp_path: Path) -> None:
    unanswered = {"messages": chat("Yes.")[:1]}
    empty = {"messages": chat("  ")}
    chats, problems = load_chats(write(tmp_path / "a.jsonl", {"messages": chat("Fine.")}, unanswered, empty, 7))
    assert len(chats) == 1 and problems.total() == 3


@pytest.mark.parametrize("text", ["", "not json\n", '{"messages": []}\n'])
def test_a_file_without_any_is_refused(tmp_path: Path, text: str) -> None:
    (tmp_path / "a.jsonl").write_text(text, encoding="utf-8")
    with pytest.raises(DataError):
        load_chats(tmp_path / "a.jsonl")
    with pytest.raises(DataError, match="There is no file"):
        files_of(tmp_path / "b.jsonl")


def test_characters_of_no_width_leave_answers_only(tmp_path: Path) -> None:
    [loaded], _ = load_chats(write(tmp_path / "a.jsonl", {"messages": chat("A\u200bB\ufeff", "C\u200bD")}))
    assert [turn["content"] for turn in loaded] == ["C\u200bD", "AB"]


def test_general_chats_are_mixed_in_at_the_ratio_and_none_twice() -> None:
    own, general = [chat(f"own {n}") for n in range(10)], [chat(f"general {n}") for n in range(100)]
    mixed = mix(own, general, 2.5, seed=1)
    drawn = [c[1]["content"] for c in mixed if c not in own]
    assert len(mixed) == 35 and len(set(drawn)) == 25
    assert mixed == mix(own, general, 2.5, seed=1) != mix(own, general, 2.5, seed=2)
    assert mixed[:10] != own
    assert len(mix(own, general, 1000, seed=1)) == 110


def test_what_is_too_long_or_too_short_is_dropped_whole_with_the_reason() -> None:
    chats = [chat("word " * n) for n in (5, 50, 500)]
    kept, dropped = keep(chats, lambda c: 2 * answer_words(c), most_tokens=200, least_words=10)
    assert kept == [chats[1]]
    assert dropped == {"fewer than 10 words": 1, "more than 200 tokens": 1}


def test_lengths_are_drawn_in_the_bars_of_the_application() -> None:
    bars = histogram([0, 499, 500, 31_999, 32_000, 10**6])
    assert bars["0 to 499"] == 2 and bars["500 to 999"] == 1
    assert bars["16,000 to 31,999"] == 1 and bars["32,000 and more"] == 2


def pair(**changes: object) -> dict[str, object]:
    asked = chat("")[:1]
    return {"prompt": asked, "chosen": [chat("Good.")[1]], "rejected": [chat("Bad bad.")[1]], **changes}


def test_pairs_load(tmp_path: Path) -> None:
    [loaded] = load_pairs(write(tmp_path / "pairs.jsonl", pair()))
    assert loaded == Pair(chat("")[:1], "Good.", "Bad bad.")


@pytest.mark.parametrize(
    "changes",
    [{"prompt": []}, {"chosen": []}, {"rejected": "text"}, {"rejected": [chat("Good.")[1]]}, {"prompt": chat("x")}],
)
def test_a_line_that_is_no_pair_is_named(tmp_path: Path, changes: dict[str, object]) -> None:
    with pytest.raises(DataError, match="Line 2 of"):
        load_pairs(write(tmp_path / "pairs.jsonl", pair(), pair(**changes)))
