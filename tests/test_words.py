from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from longwriter_ui.words import LANGUAGES, benchmark_count, count_words, detect_language


@pytest.mark.parametrize(
    ("text", "count"),
    [
        ("", 0),
        ("One two three.", 3),
        ("Don't stop", 3),  # the benchmark cuts at the apostrophe
        ("well-known", 2),
        ("In 1998, 3 ships", 2),  # digits are no words
        ("x1 y2", 0),  # nor are letters that touch them
        ("你好，世界！", 4),
        ("你好 world", 3),
        ("café", 0),  # the benchmark sees only A-Z; count_words does better for French
        ("## Title", 1),
        ("snake_case", 0),
    ],
)
def test_benchmark_count(text, count):
    assert benchmark_count(text) == count


@pytest.mark.parametrize(
    ("text", "language", "count"),
    [
        ("Don't panic", "en", 3),
        ("你好 world", "zh", 3),
        ("Le café de l'été", "fr", 4),
        ("Привет, мир", "ru", 2),
        ("well-known Müller 42", "de", 3),
        ("snake_case", "de", 2),
    ],
)
def test_words_are_counted_as_their_language_does(text, language, count):
    assert count_words(text, language) == count


@pytest.mark.parametrize(
    ("text", "language"),
    [
        ("Write a travel guide to Lisbon", "en"),
        ("写一篇关于里斯本的旅行指南", "zh"),
        ("写一篇关于 LongWriter 和 AgentWrite 的介绍", "zh"),
        ("リスボンの旅行ガイドを書いてください", "ja"),
        ("Écris un guide de voyage sur Lisbonne pour les familles avec enfants", "fr"),
        ("Schreibe einen Reiseführer über Lissabon für Familien mit Kindern", "de"),
        ("Напиши путеводитель по Лиссабону для семьи с детьми", "ru"),
        ("Explain the character 道 in Chinese philosophy to beginners", "en"),
        ("", "en"),
        ("12345 !!!", "en"),
        ("Lisbon", "en"),
    ],
)
def test_the_language_of_an_instruction(text, language):
    assert detect_language(text) == language
    assert language in LANGUAGES


_TEXTS = st.text(st.sampled_from("ab Zé9_-'’.\n\t你好，。なアกд́Ж"), max_size=40)
_CODES = st.sampled_from(["en", "zh", "de", "ru", "ja", "th", "hi"])


def _by_hand(text: str) -> int:
    """The benchmark's count, letter by letter: Chinese characters, and Latin letters that nothing else touches."""
    total, run, pure = 0, "", True
    for char in f"{text} ":
        total += "\u4e00" <= char <= "\u9fff"
        if char.isalnum() or char == "_":
            pure = pure and char.isascii() and char.isalpha()
            run += char
            continue
        total += bool(run) and pure
        run, pure = "", True
    return total


@settings(deadline=None)
@given(st.text(st.sampled_from("ab Z9_-'’.\n\té你好，。"), max_size=40))
def test_the_benchmark_counts_as_one_does_by_hand(text: str) -> None:
    assert benchmark_count(text) == _by_hand(text)


@settings(deadline=None)
@given(st.lists(_TEXTS, max_size=5), _CODES, st.sampled_from([" ", "\n", "\n\n", "。"]))
def test_texts_that_something_parts_have_the_words_of_each(texts: list[str], language: str, between: str) -> None:
    assert count_words(between.join(texts), language) == sum(count_words(text, language) for text in texts)
