from __future__ import annotations

import pytest

from longwriter_ui.brief import Brief
from longwriter_ui.cli import main
from tests.cli.conftest import CommandLine


@pytest.fixture
def two(studio):
    """Ids of two drafts in the store, the second with a text."""
    first = studio.create(Brief.create("Write about hills", 100)).id
    second = studio.create(Brief.create("写一篇旅行指南", 200)).id
    studio.edit(second, None, {"do": "set_plan", "text": "第1段 - 主要观点：七座山丘 - 字数：200字"})
    key = studio.draft(second).paragraphs[0].key
    studio.edit(second, None, {"do": "edit_text", "key": key, "text": "里斯本建在七座山丘之上。"})
    return first, second


def test_list_shows_what_is_there(longwriter: CommandLine, two):
    first, second = two
    result = longwriter("drafts", "list")
    assert result.code == 0, result.err
    assert [line.split()[0] for line in result.out.splitlines()] == [second, first]
    assert "1/1 paragraphs" in result.out
    assert "11/200 words" in result.out
    listed = longwriter("drafts", "list", "--json").json["drafts"]
    assert [(d["id"], d["title"], d["words"], d["target_words"]) for d in listed] == [
        (second, "写一篇旅行指南", 11, 200),
        (first, "Write about hills", 0, 100),
    ]


def test_an_empty_store_is_told(longwriter: CommandLine):
    result = longwriter("drafts", "list")
    assert (result.code, result.out) == (0, "")
    assert "no drafts yet" in result.err


def test_show_gives_plan_and_text(longwriter: CommandLine, two):
    shown = longwriter("drafts", "show", two[1][:8]).out
    assert "[1] 七座山丘 (11 of 200 words, written)" in shown
    assert "里斯本建在七座山丘之上。" in shown
    assert "There is no plan yet." in longwriter("drafts", "show", two[0]).out


def test_what_could_command_a_terminal_is_not_printed(longwriter: CommandLine, studio):
    draft = studio.create(Brief.create("Write \x1b[31mred\x07", 100))
    shown = longwriter("drafts", "show", draft.id)
    assert "Write [31mred" in shown.out
    assert "\x1b" not in longwriter("drafts", "list").out


def test_export_and_delete(longwriter: CommandLine, two):
    exported = longwriter("drafts", "export", two[1], "--out", "a.md", "--out", "a.docx")
    assert exported.code == 0, exported.err
    assert (longwriter.folder / "a.docx").stat().st_size > 5_000
    assert longwriter("drafts", "delete", two[1]).code == 0
    gone = longwriter("drafts", "show", two[1])
    assert gone.code == 1
    assert f"error: There is no draft '{two[1]}'." in gone.err
    assert [d["id"] for d in longwriter("drafts", "list", "--json").json["drafts"]] == [two[0]]


def test_a_refused_export_leaves_the_draft(longwriter: CommandLine, two):
    result = longwriter("drafts", "export", two[1], "--out", "a.rtf")
    assert result.code == 1
    assert ".docx" in result.err
    assert longwriter("drafts", "show", two[1]).code == 0


def test_a_beginning_that_fits_several_is_refused(studio, capsys):
    for key in ("aa11", "aa22"):
        studio.create(Brief.create("Write about hills", 100), key=key)
    assert main(["drafts", "show", "aa"], lambda *_, **__: studio) == 1
    assert "2 drafts begin with 'aa'" in capsys.readouterr().err


def test_choices_are_made_on_the_command_line_and_stay(longwriter: CommandLine, two):
    options = ("--author", "Ann", "--headings", "steps", "--plan", "--title-page", "--no-clean", "--paper", "a5")
    result = longwriter("drafts", "export", two[1], "--out", "a.md", *options)
    assert result.code == 0, result.err
    text = (longwriter.folder / "a.md").read_text(encoding="utf-8")
    assert "*Ann*" in text and "## 七座山丘" in text and "## 写作计划" in text
    again = longwriter("drafts", "export", two[1], "--out", "b.md", "--no-plan")
    assert again.code == 0, again.err
    text = (longwriter.folder / "b.md").read_text(encoding="utf-8")
    assert "*Ann*" in text and "写作计划" not in text


def test_every_format_is_written(longwriter: CommandLine, two):
    names = ["a.md", "a.docx", "a.odt", "a.pdf", "a.epub", "a.html", "a.txt", "a.longwriter.json"]
    result = longwriter("drafts", "export", two[1], *(word for name in names for word in ("--out", name)))
    assert result.code == 0, result.err
    assert sorted(path.name for path in longwriter.folder.iterdir()) == sorted(names)


def test_files_become_drafts(longwriter: CommandLine, two):
    (longwriter.folder / "harbour.md").write_text("## The Quay\n\nIt was early.\n\nNobody came.", encoding="utf-8")
    assert longwriter("drafts", "export", two[1], "--out", "a.longwriter.json").code == 0
    result = longwriter("drafts", "import", "harbour.md", "a.longwriter.json")
    assert result.code == 0, result.err
    text, project = result.out.split()
    assert "Nobody came." in longwriter("drafts", "show", text).out
    assert longwriter("drafts", "show", project).out.count("里斯本建在七座山丘之上。") == 1
    assert {d["id"] for d in longwriter("drafts", "list", "--json").json["drafts"]} == {*two, text, project}


@pytest.mark.parametrize(
    ("name", "words"),
    [
        ("no.md", "no file"),
        ("a.rtf", "'.rtf'"),
        ("bad.docx", "error: bad.docx: This is no DOCX file"),
        (".", "error: . is a folder.\nGive the file itself."),
        ("folder.md", "folder.md is a folder"),
    ],
)
def test_a_file_that_cannot_be_imported_is_told(longwriter: CommandLine, told, name: str, words: str):
    (longwriter.folder / "a.rtf").write_text("x")
    (longwriter.folder / "bad.docx").write_text("x")
    (longwriter.folder / "folder.md").mkdir()
    result = told("drafts", "import", name)
    assert result.code == 1
    assert words in result.err
    assert told("drafts", "list").out == ""
