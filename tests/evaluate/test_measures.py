"""Bootstrap and repetition."""

from __future__ import annotations

from statistics import fmean

import pytest

from longwriter_ui.evaluate.confidence import Interval, difference, interval
from longwriter_ui.evaluate.repetition import repetition


def test_the_same_seed_gives_the_same_interval():
    values = [20.0, 35.0, 80.0, 90.0, 100.0, 55.0]
    first = interval(values, seed=3)
    assert first == interval(values, seed=3)
    assert first is not None and first.mean == pytest.approx(fmean(values)) and first.count == 6
    assert 20 < first.low < first.mean < first.high < 100
    # Worked out once with this seed; the bootstrap's standard error here is 28.2 / sqrt(6) = 11.5.
    assert (first.low, first.high) == pytest.approx((41.67, 84.17), abs=2.5)


def test_intervals_where_there_is_little_to_say():
    assert interval([]) is None
    assert interval([7.0]) == Interval(7.0, 7.0, 7.0, 1)
    assert interval([5.0] * 9) == Interval(5.0, 5.0, 5.0, 9)


def test_more_values_make_a_narrower_interval():
    few, many = interval([0.0, 100.0] * 5), interval([0.0, 100.0] * 50)
    assert few is not None and many is not None
    assert many.high - many.low < (few.high - few.low) / 2


def test_a_difference_is_taken_prompt_by_prompt():
    lead = difference([10.0, 50.0, 90.0], [20.0, 60.0, 100.0])
    assert lead == Interval(10.0, 10.0, 10.0, 3)


def test_a_text_without_repeats_has_none():
    found = repetition("One two three four five.\n\nSix seven eight nine ten.\n\nEleven twelve.")
    assert (found.quarters, found.words, found.passage, found.openings) == ((0, 0, 0, 0), 0, "", 1)
    assert repetition("").openings == 1


def test_repeats_are_found_where_they_are():
    fresh = " ".join(f"w{n}" for n in range(40))
    found = repetition(f"{fresh} {fresh}")
    # 77 4-grams; the 37 whose words all lie in the second half came before.
    assert found.quarters == pytest.approx((0, 0, 17 / 19, 1), abs=0.06)
    assert found.words == 40
    assert found.passage == fresh
    assert found.share == pytest.approx(37 / 77, abs=0.01)


def test_a_passage_is_found_across_case_and_punctuation_and_does_not_overlap_itself():
    found = repetition("The boats lie still, in the rain. Later THE BOATS lie still in: the rain again.")
    assert found.words == 7
    assert found.passage == "THE BOATS lie still in: the rain"
    assert repetition("la la la la la la la la la").words == 4


def test_chinese_is_compared_character_by_character():
    found = repetition("港口的清晨很安静。港口的清晨很热闹。")
    assert found.words == 6
    assert found.passage == "港口的清晨很"


def test_openings_that_come_again_are_counted():
    found = repetition(
        "It was a dark night.\n\nIt was a dark day.\n\nThen came the rain at last.\n\nIt was a dark sea."
    )
    assert found.openings == pytest.approx(2 / 4)
