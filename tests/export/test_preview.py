"""The preview: the text as it will be printed, and nothing that runs, loads or leads anywhere."""

from __future__ import annotations

import html
import html.parser
import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from longwriter_ui.export.document import Document, render
from longwriter_ui.export.options import Options
from longwriter_ui.export.preview import preview
from tests.export.test_docx import ODD

ATTACKS = [
    "<script>alert(1)</script>",
    "<img src=x onerror=alert(1)>",
    "<svg/onload=alert(1)>",
    "![x](http://tracker.example/x.png)",
    "[x](javascript:alert(1))",
    "[x]: javascript:alert(1)\n\n[x]",
    "<http://a.b>",
    "<style>*{display:none}</style>",
    "<iframe src=//a.b></iframe>",
    "${alert(1)}",
    "`${alert(1)}`",
    "{{value}}",
    "<a href='x' style='y' class='z'>x</a>",
    "&lt;script&gt;alert(1)&lt;/script&gt;",
    "\\<script>",
    "\\\\<img src=x onerror=alert(1)>",
    "| <b> | ${x} |\n|---|---|\n| <script>x</script> | \\` |",
    "<!-- hidden -->",
    "<p onclick=alert(1)>",
    "\x00<script>",
]
ALLOWED = {
    "h1", "h2", "h3", "h4", "h5", "h6", "p", "br", "hr", "em", "strong", "ul", "ol", "li", "blockquote",
    "table", "thead", "tbody", "tr", "th", "td",
}  # fmt: skip


class Reader(html.parser.HTMLParser):
    def __init__(self, page: str) -> None:
        super().__init__()
        self.text = ""
        self.tags: list[str] = []
        self.feed(page)

    def handle_starttag(self, tag, attrs):
        assert tag in ALLOWED and not attrs, (tag, attrs)
        self.tags.append(tag)
        self.text += " " if tag in ("p", "h2", "td") else ""

    def handle_data(self, data):
        self.text += data

    def handle_comment(self, data):
        raise AssertionError(data)


def shown(body: str, title: str = "T") -> Reader:
    page = preview(Document(title, "en", body))
    assert not re.search(r"[$`{}\\]", page)
    return Reader(page)


@pytest.mark.parametrize("attack", ATTACKS)
def test_attacks_are_letters(attack):
    for body in (attack, f"Before {attack} after.", f"> {attack}", f"- {attack}", f"## {attack}"):
        assert "alert" in shown(body).text or "alert" not in attack
    assert "alert" in shown("x", title=attack).text or "alert" not in attack


def test_odd_text_comes_out_literally():
    assert shown(f"Before.\n\n{ODD}\n\nAfter.", ODD).text.split() == f"{ODD} Before. {ODD} After.".split()


def test_the_marks_of_prose_are_rendered(draft_of):
    text = "**Hills**\n\nA *soft* and a **loud** word.\n\n- one\n- two\n\n1. first\n\n"
    text += "> said\n\n---\n\n| A | B |\n|---|---|\n| c | d |"
    page = Reader(preview(render(draft_of(text), Options(author="Ann"))))
    assert " ".join(page.tags) == (
        "h1 p em h2 p em strong ul li li ol li blockquote p hr table thead tr th th tbody tr td td"
    )
    assert page.text.split()[:6] == ["A", "Guide", "to", "Lisbon", "Ann", "Hills"]


@given(st.text(st.sampled_from("ab1 .#*_-=`~<>[]()!&;\\|$:{}\"'\n山，"), max_size=60))
def test_no_letter_is_lost_and_nothing_else_appears(body):
    assert [c for c in shown(body).text.strip()[1:] if c.isalpha()] == [c for c in body if c.isalpha()]
