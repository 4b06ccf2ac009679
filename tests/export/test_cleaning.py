"""The habits of models that an export leaves out, and the text that it never touches."""

from __future__ import annotations

import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from longwriter_ui.export.cleaning import clean, headings

STORY = "The ferry left at six.\n\nNobody waved; the rain had begun."


def one(text: str) -> str:
    return clean([text])[0]


@pytest.mark.parametrize(
    ("written", "heading"),
    [
        ("## The Hills", "## The Hills"),
        ("##The Hills", "## The Hills"),
        ("##七座山丘", "## 七座山丘"),
        ("### 3. The Hills", "### 3. The Hills"),
        ("## **The Hills**", "## The Hills"),
        ("## The Hills ##", "## The Hills"),
        ("**The Hills**", "## The Hills"),
        ("__The Hills__", "## The Hills"),
        ("***The Hills***", "## The Hills"),
        ("**3. The Hills**", "## 3. The Hills"),
        ("**七座山丘**", "## 七座山丘"),
        ("The Hills\n=========", "# The Hills"),
        ("The Hills\n---", "## The Hills"),
        ("**Paragraph 3: The Hills**", "## The Hills"),
        ("### Paragraph 3: The Hills", "### The Hills"),
        ("## 第3段：七座山丘", "## 七座山丘"),
    ],
)
def test_subtitles_of_every_shape_become_headings(written: str, heading: str) -> None:
    assert one(f"{written}\n\n{STORY}") == f"{heading}\n\n{STORY}"
    if "---" not in written and "===" not in written:
        assert one(f"{written}\n{STORY}") == f"{heading}\n{STORY}"


@pytest.mark.parametrize(
    "line",
    [
        "**He ran.**",
        "**No!**",
        "**This is a sentence in bold, for it was shouted: stop, stop, and he did not stop until he reached the "
        "harbour wall where nobody was**",
        "He said **no** to them",
        "#hashtag for the day",
        "- **An item**",
        "1986. A good year",
        "**Ingredients:**",
        "one\ntwo\n---",
    ],
)
def test_what_is_no_subtitle_stays(line: str) -> None:
    assert one(f"{line}\n\n{STORY}") == f"{line}\n\n{STORY}"


def test_a_bold_line_below_a_heading_is_one_of_the_next_level_and_a_last_one_is_none() -> None:
    text = f"## The Hills\n\n**The First**\n\n{STORY}\n\n**The End**"
    assert headings(text) == f"## The Hills\n\n### The First\n\n{STORY}\n\n**The End**"


@pytest.mark.parametrize(
    "habit",
    [
        "Paragraph 3:",
        "Paragraph 12 -",
        "**Paragraph 3**",
        "**Paragraph 3:**",
        "[Paragraph 3]",
        "## Paragraph 3",
        "第3段：",
        "**第三段**",
        "Paragraph 3 - Main Point: How the ferry left - Word Count: 300 words",
        "**第3段 - 主要观点：渡船离港 - 字数：300字**",
        "Sure! Here is the third paragraph:",
        "Certainly! Here's the next section of your story:",
        "Here is the paragraph:",
        "Here is the draft of the introduction you asked for:",
        "Below is the continuation of the piece:",
        "Of course! I'll write the next paragraph.",
        "好的，以下是第三段：",
        "当然可以！下面是这一段的内容：",
        "以下是文章的第三部分：",
    ],
)
def test_labels_and_remarks_before_the_text_are_left_out(habit: str) -> None:
    assert one(f"{habit}\n\n{STORY}") == STORY
    assert one(f"{habit}\n{STORY}") == STORY


@pytest.mark.parametrize(
    "habit",
    [
        "Let me know if you would like me to continue with the next paragraph.",
        "Please let me know if you need any changes!",
        "Feel free to ask for revisions.",
        "Would you like me to continue with the next part?",
        "I hope this helps!",
        "I hope this paragraph meets your needs.",
        "Shall I continue?",
        "(To be continued)",
        "Word Count: 312",
        "**Word Count: 312 words**",
        "(312 words)",
        "（约300字）",
        "字数：300",
        "希望这段内容对您有帮助！",
        "如果您需要修改或继续，请告诉我。",
        "（未完待续）",
    ],
)
def test_remarks_after_the_text_are_left_out(habit: str) -> None:
    assert one(f"{STORY}\n\n{habit}") == STORY
    assert one(f"{STORY}\n{habit}") == STORY


def test_a_label_before_the_first_sentence_is_left_out() -> None:
    assert one(f"Paragraph 3: {STORY}") == STORY
    assert one(f"**Paragraph 3:** {STORY}") == STORY
    assert one("第3段：渡船六点离港。") == "渡船六点离港。"


@pytest.mark.parametrize("fence", ["```", "```markdown", "```md", "~~~text", "````"])
def test_a_fence_around_the_whole_is_left_out(fence: str) -> None:
    marks = fence.rstrip("abcdefghijklmnopqrstuvwxyz")
    assert one(f"{fence}\n{STORY}\n{marks}") == STORY
    assert one(f"{fence}\n{STORY}") == f"{fence}\n{STORY}"
    assert one(f"{marks}\nls\n{marks}\n\nText.\n\n{marks}\nls\n{marks}").count(marks) == 4


def test_all_habits_at_once() -> None:
    before = "Sure! Here is the paragraph:\n\n**Paragraph 3: Trams**\n\n## Trams"
    text = f"```markdown\n{before}\n\n{STORY}\n\n(312 words)\n\nLet me know if I should continue.\n```"
    assert one(text) == f"## Trams\n\n{STORY}"


def test_a_repeated_heading_is_left_out() -> None:
    assert clean(["# Lisbon\n\n## Hills\n\nA.", "## Hills\n\nB.", "**Hills**\n\nC."], "Lisbon") == [
        "## Hills\n\nA.",
        "B.",
        "C.",
    ]
    assert one("## Hills\n\n**Hills**\n\nA.") == "## Hills\n\nA."
    assert one("## 1. Hills\n\n## Hills\n\nA.") == "## 1. Hills\n\nA."
    assert one("## Notes\n\nA.\n\n## More\n\nB.\n\n## Notes\n\nC.").count("## Notes") == 2


@pytest.mark.parametrize(
    "text",
    [
        "“Let me know if you need any changes,” she said.",
        '"Paragraph 3: nobody leaves," he read aloud.',
        "Here is the part of the river that nobody visits.",
        "Here are the steps down to the water, worn by boots.",
        "Paragraph 3 of the treaty says otherwise.",
        "Sure, he would go. Of course he would.",
        "I hope this finds you well.",
        "Let me know when the boat comes in.",
        "Five hundred words were not enough.",
        "如果你明天来，请告诉我船几点开。",
        "第三段路最难走。",
        "- one\n- two\n\n> quoted\n\n| a | b |\n|---|---|\n| c | d |",
        "    indented\n\n\n\nfar below",
    ],
)
def test_sentences_that_only_look_alike_stay(text: str) -> None:
    assert clean([text, f"{text}\n\n{STORY}\n\n{text}"]) == [text, f"{text}\n\n{STORY}\n\n{text}"]


def test_a_card_that_is_only_a_habit_may_vanish_but_a_lone_sentence_never() -> None:
    assert one("Here is the paragraph:") == "Here is the paragraph:"
    assert one("(312 words)") == "(312 words)"


WORDS = st.text(st.sampled_from("abcXYZ山丘の 12.,:;!?*_#`>-|()[]\"'\n"), max_size=80)


@given(st.lists(WORDS, min_size=1, max_size=4))
def test_nothing_but_marks_is_lost_of_a_text_without_habits(cards: list[str]) -> None:
    """Letters and digits come out in order: no habit can be spelled with these."""
    cards = [f"Begin{n}. {card}" for n, card in enumerate(cards)]  # no card repeats another's heading

    def letters(texts: list[str]) -> str:
        return "".join(re.findall(r"\w", "".join(texts).replace("_", "")))

    repeats = [line for card in cards for line in card.split("\n") if line.startswith(("#", "**", "__"))]
    if not repeats:
        assert letters(clean(cards)) == letters(cards)


@given(st.lists(st.sampled_from(["a", "b", "# ", "## ", "**", "\n", "\n\n", "x y", "```", "Paragraph 3:", "---", " "])))
def test_cleaning_never_fails_and_settles(parts: list[str]) -> None:
    once = clean(["".join(parts)])
    assert isinstance(once[0], str)
