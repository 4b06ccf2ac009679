"""The arithmetic of more GPUs, with numbers that can be checked by hand."""

from __future__ import annotations

from dataclasses import replace

import pytest

from bench.scale import Assumptions, outcome, prompt_tokens, room

# 100 bytes of memory, 1 byte a second, one token a word, a byte of KV cache a token; computing costs nothing.
ROUND = Assumptions(
    memory=100, usable=1.0, bandwidth=1.0, bandwidth_share=1.0, compute=1e30, compute_share=1.0, step_cost=0.0,
    weights=60, parameters=1.0, kv_per_token=1.0, tokens_per_word=1.0, step_words=5, asked=0, opening=0,
)  # fmt: skip


def test_memory_limits_the_pieces_at_once() -> None:
    assert room(ROUND, 10) == 4  # 40 bytes are free, and a piece takes 10
    assert room(replace(ROUND, at_once=3), 10) == 3
    assert room(replace(ROUND, weights=95), 10) == 0
    with pytest.raises(SystemExit, match="do not fit"):
        outcome(replace(ROUND, weights=95), 1, 1, 10)


def test_writing_takes_a_step_for_each_token_of_a_group() -> None:
    alone = outcome(ROUND, 1, 1, 10)
    assert alone.minutes * 60 == pytest.approx(10 * (60 + 5))
    full = outcome(ROUND, 1, 8, 10)
    assert full.at_once == 4
    assert full.minutes * 60 == pytest.approx(2 * 10 * (60 + 4 * 5))
    assert full.tokens_per_second == pytest.approx(80 / 1600)


def test_more_gpus_than_pieces_gain_nothing() -> None:
    assert outcome(ROUND, 2, 8, 10).speedup == pytest.approx(2.0)
    assert outcome(ROUND, 8, 8, 10).minutes == outcome(ROUND, 100, 8, 10).minutes


def test_a_prompt_is_read_once_where_all_is_kept_and_wholly_where_nothing_is() -> None:
    given = replace(ROUND, opening=100, asked=2)
    assert prompt_tokens(given, 15) == 100 + 3 * 2
    # Before the three steps stand 100, 107 and 114 tokens.
    assert prompt_tokens(replace(given, kept=0.0), 15) == 106 + 321
    assert prompt_tokens(replace(given, kept=0.5), 15) == 106 + 321 / 2
