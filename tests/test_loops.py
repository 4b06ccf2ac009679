"""Telling repetition from ordinary prose."""

from __future__ import annotations

import random

import pytest

from bench.forced import script
from longwriter_ui.loops import LoopGuard, good_part
from longwriter_ui.words import count_words

CHINESE = (
    "老城沿着河慢慢长大，桥是后来才修的。每天清晨，船夫在雾里点灯，把第一批货物送到对岸。"
    "孩子们沿着石阶跑下来，等着看那些从远方来的船，也等着听船上的人讲沿途的故事。"
)


def pieces(text: str, seed: int = 0) -> list[str]:
    """The text as an engine would give it out."""
    chance, result = random.Random(seed), []
    while text:
        cut = chance.randint(1, 7)
        result.append(text[:cut])
        text = text[cut:]
    return result


def words_until_caught(earlier: list[str], text: str) -> int | None:
    guard, seen = LoopGuard(earlier), ""
    for piece in pieces(text):
        seen += piece
        if guard.add(piece):
            return count_words(seen, "en")
    return None


@pytest.mark.parametrize("seed", range(50))
def test_ordinary_pieces_raise_no_alarm(seed: int) -> None:
    earlier = [script(step, seed) for step in range(1, 5)]
    assert words_until_caught(earlier, script(5, seed)) is None


@pytest.mark.parametrize("words", [1, 7, 40, 150])
def test_a_loop_within_an_answer_is_caught_within_sixty_words(words: int) -> None:
    text = " ".join(script(1, 0).split()[:200])
    cycle = " ".join(text.split()[-words:])
    caught = words_until_caught([], f"{text} {' '.join([cycle] * (200 // words + 2))}")
    assert caught is not None and 200 < caught <= 260


def test_repeating_an_earlier_paragraph_is_caught_within_sixty_words() -> None:
    caught = words_until_caught([script(1, 0), script(2, 0)], script(3, 0) + " " + script(1, 0))
    assert caught is not None and 500 < caught <= 560


def test_small_changes_do_not_hide_a_loop() -> None:
    words = script(1, 0).split()[:100]
    again = [f"other{i}" if i % 60 == 59 else word for i, word in enumerate(words)]
    assert words_until_caught([" ".join(words)], " ".join(again)) is not None


def test_chinese_is_watched_by_characters() -> None:
    assert words_until_caught([], CHINESE) is None
    assert 0 < (words_until_caught([CHINESE], CHINESE) or 0) <= 60


def test_the_good_part_ends_with_a_sentence_before_the_repetition() -> None:
    first, second = script(1, 0), script(2, 0)
    assert good_part([first], second) == second
    assert good_part([first], f"{second} {first}") == second
    assert good_part([first], first) == ""
    looping = f"{second} And then the sea " + "rose and rose and " * 60
    assert good_part([], looping) == second


def test_a_loop_of_letters_is_caught() -> None:
    text = script(1, 0)
    for letters in ("p", "it"):
        assert words_until_caught([], f"{text} The {letters * 300}") is not None
        assert good_part([], f"{text} The {letters * 300}") == text


OTHERS = {
    "ru": "Старый смотритель поднимался по лестнице каждый вечер, зажигал огонь и долго ждал первых кораблей. "
    "Утром он записывал погоду, чинил сети и слушал, как внизу просыпается гавань.",
    "el": "Ο φύλακας ανέβαινε τις σκάλες κάθε βράδυ, άναβε τη φωτιά και περίμενε τα πρώτα καράβια. "
    "Το πρωί έγραφε τον καιρό, μπάλωνε τα δίχτυα και άκουγε το λιμάνι που ξυπνούσε.",
    "fr": "Chaque été, le gardien âgé réparait l'échelle, préparait la fête près de la forêt et espérait l'arrivée du "
    "bateau. Après la marée, il notait la météo et écoutait le réveil du port.",
}


@pytest.mark.parametrize("language", OTHERS)
@pytest.mark.parametrize("seed", range(5))
def test_words_of_other_scripts_count_whole_however_they_come(language: str, seed: int) -> None:
    """A token may hold half a word of them."""
    text = OTHERS[language]
    guard = LoopGuard([text])
    assert any(guard.add(piece) for piece in pieces(f"{text} " * 3, seed))
    guard = LoopGuard()
    assert not any(guard.add(piece) for piece in pieces(text, seed))
    assert good_part([], f"{text} " * 6) == text
