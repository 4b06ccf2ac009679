"""Reading plans as models and people write them."""

from __future__ import annotations

import random

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from longwriter_ui.errors import PlanError
from longwriter_ui.plan import (
    MAX_STEP_WORDS,
    Step,
    fill_counts,
    fit_counts,
    parse_plan,
    rebalance,
    render_plan,
    render_step,
)

# Each as it was or could be printed, with its steps and, where there are any, the lines left over.
PRINTED = {
    "the format itself": (
        "Paragraph 1 - Main Point: Introduce Lisbon - Word Count: 300 words\n"
        "Paragraph 2 - Main Point: The hills - Word Count: 400 words",
        [("Introduce Lisbon", 300), ("The hills", 400)],
    ),
    "the Chinese format": (
        "第1段 - 主要观点：介绍里斯本 - 字数：400字\n第2段 - 主要观点：七座山丘 - 字数：约500字",
        [("介绍里斯本", 400), ("七座山丘", 500)],
    ),
    "bold labels": ("**Paragraph 1** - **Main Point:** Open - **Word Count:** 300 words", [("Open", 300)]),
    "a bold line": ("**Paragraph 1 - Main Point: Open - Word Count: 300 words**", [("Open", 300)]),
    "bold words in the point": (
        "Paragraph 1 - Main Point: **The hills** and trams - Word Count: 30 words",
        [("The hills and trams", 30)],
    ),
    "numbered and named": (
        "1. Paragraph 1 - Main Point: A - Word Count: 1,200 words\n2. Paragraph 2 - Main Point: B - Word Count: 300",
        [("A", 1200), ("B", 300)],
    ),
    "a numbered list": (
        "1. Open (200 words)\n2. The hills\n3) End - 100 words",
        [("Open", 200), ("The hills", None), ("End", 100)],
    ),
    "a numbered list of chapters": (
        "1. Chapter one\n2. Chapter two\n3. The storm",
        [("Chapter one", None), ("Chapter two", None), ("The storm", None)],
    ),
    "chapters with titles in a numbered list": (
        "My book\n1. Introduction\n2. **Chapter two: The storm** (300 words)\n3. 第三章：雨",
        [("Introduction", None), ("The storm", 300), ("雨", None)],
        ["My book"],
    ),
    "a numbered list within a step": (
        "Paragraph 1 - Main Point: Two things:\n1. rain\n2. wind - Word Count: 90 words\nParagraph 2 - Main Point: B",
        [("Two things: 1. rain 2. wind", 90), ("B", None)],
    ),
    "a list": ("- Open - 200 words\n- The hills", [("Open", 200), ("The hills", None)]),
    "a colon": ("Paragraph 1: Open. (300 words)", [("Open.", 300)]),
    "full-width colons and dashes": ("Paragraph 1 – Main Point： Open — Word Count： 300 words", [("Open", 300)]),
    "Chinese dashes and numerals": ("第十二段－主要观点：开篇－字数：400字", [("开篇", 400)]),
    "Chinese without dashes": ("第1段 主要观点:开篇 字数:400", [("开篇", 400)]),
    "full-width digits": ("第1段 - 主要观点：开篇 - 字数：４００字", [("开篇", 400)]),
    "a range": ("Paragraph 1 - Main Point: A - Word Count: 300-400 words", [("A", 350)]),
    "a range in words": ("Paragraph 1 - Main Point: A - Word Count: 300 to 401 words.", [("A", 350)]),
    "a Chinese range": ("第一段：开篇（约400-600字）", [("开篇", 500)]),
    "about": ("Paragraph 1 - Main Point: A - Word Count: about 350 words", [("A", 350)]),
    "about, as a sign": ("Paragraph 1 - Main Point: A - Word Count: ≈ 350 words", [("A", 350)]),
    "about, behind": ("第1段 - 主要观点：开篇 - 字数：400字左右", [("开篇", 400)]),
    "about, in brackets": ("Paragraph 1 - Main Point: A - Word Count: 350 words (approximately)", [("A", 350)]),
    "no count": ("Paragraph 1 - Main Point: A", [("A", None)]),
    "an empty count": ("Paragraph 1 - Main Point: A - Word Count:", [("A", None)]),
    "a count of none": ("Paragraph 1 - Main Point: A - Word Count: 0 words", [("A", None)]),
    "an absurd count": (f"Paragraph 1 - Main Point: A - Word Count: {'9' * 6000} words", [("A", None)]),
    "a remark behind the count": (
        "Paragraph 1 - Main Point: A - Word Count: 300 words - Note: B",
        [("A - Note: B", 300)],
    ),
    "a count in the point": (
        "Paragraph 1 - Main Point: The year 2000 words of wisdom - Word Count: 300 words",
        [("The year 2000 words of wisdom", 300)],
    ),
    "a step over two lines": (
        "Paragraph 1 - Main Point: A long\npoint - Word Count: 100 words\nParagraph 2 - Main Point: B",
        [("A long point", 100), ("B", None)],
    ),
    "a step over three lines": (
        "Paragraph 1\nMain Point: A\nWord Count: 300 words\nParagraph 2\nMain Point: B\nWord Count:\n200 words",
        [("A", 300), ("B", 200)],
    ),
    "blank lines within steps": (
        "Paragraph 1\n\nMain Point: A\n\nWord Count: 300 words\n\n"
        "Paragraph 2\n\nMain Point: B\n\nWord Count: 200 words",
        [("A", 300), ("B", 200)],
    ),
    "headings with bullets": (
        "### Paragraph 1\n- Main Point: A\n- Word Count: 300 words\n\n### Paragraph 2\n- Main Point: B",
        [("A", 300), ("B", None)],
    ),
    "table rows": ("| Paragraph 1 | Main Point: A | Word Count: 300 words |", [("A", 300)]),
    "steps run together": (
        "Paragraph 1 - Main Point: A - Word Count: 300 words Paragraph 2 - Main Point: B - Word Count: 200 words",
        [("A", 300), ("B", 200)],
    ),
    "steps merged by the model": ("Paragraph 1-3 - Main Point: A - Word Count: 300 words", [("A", 300)]),
    "other names": (
        "Section One - Main Idea: A\nChapter 2: B\nStep 3) C\n段落4 - 要点：丁",
        [("A", None), ("B", None), ("C", None), ("丁", None)],
    ),
    "a preamble and a remark": (
        "Here is the plan (500 words):\n\nParagraph 1 - Main Point: A\n\n"
        "Total word count: 300 words\nI hope this helps!",
        [("A", None)],
        ["Here is the plan (500 words):", "Total word count: 300 words", "I hope this helps!"],
    ),
    "a named step without a point": (
        "Paragraph 1 - Main Point: - Word Count: 300 words\nParagraph 2 - Main Point: B",
        [("B", None)],
        ["Paragraph 1 - Main Point: - Word Count: 300 words"],
    ),
    "Windows line ends": ("Paragraph 1 - Main Point: A\r\nParagraph 2 - Main Point: B\r\n", [("A", None), ("B", None)]),
    "markup and template signs": (
        "Paragraph 1 - Main Point: ${alert(1)} {{x}} <img src=x onerror=y> - Word Count: 300 words",
        [("${alert(1)} {{x}} <img src=x onerror=y>", 300)],
    ),
}


@pytest.mark.parametrize("name", PRINTED)
def test_reads_what_models_print(name):
    text, steps, *unused = PRINTED[name]
    parsed = parse_plan(text)
    assert [(step.main_point, step.words) for step in parsed.steps] == steps
    assert list(parsed.unused) == (unused[0] if unused else [])


@pytest.mark.parametrize(
    "text", ["", "  \n\n", "I cannot help with that.", "1.5 million people live here", "第", "Paragraph"]
)
def test_a_text_without_a_step_is_refused_with_the_text(text):
    with pytest.raises(PlanError) as caught:
        parse_plan(text)
    assert caught.value.raw == text
    assert "Paragraph 1 - Main Point" in caught.value.hint


def test_more_than_fifty_steps():
    steps = [Step(f"Point number {n}", 10 + n) for n in range(1, 121)]
    assert list(parse_plan(render_plan(steps, "en")).steps) == steps


def test_renders_the_line_format():
    assert render_step(3, Step("Hills", 400), "en") == "Paragraph 3 - Main Point: Hills - Word Count: 400 words"
    assert render_step(3, Step("山丘", 400), "zh") == "第3段 - 主要观点：山丘 - 字数：400字"
    assert (
        render_plan([Step("A"), Step("B")], "fr", first=7) == "Paragraph 7 - Main Point: A\nParagraph 8 - Main Point: B"
    )


def test_a_main_point_is_one_line():
    assert Step(" a\n b\tc ").main_point == "a b c"


_WORD = st.text(st.sampled_from("abcdeàß中文字数${}<>&'\"!?"), min_size=1, max_size=8).filter(
    lambda word: "字" not in word
)
_STEP = st.builds(
    Step,
    st.lists(_WORD, min_size=1, max_size=6).map(lambda words: "x " + " ".join(words)),
    st.none() | st.integers(1, MAX_STEP_WORDS),
)


_TITLES = {
    "The storm": "The storm",
    "Chapter one": "Chapter one",
    "**Section five**": "Section five",
    "Step 3.2 of it": "Step 3.2 of it",
    "第三章": "第三章",
    "Chapter 2: The sea": "The sea",
    "Part 4 - Rain": "Rain",
    "第六章：雨": "雨",
}


@settings(deadline=None)
@given(st.lists(st.sampled_from(sorted(_TITLES)), min_size=2, max_size=8).map(lambda titles: ["The storm", *titles]))
def test_every_line_of_a_numbered_list_is_a_step_however_it_is_called(titles):
    parsed = parse_plan("\n".join(f"{n}. {title}" for n, title in enumerate(titles, 1)))
    assert [step.main_point.strip("*") for step in parsed.steps] == [_TITLES[title] for title in titles]
    assert not parsed.unused


@settings(deadline=None)
@given(st.lists(_STEP, min_size=1, max_size=60), st.sampled_from(["en", "zh", "de"]))
def test_what_is_rendered_is_read_back(steps, language):
    parsed = parse_plan(render_plan(steps, language))
    assert list(parsed.steps) == steps
    assert not parsed.unused


_PIECES = [
    *"\n\n\n\n  --：:*#|1290.)（(,",
    "Paragraph 1",
    "Paragraph 2 - Main Point: ",
    "第1段",
    " - Word Count: 300 words",
    "字数：",
    "words",
    "**",
    "1. ",
    "- ",
    "alpha",
    "一",
    "\r",
    "\x00",
    "\u2028",
]


@settings(deadline=None)
@given(st.lists(st.sampled_from(_PIECES), max_size=40).map("".join))
def test_no_letter_of_a_mutated_plan_disappears(text):
    """Whatever is done to a plan: PlanError or nothing, and what is no label or count is in a step or left over."""
    try:
        parsed = parse_plan(text)
    except PlanError as error:
        assert error.raw == text
        return
    kept = "".join(step.main_point for step in parsed.steps) + "".join(parsed.unused)
    assert text.count("alpha") == kept.count("alpha")
    assert text.count("一") == kept.count("一")
    assert all(step.main_point for step in parsed.steps)


_JUNK = [
    "-",
    " - ",
    "\n",
    "\n\n",
    "**",
    "|",
    ":",
    "：",
    "words",
    "300",
    " 字",
    "1.",
    "第",
    "Paragraph ",
    "(",
    ")",
    "\u2028",
]


def _mutated(plan: str, chance: random.Random) -> tuple[str, list[str]]:
    """A plan that somebody has been at, and the words put into its lines that must not be lost."""
    for _ in range(chance.randint(0, 6)):
        lines = plan.split("\n")
        at, other = chance.randrange(len(lines)), chance.randrange(len(lines))
        place = chance.randint(0, len(plan))
        plan = chance.choice(
            [
                "\n".join(lines[:at] + lines[at + 1 :]),
                "\n".join([*lines, lines[at]]),
                "\n".join([*lines[:at], lines[other], *lines[at + 1 :]]),
                plan[:place] + chance.choice(_JUNK) + plan[place:],
                plan[:place] + plan[place + chance.randint(1, 12) :],
                plan[:place],
                plan.upper(),
                plan.replace("\n", chance.choice([" ", "\r\n", "\n\n", "\n\n\n"])),
            ]
        )
    words, lines = [], plan.split("\n")
    for number, line in enumerate(lines):
        place = chance.randint(0, len(line))
        words.append(f"q{number}z")
        lines[number] = f"{line[:place]} {words[-1]} {line[place:]}"
    return "\n".join(lines), words


def test_of_two_thousand_mutated_plans_none_fails_and_none_loses_a_line():
    chance, plans, read = random.Random(1), [printed[0] for printed in PRINTED.values() if len(printed[0]) < 2000], 0
    for number in range(2000):
        text, words = _mutated(plans[number % len(plans)], chance)
        try:
            parsed = parse_plan(text)
        except PlanError as error:
            assert error.raw == text
            continue
        read += 1
        kept = " ".join([*(step.main_point for step in parsed.steps), *parsed.unused]).lower()
        assert [word for word in words if word not in kept] == [], text
    assert read > 1000


@pytest.mark.parametrize(
    "junk", ["-" * 60_000, " " * 60_000, "* " * 30_000, "- \n" * 30_000, "a\n" * 30_000, "300 words " * 6_000]
)
@pytest.mark.parametrize("head", ["", "Paragraph 1 - Main Point: ", "Paragraph 1 - Main Point: A - Word Count: 300"])
def test_a_model_that_loops_does_not_stall_the_reader(junk, head):
    """Quadratic matching would take minutes here; the test would not end."""
    try:
        assert parse_plan(head + junk).steps
    except PlanError as error:
        assert error.raw == head + junk


def test_missing_counts_share_what_is_left():
    steps = [Step("A", 300), Step("B"), Step("C")]
    assert [step.words for step in fill_counts(steps, 1000)] == [300, 350, 350]
    assert [step.words for step in fill_counts(steps, 200)] == [300, 50, 50]
    assert [step.words for step in fill_counts([Step("A", 300)], 1000)] == [300]


def test_no_step_gets_more_words_than_a_step_may_have():
    assert [s.words for s in fill_counts([Step("A"), Step("B")], 60_000)] == [MAX_STEP_WORDS] * 2
    assert [s.words for s in fit_counts([Step("A", 10), Step("B", 90)], 30_000)] == [10_000, MAX_STEP_WORDS]
    assert [s.words for s in fit_counts([Step("A", 10), Step("B", 90)], 90_000)] == [MAX_STEP_WORDS] * 2
    assert [s.words for s in rebalance([Step("A", 100, locked=True), Step("B"), Step("C")], 90_000)] == [
        100,
        MAX_STEP_WORDS,
        MAX_STEP_WORDS,
    ]


def test_counts_far_from_the_target_are_scaled_to_it():
    assert [s.words for s in fit_counts([Step("A", 200), Step("B", 600)], 400)] == [100, 300]
    assert [s.words for s in fit_counts([Step("A", 200), Step("B", 200)], 440)] == [200, 200]
    assert [s.words for s in fit_counts([Step("A"), Step("B")], 1000)] == [500, 500]
