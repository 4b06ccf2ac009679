"""The length score against values worked out by hand."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from longwriter_ui.evaluate.length import length_score


@pytest.mark.parametrize(
    ("required", "written", "score"),
    [
        (1000, 1000, 100),
        (1000, 1300, 90),  # 100 * (1 - 0.3 / 3)
        (1000, 1600, 80),
        (1000, 2500, 50),
        (1000, 3700, 10),
        (1000, 4000, 0),
        (1000, 9000, 0),
        (1000, 800, 87.5),  # 100 * (1 - 0.25 / 2)
        (1000, 625, 70),
        (1000, 500, 50),
        (1200, 400, 0),
        (1000, 100, 0),
        (1000, 0, 0),
        (0, 100, 0),
        (20000, 20000, 100),
        (20000, 10000, 50),
        (100, 101, 100 * (1 - 0.01 / 3)),
        (3, 2, 75),
    ],
)
def test_the_score_of_a_required_and_a_written_length(required: int, written: int, score: float):
    assert length_score(required, written) == pytest.approx(score)


@given(st.integers(1, 50_000), st.integers(0, 200_000))
def test_nothing_scores_better_than_the_length_asked_for(required: int, written: int):
    assert 0 <= length_score(required, written) <= length_score(required, required) == 100
