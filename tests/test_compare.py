from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from longwriter_ui.compare import differences


@given(st.text(alphabet="ab _-'’.\n灯塔é1", max_size=60), st.text(alphabet="ab _-'’.\n灯塔é1", max_size=60))
def test_the_pieces_make_both_texts(old: str, new: str) -> None:
    pieces = differences(old, new)
    assert "".join(text for kind, text in pieces if kind != "ins") == old
    assert "".join(text for kind, text in pieces if kind != "del") == new


def test_words_are_compared_whole_and_chinese_by_characters() -> None:
    assert differences("The lamp burns low.", "The lamp burnt low.") == (
        ("same", "The lamp "), ("del", "burns"), ("ins", "burnt"), ("same", " low."),
    )  # fmt: skip
    assert differences("灯塔很高", "灯塔不高") == (("same", "灯塔"), ("del", "很"), ("ins", "不"), ("same", "高"))
    assert differences("one two", "six ten") == (("del", "one two"), ("ins", "six ten"))
    assert differences("same", "same") == (("same", "same"),)
