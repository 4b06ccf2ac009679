"""What a reader of the DOCX gets, read with python-docx and, where it is installed, with LibreOffice."""

from __future__ import annotations

import io
import os
import shutil
import subprocess
from pathlib import Path

import docx
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from longwriter_ui.export import document, export
from longwriter_ui.export.office import docx as render

ODD = (
    "${alert(1)} {{x}} <img src=x onerror=alert(1)> <!-- gone? --> $x$ and $$y$$ &lt;b&gt; &amp; "
    "[link](http://a.b) ![picture](/etc/hostname) [^1] `code` ~~struck~~ 2*3*4 C:\\dir\\*.txt [INST] </s> "
    "<|end_of_text|> a_b_c :smile: @name #tag \\newpage \\* http://x.y <http://x.y>"
)


@pytest.fixture
def opened(tmp_path, draft_of):
    """The paragraphs of the exported DOCX of some texts."""

    def read(*texts, **options):
        return docx.Document(str(export(draft_of(*texts, **options), tmp_path / "out.docx")))

    return read


def test_title_headings_and_paragraphs(opened):
    result = opened("## The Hills\n\nSeven of them.\n\nAnd **one** more.", "", "### Trams\n\nYellow.")
    assert [(p.style.name, p.text) for p in result.paragraphs] == [
        ("Title", "A Guide to Lisbon"),
        ("Heading 1", "The Hills"),
        ("First Paragraph", "Seven of them."),
        ("Body Text", "And one more."),
        ("Heading 2", "Trams"),
        ("First Paragraph", "Yellow."),
    ]
    assert [run.text for run in result.paragraphs[3].runs if run.bold] == ["one"]
    assert result.core_properties.title == "A Guide to Lisbon"


@pytest.mark.parametrize(
    "text",
    [
        ODD,
        *ODD.split(),
        "[name]: http://x.y",
        "[name]: <javascript:alert(1)> 'title'",
        "1986. A good year.",
        "===",
        "#",
        "```",
        "~~~python",
        "<script>alert(1)</script>",
        "<div>",
        ":::",
        "| a | b |",
        "---x",
        "...",
        "Ends in a backslash \\",
    ],
)
def test_odd_text_comes_out_literally(opened, text):
    assert [p.text for p in opened(f"Before.\n\n{text}\n\nAfter.").paragraphs[1:]] == ["Before.", text, "After."]


@pytest.mark.parametrize("title", [ODD, "true", "null", "# One", "- a: b", '"quoted', "1986. A year", "日本語"])
def test_odd_titles_come_out_literally(opened, title):
    assert opened("Text.", title=title).paragraphs[0].text == title


def test_lines_keep_their_breaks_and_underlined_lines_their_letters(opened):
    result = opened("one\ntwo\n===\nthree\n-\n\n    indented by four")
    assert [p.text for p in result.paragraphs[1:]] == ["one\ntwo\n===\nthree\n-", "indented by four"]


def test_a_text_that_begins_like_metadata_stays_text(opened):
    result = opened("---\ntitle: Other\n---\n\nText.")
    assert result.paragraphs[0].text == "A Guide to Lisbon"
    assert "title: Other" in [p.text for p in result.paragraphs]


def test_control_characters_and_broken_surrogates_do_not_spoil_the_file(opened):
    assert opened("a\x00b\x0bc\ud800d\uffffe").paragraphs[1].text == "abcde"


def test_nothing_the_text_names_is_read(opened, tmp_path):
    secret = tmp_path / "secret.png"
    secret.write_bytes(b"\x89PNG secret")
    result = opened(f"![x]({secret}) <img src='{secret}'>\n\n[y]: {secret}\n\n![y]")
    assert not [part for part in result.part.package.iter_parts() if "image" in part.content_type]


def test_the_language_and_an_east_asian_font_are_set(opened):
    chinese = opened("里斯本建在七座山丘之上。", title="里斯本", language="zh")
    styles = chinese.styles.element.xml
    assert 'w:eastAsia="zh-CN"' in styles
    assert 'w:eastAsia="SimSun"' in styles
    assert chinese.core_properties.language == "zh-CN"
    assert opened("Bonjour.", language="fr").core_properties.language == "fr"


def test_arabic_runs_from_right_to_left(opened):
    assert opened("مرحبا بالعالم", language="ar").element.body.xpath(".//w:bidi")


def test_a_draft_without_text_is_its_title(opened):
    assert [p.text for p in opened("").paragraphs] == ["A Guide to Lisbon"]


_LINES = st.text(st.sampled_from("ab1 .#*_-=`~<>[]()!&;\\|$:{}\"'\t山，"), min_size=1, max_size=30)


@settings(max_examples=40, deadline=None)
@given(st.lists(_LINES, min_size=1, max_size=4))
def test_no_letter_is_ever_lost(lines):
    """Whatever the marks around them, letters, digits and Chinese characters reach the page in order."""
    body = "\n".join(lines)
    data = render(document.Document("T", "en", body))
    text = "".join(p.text for p in docx.Document(io.BytesIO(data)).paragraphs[1:])
    wanted = [c for c in body if c.isalpha()]
    assert [c for c in text if c.isalpha()] == wanted


def libreoffice() -> str:
    """The program. Without it, or what reads its PDF, the test is skipped, or fails where they must be there."""
    missing = [name for name in ("soffice", "pdftotext", "pdffonts") if shutil.which(name) is None]
    if missing:
        message = f"not installed: {', '.join(missing)} (LibreOffice and poppler)"
        if os.environ.get("LONGWRITER_REQUIRE_OFFICE") == "1":
            pytest.fail(message)
        pytest.skip(message)
    return "soffice"


def test_libreoffice_opens_it_and_shows_the_words(tmp_path, draft_of):
    program = libreoffice()
    english = draft_of(f"## The Hills\n\n{ODD}", title="Lisbon <b>")
    chinese = draft_of("## 七座山丘\n\n里斯本建在七座山丘之上。", title="里斯本旅行指南", language="zh")
    for name, draft in (("en", english), ("zh", chinese)):
        export(draft, tmp_path / f"{name}.docx")
    profile = f"-env:UserInstallation={(tmp_path / 'profile').as_uri()}"
    files = [tmp_path / "en.docx", tmp_path / "zh.docx"]
    subprocess.run(
        [program, profile, "--headless", "--convert-to", "pdf", "--outdir", tmp_path, *files],
        check=True,
        capture_output=True,
        timeout=240,
    )
    shown = pdf_text(tmp_path / "en.pdf")
    assert "Lisbon <b>" in shown
    assert "${alert(1)} {{x}} <img src=x onerror=alert(1)>" in shown
    shown = pdf_text(tmp_path / "zh.pdf")
    assert "里斯本旅行指南" in shown
    assert "里斯本建在七座山丘之上。" in shown
    fonts = subprocess.run(["pdffonts", tmp_path / "zh.pdf"], check=True, capture_output=True, text=True).stdout
    assert "CJK" in fonts or "Song" in fonts or "Sim" in fonts, f"no Chinese font was used:\n{fonts}"


def pdf_text(path: Path) -> str:
    return subprocess.run(["pdftotext", path, "-"], check=True, capture_output=True, text=True).stdout
