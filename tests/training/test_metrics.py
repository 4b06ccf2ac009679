"""The evaluator's measures, on texts whose answer is plain."""

import pytest

from training import metrics
from training.metrics import Line


def test_a_plan_parses_only_in_the_exact_form():
    good = "\n".join(f"Paragraph {i} - Main Point: On tides {i} - Word Count: 300 words" for i in (1, 2, 3))
    assert metrics.parse_plan(good, "en") == [Line(i, f"On tides {i}", 300) for i in (1, 2, 3)]
    assert metrics.parse_plan(good + "\n", "en") is None
    assert metrics.parse_plan("Here you go:\n" + good, "en") is None
    assert metrics.parse_plan(good.replace("Paragraph 2", "Paragraph 4"), "en") is None
    assert metrics.parse_plan(good.split("\n")[0], "en") is None
    chinese = "\n".join(f"第{i}段 - 主要观点：潮汐{i} - 字数：300字" for i in (1, 2, 3))
    assert metrics.parse_plan(chinese, "zh") == [Line(i, f"潮汐{i}", 300) for i in (1, 2, 3)]


@pytest.mark.parametrize(
    ("text", "language", "words"),
    [("It's 3 o'clock, dear", "en", 5), ("", "en", 0), ("潮汐，3点。ok", "zh", 3), ("One-way", "en", 2)],
)
def test_words_are_counted_as_the_benchmark_counts(text, language, words):
    assert metrics.count_words(text, language) == words


def test_a_topic_is_mentioned_by_whole_words_in_any_case():
    assert metrics.mentions("The Press of the day", "the printing press", "en")
    assert not metrics.mentions("The pressing matter of the day", "the printing press", "en")
    assert not metrics.mentions("the of a", "the history of art", "en")
    assert metrics.mentions_exactly("On the Printing Press", "the printing press")
    assert metrics.mentions("关于里斯本的", "里斯本", "zh")
    assert not metrics.mentions("关于里斯的", "里斯本", "zh")


def test_a_repeated_sentence_is_found():
    assert metrics.repeats("It rains. It pours. It rains.", "en")
    assert not metrics.repeats("It rains. It pours.", "en")
    assert metrics.repeats("下雨。刮风。下雨。", "zh")
    assert metrics.sentences("One. Two? Three", "en") == ["One.", "Two?", "Three"]


def test_words_of_the_other_language_count_unless_they_were_given():
    assert metrics.foreign("It 雨 rains.", "en", "rain")
    assert metrics.foreign("下雨 rain。", "zh", "下雨")
    assert not metrics.foreign("The 雨 falls.", "en", "a piece on 雨")
    assert not metrics.foreign("DNA和雨。", "zh", "DNA")


def test_errors_and_means():
    assert metrics.length_error(330, 300) == pytest.approx(0.1)
    assert metrics.mean([]) == 0.0
    assert metrics.mean([True, False]) == 0.5
