from __future__ import annotations

import pytest

from longwriter_ui.brief import DEFAULT_WORDS, MAX_INSTRUCTION, MAX_WORDS, MIN_WORDS, Brief, parse_words
from longwriter_ui.errors import BriefError


def test_a_brief_is_trimmed_and_knows_its_language():
    brief = Brief.create("  Write a guide to Lisbon.\x00 ", 1500)
    assert brief == Brief("Write a guide to Lisbon.", 1500, "en")
    assert Brief.create("写一篇旅行指南", "800").language == "zh"
    assert Brief.create("Write a guide to Lisbon.", 1500, "fr").language == "fr"


@pytest.mark.parametrize("instruction", ["", "   \n\t ", "\x00"])
def test_an_empty_instruction_is_refused(instruction):
    with pytest.raises(BriefError, match="empty"):
        Brief.create(instruction, 1000)


def test_an_endless_instruction_and_an_unknown_language_are_refused():
    with pytest.raises(BriefError, match="100,001 characters"):
        Brief.create("x" * (MAX_INSTRUCTION + 1), 1000)
    with pytest.raises(BriefError, match="'xx'"):
        Brief.create("Write.", 1000, "xx")


@pytest.mark.parametrize(
    ("typed", "words"),
    [
        (1500, 1500),
        ("1500", 1500),
        (" 1,500 ", 1500),
        ("1_500", 1500),
        ("1500.0", 1500),
        ("+300", 300),
        ("１５００", 1500),
    ],
)
def test_targets_as_people_type_them(typed, words):
    assert parse_words(typed) == words


@pytest.mark.parametrize("typed", ["abc", "", "12abc", "1.5", "1e3", "²", "--3", "9" * 5000, "None", "NaN"])
def test_a_target_that_is_no_number_is_refused(typed):
    with pytest.raises(BriefError, match="not a number"):
        parse_words(typed)


@pytest.mark.parametrize("typed", [0, "0", -5, "-5", MIN_WORDS - 1, MAX_WORDS + 1, 10_000_000, "10,000,000", "9" * 29])
def test_a_target_out_of_range_is_refused_with_the_range(typed):
    with pytest.raises(BriefError, match="out of range") as caught:
        parse_words(typed)
    assert "50" in caught.value.hint
    assert "100,000" in caught.value.hint


@pytest.mark.parametrize("words", [MIN_WORDS, MAX_WORDS])
def test_the_ends_of_the_range_are_in_it(words):
    assert parse_words(words) == words


@pytest.mark.parametrize(
    ("instruction", "words"),
    [
        ("Write a 1,500-word guide", 1500),
        ("Write a guide of 1200 words.", 1200),
        ("写一篇2000字的文章", 2000),
        ("Write 3 words, then an essay of 900 words", 900),
        ("Write a guide", DEFAULT_WORDS),
        ("Write 5000000 words", DEFAULT_WORDS),
        (f"Write {'9' * 5000} words", DEFAULT_WORDS),
    ],
)
def test_without_a_target_the_instruction_names_it(instruction, words):
    assert Brief.create(instruction).target_words == words


def test_the_title_is_the_first_line_cut_at_a_word():
    assert Brief.create("Write a guide.\nFor families.", 500).title == "Write a guide"
    title = Brief.create("Write a long and careful guide to the hills, the trams and the light of Lisbon", 500).title
    assert title == "Write a long and careful guide to the hills, the trams and…"
    assert len(Brief.create("字" * 200, 500).title) == 61
