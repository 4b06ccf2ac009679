"""The rendering all formats share: where headings come from, the plan, what is remembered as an option."""

from __future__ import annotations

import pytest

from longwriter_ui.errors import ExportError
from longwriter_ui.export import markdown
from longwriter_ui.export.document import headings, render
from longwriter_ui.export.options import Font, Headings, Options, Paper

CARDS = ("## The Hills\n\nSeven.\n\n### Deep\n\nOne more.", "Trams are yellow.", "")
POINTS = ("Describe the hills. All of them", "Say what the trams are like.", "The end")


def body(draft, **options) -> str:
    return render(draft, Options(**options)).body


def test_headings_from_subtitles_steps_or_nowhere(draft_of):
    draft = draft_of(*CARDS, points=POINTS)
    assert body(draft) == "## The Hills\n\nSeven.\n\n### Deep\n\nOne more.\n\nTrams are yellow."
    assert body(draft, headings=Headings.STEPS) == (
        "## Describe the hills\n\nSeven.\n\n### Deep\n\nOne more.\n\n"
        "## Say what the trams are like\n\nTrams are yellow."
    )
    assert body(draft, headings=Headings.NONE) == "Seven.\n\nOne more.\n\nTrams are yellow."


def test_the_highest_heading_stands_just_below_the_title(draft_of):
    assert body(draft_of("# One\n\nText.\n\n## Two\n\nText.")).startswith("## One\n\nText.\n\n### Two")
    assert body(draft_of("#### One\n\nText.")).startswith("## One")


def test_without_cleaning_the_text_is_as_it_stands(draft_of):
    text = "Paragraph 1:\n\n**Hills**\n\nText.\n\nLet me know if you need any changes."
    assert body(draft_of(text), clean=False) == text
    assert body(draft_of(text)) == "## Hills\n\nText."


def test_the_plan_is_an_appendix_with_steps_that_have_no_text_yet(draft_of):
    draft = draft_of("## Hills\n\nText.", "", points=("The hills", "The end"))
    assert body(draft, plan=True).endswith("Text.\n\n## Plan\n\n1. The hills (100 words)\n2. The end (100 words)")
    assert body(draft_of("", points=["只有计划"], language="zh"), plan=True) == "## 写作计划\n\n1. 只有计划 (100字)"


def test_levels_and_words_of_headings():
    assert headings("### One\n\n#### Two ##\n\n#\n\n#x") == [(1, "One"), (2, "Two")]


def test_markdown_with_everything(draft_of):
    document = render(
        draft_of("## Hills\n\nText."), Options(title_page=True, author='A "B"', contents=True, metadata=True)
    )
    lines = markdown.render(document).decode().split("\n")
    assert lines[:4] == ["---", 'title: "A Guide to Lisbon"', 'author: "A \\"B\\""', 'lang: "en"']
    assert lines[5:8] == ['words: "2"', 'description: "Write a guide."', "---"]
    assert lines[8:] == [
        "", "# A Guide to Lisbon", "", '*A "B"*', "", "**Contents**", "", "- Hills", "", "---", "", "## Hills", "",
        "Text.", "",
    ]  # fmt: skip


def test_options_go_to_json_and_back():
    chosen = Options(True, "Ann", True, Headings.STEPS, True, True, Paper.A5, Font.SANS, False)
    assert Options().with_values(chosen.values()) == chosen
    assert all(type(value) in (str, bool) for value in chosen.values().values())
    assert Options().with_values({"author": "  Ann\n\x00 B\ud800 "}).author == "Ann B"


@pytest.mark.parametrize(
    ("values", "words"),
    [
        ({"colour": "red"}, "no export option 'colour'"),
        ({"plan": "yes"}, "on or off"),
        ({"plan": 1}, "on or off"),
        ({"paper": "a3"}, "Choose from: a4, a5, letter"),
        ({"paper": ["a4"]}, "cannot be"),
        ({"author": None}, "cannot be"),
        ({"author": "x" * 201}, "201"),
    ],
)
def test_options_that_do_not_fit_are_refused(values, words):
    with pytest.raises(ExportError) as caught:
        Options().with_values(values)
    assert words in str(caught.value)
