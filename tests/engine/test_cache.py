"""What of a prompt is in the KV cache already."""

from __future__ import annotations

from typing import Any

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


def test_a_list_that_another_thread_cuts_meanwhile_is_compared_as_it_was() -> None:
    class Cut(list[int]):
        def __getitem__(self, where: Any) -> Any:
            found = super().__getitem__(where)
            self.clear()
            return found

    assert common_prefix(Cut([1, 2, 3, 9]), [1, 2, 3, 4]) == 3
    assert common_prefix([1, 2, 3, 4], Cut([1, 2, 3, 9])) == 3


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
