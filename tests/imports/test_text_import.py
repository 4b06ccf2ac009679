"""Markdown, DOCX and plain text as drafts: paragraphs become cards, no word is lost, no file does harm."""

from __future__ import annotations

import io
import re
import zipfile
from pathlib import Path

import docx
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from longwriter_ui.draft import Author, Status
from longwriter_ui.edits import MAX_STEPS
from longwriter_ui.errors import ImportRefused
from longwriter_ui.imports import load
from longwriter_ui.imports import text as texts
from longwriter_ui.imports.docx import MAX_UNPACKED
from longwriter_ui.studio import Studio

GUIDE = """---
title: "Lisbon, on Foot"
lang: en-GB
---

# Lisbon

The city has seven hills. It has many more stairs.

## The Hills

They are steep.
And long.

### Why

- one
- two

```
code

stays whole
```

Last words."""


def saved(tmp_path: Path, name: str, content: str | bytes) -> Path:
    path = tmp_path / name
    path.write_bytes(content.encode() if isinstance(content, str) else content)
    return path


def letters(text: str) -> str:
    return re.sub(r"[\W_]", "", text)


def test_markdown_becomes_cards_with_their_headings(studio: Studio, tmp_path: Path) -> None:
    draft = studio.import_file(saved(tmp_path, "guide.md", GUIDE))
    assert (draft.title, draft.brief.language) == ("Lisbon, on Foot", "en")
    assert [(p.step.main_point, p.text) for p in draft.paragraphs] == [
        ("Lisbon", "# Lisbon\n\nThe city has seven hills. It has many more stairs."),
        ("The Hills", "## The Hills\n\nThey are steep.\nAnd long."),
        ("Why", "### Why\n\n- one\n- two"),
        ("``` code stays whole ```", "```\ncode\n\nstays whole\n```"),
        ("Last words.", "Last words."),
    ]
    assert all(p.status is Status.WRITTEN and p.finished and p.version.author is Author.USER for p in draft.paragraphs)
    assert draft.stale_marks() == ((),) * 5
    assert draft.brief.instruction == "Write a text with the title “Lisbon, on Foot”."


def test_a_step_is_named_by_the_words_of_its_paragraph(tmp_path: Path) -> None:
    source = '> Said the captain. Twice.\n\n- rope\n- lamp\n\n"Here!" he said. \n\n' + "word " * 100
    points = [p.step.main_point for p in load(saved(tmp_path, "a.md", source)).draft.paragraphs]
    assert points[:2] == ["Said the captain.", "rope lamp"]
    assert len(points[3]) <= 160 and points[3].endswith("…")


def test_the_only_highest_heading_is_the_title(tmp_path: Path) -> None:
    for source in ("# Lisbon\n\nText.", "---\ntitle: Lisbon\n---\n\n# Lisbon #\n\nText."):
        draft = load(saved(tmp_path, "a.md", source)).draft
        assert (draft.title, draft.text) == ("Lisbon", "Text.")
    draft = load(saved(tmp_path, "a.md", "# One\n\nText.\n\n# Two\n\nText.")).draft
    assert (draft.title, len(draft.paragraphs)) == ("a", 2)


def test_an_imported_text_can_be_rewritten_in_part_and_continued(studio: Studio, tmp_path: Path) -> None:
    draft = studio.import_file(saved(tmp_path, "guide.md", GUIDE))
    assert studio.write(draft.id, [draft.paragraphs[1].key]).wait(10)
    studio.edit(
        draft.id, None, {"do": "insert_step", "after": draft.paragraphs[-1].key, "main_point": "More", "words": 40}
    )
    assert studio.write(draft.id).wait(10)
    now = studio.draft(draft.id)
    assert now.paragraphs[1].version.author is Author.MODEL
    assert now.paragraphs[0].text == draft.paragraphs[0].text
    assert now.count(now.paragraphs[-1].text) == 40


def test_plain_text_takes_its_title_from_the_file_and_marks_for_letters(tmp_path: Path) -> None:
    draft = load(saved(tmp_path, "My Story.txt", "# not a heading\r\n\r\nSecond.\x0cThird.")).draft
    assert draft.title == "My Story"
    assert [p.text for p in draft.paragraphs] == ["# not a heading", "Second.", "Third."]


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "utf-16", "gb18030"])
def test_chinese_text_in_every_usual_encoding(tmp_path: Path, encoding: str) -> None:
    text = "里斯本建在七座山丘之上。\n\n电车是黄色的，穿过窄巷。"
    draft = load(saved(tmp_path, "里斯本.txt", text.encode(encoding))).draft
    assert (draft.text, draft.brief.language, draft.title) == (text, "zh", "里斯本")
    assert draft.brief.instruction == "写一篇题为《里斯本》的文章。"


def test_an_old_western_text_is_read_too(tmp_path: Path) -> None:
    assert load(saved(tmp_path, "a.txt", "Le café coûte peu.".encode("cp1252"))).draft.text == "Le café coûte peu."


def word_file() -> docx.document.Document:
    document = docx.Document()
    document.add_heading("From Word", 0)
    document.add_heading("The Hills & [Stairs]", 1)
    document.add_paragraph("Seven * of # them_all, C:\\dir, 2 < 3 & $x$.")
    document.add_paragraph("one", style="List Bullet")
    document.add_paragraph("two", style="List Bullet")
    document.add_paragraph("Said so.", style="Quote")
    table = document.add_table(2, 2)
    for n, cell in enumerate(cell for row in table.rows for cell in row.cells):
        cell.text = f"cell {n}"
    table.cell(1, 1).add_paragraph("second in the cell")
    run = document.add_paragraph().add_run("bold words")
    run.bold = True
    document.add_heading("里斯本", 2)
    document.add_paragraph("山丘。")
    return document


def test_a_docx_becomes_cards(tmp_path: Path) -> None:
    word_file().save(str(tmp_path / "file.docx"))
    draft = load(tmp_path / "file.docx").draft
    assert draft.title == "From Word"
    assert draft.paragraphs[0].text == "# The Hills & [Stairs]\n\nSeven * of # them_all, C:\\dir, 2 < 3 & $x$."
    assert draft.paragraphs[0].step.main_point == "The Hills & [Stairs]"
    assert draft.paragraphs[-1].text == "## 里斯本\n\n山丘。"
    for words in ("one", "two", "Said so.", "cell 0", "cell 3 second in the cell", "**bold words**"):
        assert words in draft.text


def test_our_own_docx_comes_back(studio: Studio, tmp_path: Path) -> None:
    draft = studio.import_file(saved(tmp_path, "guide.md", GUIDE))
    again = studio.import_file(studio.export(draft.id, tmp_path / "guide.docx"))
    assert again.title == draft.title
    assert letters(again.text) == letters(draft.text)


def test_a_long_text_has_no_more_cards_than_a_plan_may_have(tmp_path: Path) -> None:
    source = "\n\n".join(f"Paragraph number {n} of many." for n in range(1700))
    draft = load(saved(tmp_path, "long.md", source)).draft
    assert len(draft.paragraphs) == MAX_STEPS
    assert draft.text == source


def bomb(members: dict[str, int]) -> bytes:
    """A DOCX of a few kilobytes that unpacks to as many bytes as said."""
    result = io.BytesIO()
    with zipfile.ZipFile(result, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, size in members.items():
            with archive.open(name, "w", force_zip64=True) as file:
                for _ in range(size // 2**20 + 1):
                    file.write(b" " * 2**20)
    return result.getvalue()


@pytest.mark.parametrize(
    ("name", "content", "words"),
    [
        ("a.docx", b"", "no DOCX file"),
        ("a.docx", b"PK\x03\x04 nonsense", "no DOCX file"),
        ("a.md", "", "no text"),
        ("a.md", "\n \n\t\n", "no text"),
        ("a.txt", b"\x89PNG\r\n\x00\x00", "no text in a known encoding"),
        ("a.txt", b"\xff\xfe\x00", "no text in a known encoding"),
        ("a.odt", "x", "'.odt'"),
        ("a", "x", "no suffix"),
        ("a.json", "{}", "'.json'"),
        ("a.md", "x" * 400_001, "400,000"),
    ],
)
def test_what_cannot_be_read_is_refused(
    studio: Studio, tmp_path: Path, name: str, content: str | bytes, words: str
) -> None:
    with pytest.raises(ImportRefused) as caught:
        studio.import_file(saved(tmp_path, name, content))
    assert words in caught.value.message
    assert studio.drafts() == []


def test_a_bomb_is_refused_before_it_goes_off(tmp_path: Path) -> None:
    data = bomb({"word/document.xml": MAX_UNPACKED + 2**20})
    assert len(data) < 2**20
    with pytest.raises(ImportRefused, match="unpacks to more than 128 MB"):
        load(saved(tmp_path, "bomb.docx", data))
    shared = bomb({f"word/{n}.xml": MAX_UNPACKED // 8 for n in range(9)} | {"word/document.xml": 1})
    with pytest.raises(ImportRefused, match="unpacks to more than 128 MB"):
        load(saved(tmp_path, "bomb.docx", shared))


def test_a_docx_that_pandoc_cannot_read_is_refused(tmp_path: Path) -> None:
    result = io.BytesIO()
    with zipfile.ZipFile(result, "w") as archive:
        archive.writestr("word/document.xml", "<not-closed")
    with pytest.raises(ImportRefused, match="could not be read"):
        load(saved(tmp_path, "a.docx", result.getvalue()))


def test_missing_and_large_files_are_refused(tmp_path: Path) -> None:
    with pytest.raises(ImportRefused, match="no file"):
        load(tmp_path / "missing.md")
    with pytest.raises(ImportRefused, match="is a folder"):
        (tmp_path / "folder.md").mkdir()
        load(tmp_path / "folder.md")
    path = tmp_path / "big.md"
    with path.open("wb") as file:
        file.truncate(texts.MAX_BYTES + 1)
    with pytest.raises(ImportRefused, match="larger than 16 MB"):
        load(path)


@settings(deadline=None)
@given(st.text(st.sampled_from("ab1 .#*_-=`~<>[]()!&;|:\"'\n\t山，"), max_size=200), st.booleans())
def test_no_word_of_a_text_is_lost(source: str, marked: bool) -> None:
    try:
        draft = texts.draft_from(source, "name", marked)
    except ImportRefused:
        return
    found = letters(draft.text) if draft.title == "name" else letters(draft.title + draft.text)
    if not source.lstrip("\n").startswith("---"):
        assert found == letters(source) or letters(source) == ""
