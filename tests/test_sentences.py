"""Where sentences end."""

from __future__ import annotations

import pytest

from longwriter_ui.sentences import ends_sentence, last_sentence_end


@pytest.mark.parametrize(
    ("before", "after"),
    [
        ("It rained.", " Then"), ("It rained. ", "Then"), ("Did it?", "\n\nYes"), ("“It did.”", " He"), ("Done!", ""),
        ("He left (at last).", " 12 people"), ("下雨了。", "他"), ("“下雨了。”", "他"), ("真的？", ""),
    ],
)  # fmt: skip
def test_a_sentence_ends_here(before: str, after: str) -> None:
    assert ends_sentence(before, after)


@pytest.mark.parametrize(
    ("before", "after"),
    [
        ("It cost 3.", "5"), ("Dr.", " Lee"), ("see e.g.", " The"), ("He said “No.", "” Then"), ("one, ", "two"),
        ("A Heading", "\n\nText"), ("“下雨了。", "”他"), ("Wait", ""), ("J.", " Smith"), ("well...", " then"),
    ],
)  # fmt: skip
def test_no_sentence_ends_here(before: str, after: str) -> None:
    assert not ends_sentence(before, after)


def test_whole_sentences_of_a_text() -> None:
    text = "It rained. Dr. Lee paid 3.5 pounds. And th"
    assert text[: last_sentence_end(text)] == "It rained. Dr. Lee paid 3.5 pounds."
    assert last_sentence_end("no end") == 0
    assert last_sentence_end("下雨了。他走了。然后") == 8
    assert last_sentence_end("All of it.") == 10
