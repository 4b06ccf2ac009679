"""What of a prompt is in the KV cache already."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from longwriter_ui.engine.cache import PrefixCache, common_prefix

ids = st.lists(st.integers(0, 2), max_size=8)


@given(ids, ids)
def test_the_common_prefix_is_common_and_cannot_be_longer(a: list[int], b: list[int]) -> None:
    n = common_prefix(a, b)
    assert a[:n] == b[:n]
    assert n == min(len(a), len(b)) or a[n] != b[n]


@pytest.mark.parametrize(
    ("held", "prompt", "reused"),
    [
        ([], [1, 2, 3], 0),
        ([1, 2], [1, 2, 3], 2),
        ([1, 2, 9, 9], [1, 2, 3], 2),
        ([7, 1, 2], [1, 2, 3], 0),
        ([1, 2, 3], [1, 2, 3], 2),  # the last token is read again, for its logits
        ([1, 2, 3, 4], [1, 2, 3], 2),
        ([1], [1], 0),
        ([1], [], 0),
    ],
)
def test_all_but_the_last_token_of_the_common_prefix_is_reused(held: list[int], prompt: list[int], reused: int) -> None:
    assert PrefixCache(held).reusable(prompt) == reused


def test_the_list_follows_what_is_added_and_cut() -> None:
    cache = PrefixCache()
    cache.added([1, 2, 3])
    cache.added((4,))
    cache.cut(2)
    cache.added([5])
    assert cache.tokens == [1, 2, 5]
