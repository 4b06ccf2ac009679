"""Whose turn it is."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from longwriter_ui.turns import Turns


def test_everybody_has_a_turn_before_anybody_has_another() -> None:
    turns = Turns()
    for owner in ("ann", "eve"):
        turns.enter(owner)
    assert turns.order(["ann", "ann", "ann", "eve", "eve"]) == [0, 3, 1, 4, 2]
    turns.serve("ann")
    assert turns.order(["ann", "ann", "eve", "eve"]) == [2, 0, 3, 1]


def test_without_owners_it_is_one_line() -> None:
    turns = Turns()
    turns.enter(None)
    assert turns.order([None] * 5) == [0, 1, 2, 3, 4]


@given(st.lists(st.sampled_from("abcd"), min_size=1, max_size=12))
def test_who_comes_new_pushes_nobody_back(waiting: list[str]) -> None:
    turns = Turns()
    for owner in dict.fromkeys(waiting):
        turns.enter(owner)
    before = turns.order(waiting)
    turns.enter("new")
    after = turns.order([*waiting, "new"])
    firsts = {owner: waiting.index(owner) for owner in waiting}
    assert sorted(after) == list(range(len(waiting) + 1))
    assert all(after.index(place) <= before.index(place) for place in firsts.values())
