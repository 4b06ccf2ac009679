"""What a reader of the DOCX gets, read with python-docx."""

from __future__ import annotations

import io
import zipfile

import docx
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from longwriter_ui.export import document, export
from longwriter_ui.export.office import docx as render
from longwriter_ui.export.options import Font, Options, Paper

ODD = (
    "${alert(1)} {{x}} <img src=x onerror=alert(1)> <!-- gone? --> $x$ and $$y$$ &lt;b&gt; &amp; "
    "[link](http://a.b) ![picture](/etc/hostname) [^1] `code` ~~struck~~ 2*3*4 C:\\dir\\*.txt [INST] </s> "
    "<|end_of_text|> a_b_c :smile: @name #tag \\newpage \\* http://x.y <http://x.y>"
)


@pytest.fixture
def opened(tmp_path, draft_of):
    """The paragraphs of the exported DOCX of some texts."""

    def read(*texts, **options):
        chosen = Options(**options.pop("options", {}))
        return docx.Document(str(export(draft_of(*texts, **options), tmp_path / "out.docx", chosen)))

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


def test_quotations_lists_and_tables_have_the_styles_of_word(opened):
    text = (
        "> Quoted.\n\n- one\n- two\n    - deeper\n\n1. first\n2. second\n\n| Name | Age |\n|---|---|\n| Ann \\ | 3*4 |"
    )
    result = opened(f"Before.\n\n{text}\n\nAfter.")
    assert [(p.style.name, p.text) for p in result.paragraphs[2:-1]] == [
        ("Quote", "Quoted."),
        ("List Bullet", "one"),
        ("List Bullet", "two"),
        ("List Bullet", "deeper"),
        ("List Number", "first"),
        ("List Number", "second"),
    ]
    assert all(p._p.pPr.numPr is not None for p in result.paragraphs[3:-1])
    table = result.tables[0]
    assert [[cell.text for cell in row.cells] for row in table.rows] == [["Name", "Age"], ["Ann \\", "3*4"]]
    assert table.style.name == "Table"
    assert table.style.element.xpath(".//w:tblBorders")


@pytest.mark.parametrize(
    "text", ["| a | b |\n| c | d |", "a | b\n--|--\nc | d", "| a | b |\n|---|\n| c | d | e |", "|", "||\n||"]
)
def test_bars_that_make_no_table_stay_letters(opened, text):
    result = opened(f"Before.\n\n{text}\n\nAfter.")
    assert not result.tables
    assert [p.text for p in result.paragraphs[1:]] == ["Before.", text, "After."]


def test_subtitles_of_every_shape_are_headings(opened):
    result = opened("## One\n\nText.", "**Two**\n\nText.", "##Three\n\nText.", "## 4. Four\n\nText.")
    assert [p.text for p in result.paragraphs if p.style.name == "Heading 1"] == ["One", "Two", "Three", "4. Four"]


def test_pages_are_numbered(opened):
    assert opened("Text.").sections[0].footer._element.xpath(".//w:instrText[contains(., 'PAGE')]")


def test_a_title_page_with_author_and_contents(opened):
    chosen = {"title_page": True, "author": 'Ann "A" <O\'Neil> #1', "contents": True, "metadata": True}
    result = opened("## Hills & <b>\n\nText.\n\n### Deep\n\nMore.", "## 2\n\nEnd.", options=chosen)
    read = [(p.style.name, p.text) for p in result.paragraphs if p.text]
    assert read[:2] == [("Title", "A Guide to Lisbon"), ("Author", 'Ann "A" <O\'Neil> #1')]
    assert read[2][0] == "Date"
    entries = [("TOC Heading", "Contents"), ("toc 1", "Hills & <b>"), ("toc 2", "Deep"), ("toc 1", "2")]
    assert [(name.replace("TOC 1", "toc 1").replace("TOC 2", "toc 2"), text) for name, text in read[3:7]] == entries
    assert read[7] == ("Heading 1", "Hills & <b>")
    body = result.element.body
    assert len(body.xpath(".//w:br[@w:type='page']")) == 2
    anchors = body.xpath(".//w:hyperlink/@w:anchor")
    assert len(anchors) == 3
    assert set(anchors) <= set(body.xpath(".//w:bookmarkStart/@w:name"))
    assert body.xpath(".//w:sectPr/w:titlePg")
    assert result.styles["Title"].paragraph_format.space_before.pt > 100
    assert result.core_properties.author == 'Ann "A" <O\'Neil> #1'
    assert result.core_properties.comments == "Write a guide."


def test_paper_and_font(opened):
    for paper in Paper:
        section = opened("Text.", options={"paper": paper}).sections[0]
        assert (section.page_width.mm, section.page_height.mm) == pytest.approx(paper.millimetres, abs=0.1)
    serif, sans = (opened("Text.", options={"font": font}).styles.element.xml for font in Font)
    assert ("Georgia" in serif, "Georgia" in sans) == (True, False)
    assert ("Calibri" in serif, "Calibri" in sans) == (False, True)


def test_what_steers_the_styles_does_not_reach_the_file(tmp_path, draft_of):
    path = export(draft_of("## A\n\nText."), tmp_path / "out.docx", Options(title_page=True, contents=True))
    with zipfile.ZipFile(path) as archive:
        assert not [name for name in archive.namelist() if b"lw-" in archive.read(name)]
