"""The circle's parts, and the whole of it in a few steps."""

from __future__ import annotations

import json
import random
from pathlib import Path

import pytest

pytest.importorskip("trl", reason="needs training/requirements.txt (trl)")
pytest.importorskip("tokenizers", reason="needs training/requirements.txt (tokenizers)")

from tests.tiny_gguf import write_tiny_gguf
from training import circle, lengths
from training.lengths import BEYOND, LENGTHS, Written, figures, request, table


def answer(words: int, *, asked: int = 100, ended: bool = True, loop: bool = False) -> Written:
    """An answer of words that are all different, or that goes round."""
    letters = "abcdefghijklmnop"
    each = [letters[n // 256 % 16] + letters[n // 16 % 16] + letters[n % 16] for n in range(words)]
    return Written("Write.", asked, " ".join(["Again and again it says.", *["Over"] * words] if loop else each), ended)


def test_a_request_names_the_length() -> None:
    rng = random.Random(1)
    for words in (100, 1600):
        assert all(str(words) in request(words, rng) for _ in range(20))


def test_the_best_and_the_worst_answer_that_ended_make_a_pair() -> None:
    found = circle.pair_of([answer(60), answer(98), answer(20), answer(100, ended=False)])
    assert found is not None
    assert found["chosen"][0]["content"] == answer(98).text and found["rejected"][0]["content"] == answer(20).text
    assert found["prompt"] == [{"role": "user", "content": "Write."}]


def test_of_two_answers_of_the_right_length_the_one_that_repeats_itself_is_rejected() -> None:
    found = circle.pair_of([answer(100, loop=True), answer(100)])
    assert found is not None and found["chosen"][0]["content"] == answer(100).text


def test_answers_that_are_about_as_good_make_no_pair() -> None:
    assert circle.pair_of([answer(98), answer(100)]) is None
    assert circle.pair_of([answer(98)]) is None


def test_words_after_an_answer_came_to_repeat_itself_do_not_count() -> None:
    assert answer(500, loop=True).words == 5
    assert answer(500).words == 500


def test_the_figures_of_answers() -> None:
    told = figures([answer(100), answer(200, asked=200, ended=False), answer(900, asked=BEYOND)])
    assert (told["length score"], told["longest output"], told["longest that ended"]) == (100.0, 900, 900)
    assert told["ended by themselves"] == 0.5 and told[f"words at {BEYOND}"] == 900
    assert table({"a": told, "b": told}).splitlines()[2] == "| length score | 100.0 | 100.0 |"


def test_tuning_preferring_and_measuring_run_and_are_not_run_again(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    write_tiny_gguf(tmp_path / "longest-200.gguf", context=4096)  # stands in for the model trained from nothing
    monkeypatch.setattr(circle, "_ROW", 4096)
    monkeypatch.setattr(lengths, "_TOKENS", 0.2)
    monkeypatch.setattr(circle, "pair_of", lambda answers: PAIR)
    few = ["--steps", "2", "--chats", "8", "--epochs", "1", "--requests", "2", "--tries", "2", "--each", "1"]
    options = circle.options_of(["--out", str(tmp_path), "--threads", "1", *few])
    told = circle.run(options)
    assert set(told) == {"up to 200 words", "SFT up to 800", "DPO"}
    values = json.loads((tmp_path / "circle.json").read_text(encoding="utf-8"))
    assert len(values["answers"]["DPO"]) == len(LENGTHS) + 1
    assert (tmp_path / "circle.png").read_bytes()[:4] == b"\x89PNG"
    before = (tmp_path / "sft" / "model.gguf").stat().st_mtime_ns
    assert circle.run(options) == told
    assert (tmp_path / "sft" / "model.gguf").stat().st_mtime_ns == before


PAIR = {
    "prompt": [{"role": "user", "content": "Write 100 words."}],
    "chosen": [{"role": "assistant", "content": "The harbour wakes."}],
    "rejected": [{"role": "assistant", "content": "Harbour harbour."}],
}
