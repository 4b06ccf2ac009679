from __future__ import annotations

import pytest

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
