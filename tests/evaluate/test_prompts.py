from __future__ import annotations

from pathlib import Path

import pytest

from longwriter_ui.errors import StoreError
from longwriter_ui.evaluate.bins import BINS, bin_of
from longwriter_ui.evaluate.prompts import OWN_PROMPTS, load_prompts
from longwriter_ui.evaluate.ruler import INSTRUCTIONS, LENGTHS, ruler_prompts


def test_a_published_file_loads_unchanged(tmp_path: Path):
    path = tmp_path / "bench.jsonl"
    path.write_text(
        '{"prompt": "Write a 100-word note.", "type": "Functional Writing", "length": 100}\n'
        '{"prompt": "写一篇2200字的报告", "type": "News Report", "length": 2200.0, "more": [1]}',
        encoding="utf-8",
    )
    first, second = load_prompts(path)
    assert isinstance(second.length, int)
    assert (first.prompt, first.type, first.length, first.language) == (
        "Write a 100-word note.",
        "Functional Writing",
        100,
        "en",
    )
    assert (second.length, second.language) == (2200, "zh")


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("", "holds no prompts"),
        ('{"type": "x", "length": 5}\n', 'Prompt 1 .* no text in "prompt"'),
        ('{"prompt": "x", "length": 5}\n{"prompt": "y", "length": "5"}\n', 'Prompt 2 .* "length"'),
        ('{"prompt": "x", "length": 0}\n', '"length"'),
        ('{"prompt": "x", "length": true}\n', '"length"'),
        ('{"prompt": "x", "length": 1.5}\n', '"length"'),
        ('{"prompt": "x", "length": 1e999}\n', '"length"'),
        ('{"prompt": "x", "length": 99999999999999999999}\n', "from 1 to 100,000"),
        ('{"prompt": "x", "length": 5}\n{"prompt": "y", "len', "Line 2 .* no JSON"),
    ],
)
def test_a_file_that_cannot_be_used_is_refused_with_its_line(tmp_path: Path, text: str, message: str):
    path = tmp_path / "bench.jsonl"
    path.write_text(text, encoding="utf-8")
    with pytest.raises(StoreError, match=message):
        load_prompts(path)


def test_a_missing_file_is_told(tmp_path: Path):
    with pytest.raises(StoreError, match="no file"):
        load_prompts(tmp_path / "none.jsonl")


def test_the_prompts_that_come_with_the_studio_cover_every_bin_in_both_languages():
    prompts = load_prompts(OWN_PROMPTS)
    assert {(bin_of(p.length), p.language) for p in prompts} == {(b[2], code) for b in BINS for code in ("en", "zh")}


def test_the_bins_of_the_benchmark():
    edges = [0, 499, 500, 1999, 2000, 3999, 4000, 20_000, 20_001]
    a, b, c, d = (name for _, _, name in BINS)
    assert [bin_of(n) for n in edges] == [a, a, b, b, c, c, d, d, "over 20,000"]


def test_the_ruler_asks_four_times_in_each_language_at_each_length():
    prompts = ruler_prompts()
    assert len(prompts) == len(INSTRUCTIONS) * len(LENGTHS) == 48
    assert sum(p.language == "zh" for p in prompts) == 24
    assert all(str(p.length) in p.prompt for p in prompts)
    assert {p.language for p in ruler_prompts((200,), ("en",))} == {"en"}
