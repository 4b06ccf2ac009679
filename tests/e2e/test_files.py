"""Export and import on the page: choices that stay, a preview that does nothing, files that become drafts."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path

import pytest
from docx import Document

from longwriter_ui.brief import Brief
from tests.e2e.conftest import Site, held

pytestmark = pytest.mark.browser

Serve = Callable[..., Site]
HOSTILE = "<img src=x onerror=alert(1)> ${alert(2)} ![x](http://tracker.example/x.png) <script>alert(3)</script> {{x}}"


def with_text(site: Site, *texts: str) -> str:
    draft = site.studio.create(Brief.create("Write about the harbour", 300))
    plan = "\n".join(f"Paragraph {n} - Main Point: Point {n} - Word Count: 50 words" for n in range(1, len(texts) + 1))
    site.studio.edit(draft.id, None, {"do": "set_plan", "text": plan})
    for paragraph, text in zip(site.studio.draft(draft.id).paragraphs, texts, strict=True):
        site.studio.edit(draft.id, None, {"do": "edit_text", "key": paragraph.key, "text": text})
    return draft.id


def test_choices_show_in_the_preview_and_the_file_and_stay(serve: Serve, tmp_path: Path) -> None:
    site = serve()
    draft = with_text(site, "Paragraph 1:\n\n**The Quay**\n\nIt was *early*.", HOSTILE)
    tab = site.open(f"?draft={draft}")
    tab.locator(".card").nth(1).wait_for()
    tab.get_by_role("button", name="Export", exact=True).click()
    dialog = tab.get_by_role("dialog")
    preview = tab.frame_locator(".export-preview")
    preview.locator("h2", has_text="The Quay").wait_for()
    assert preview.locator("em").inner_text() == "early"
    assert HOSTILE in preview.locator("body").inner_text()
    assert "Paragraph 1:" not in preview.locator("body").inner_text()
    assert preview.locator("img, script, a").count() == 0

    dialog.get_by_label("Author").fill("Ann <b>O'Neil</b>")
    tab.keyboard.press("Tab")
    dialog.get_by_role("combobox", name="Headings").select_option("steps")
    preview.locator("h2", has_text="Point 1").wait_for()
    preview.get_by_text("Ann <b>O'Neil</b>").wait_for()
    dialog.get_by_label("Leave out what the model said").uncheck()
    preview.get_by_text("Paragraph 1:").wait_for()
    dialog.get_by_role("radio", name="Markdown").check()
    assert dialog.get_by_role("combobox", name="Paper").is_disabled()
    dialog.get_by_role("radio", name="Word document").check()
    dialog.get_by_role("combobox", name="Paper").select_option("a5")
    dialog.get_by_label("Title page").check()
    site.until(lambda: site.studio.export_options(draft).title_page, "the choice is kept")
    with tab.expect_download() as expected:
        dialog.get_by_role("button", name="Download").click()
    expected.value.save_as(tmp_path / "out.docx")
    read = Document(str(tmp_path / "out.docx"))
    assert [p.text for p in read.paragraphs if p.style.name == "Author"] == ["Ann <b>O'Neil</b>"]
    assert round(read.sections[0].page_width.mm) == 148

    tab.reload()
    tab.locator(".card").nth(1).wait_for()
    tab.get_by_role("button", name="Export", exact=True).click()
    tab.frame_locator(".export-preview").locator("h2", has_text="Point 1").wait_for()
    assert dialog.get_by_label("Author").input_value() == "Ann <b>O'Neil</b>"
    assert dialog.get_by_role("combobox", name="Headings").input_value() == "steps"
    assert not dialog.get_by_label("Leave out what the model said").is_checked()
    tab.keyboard.press("Escape")
    assert not dialog.is_visible()
    assert tab.get_by_role("button", name="Export", exact=True).evaluate("node => node === document.activeElement")


@pytest.mark.parametrize("name", ["PDF", "E-book", "OpenDocument", "Web page", "Plain text"])
def test_every_format_can_be_downloaded(serve: Serve, tmp_path: Path, name: str) -> None:
    site = serve()
    tab = site.open(f"?draft={with_text(site, 'A text about the quay.')}")
    tab.locator(".card").wait_for()
    tab.get_by_role("button", name="Export", exact=True).click()
    tab.get_by_role("dialog").get_by_role("radio", name=name).check()
    with tab.expect_download() as expected:
        tab.get_by_role("dialog").get_by_role("button", name="Download").click()
    expected.value.save_as(tmp_path / "out")
    assert (tmp_path / "out").stat().st_size > 10


def test_a_project_goes_out_and_comes_back(serve: Serve, tmp_path: Path) -> None:
    site = serve()
    draft = with_text(site, "A text about the quay.", HOSTILE)
    tab = site.open(f"?draft={draft}")
    tab.locator(".card").nth(1).wait_for()
    tab.get_by_role("button", name="Export", exact=True).click()
    tab.get_by_role("dialog").get_by_role("radio", name="Project file").check()
    assert tab.get_by_role("dialog").get_by_label("Author").is_disabled()
    with tab.expect_download() as expected:
        tab.get_by_role("dialog").get_by_role("button", name="Download").click()
    path = tmp_path / expected.value.suggested_filename
    assert path.name.endswith(".longwriter.json")
    expected.value.save_as(path)
    site.studio.delete(draft)
    tab.get_by_role("dialog").get_by_role("button", name="Close").click()
    tab.get_by_role("tab", name="Library").click()
    tab.get_by_label("File to import").set_input_files(path)
    tab.locator(".card").nth(1).wait_for()
    assert [p.text for p in site.draft().paragraphs] == ["A text about the quay.", HOSTILE]
    assert held(tab.locator(".card .text").nth(1)) == HOSTILE


def test_a_text_becomes_a_draft_and_a_bad_file_is_refused(serve: Serve, tmp_path: Path) -> None:
    site = serve()
    tab = site.open()
    tab.get_by_role("tab", name="Library").click()
    bad = tmp_path / "bad.longwriter.json"
    bad.write_text(json.dumps({"format": "other"}))
    tab.get_by_label("File to import").set_input_files(bad)
    tab.get_by_text("This is no project file that can be read").wait_for()
    assert site.studio.drafts() == []
    good = tmp_path / "My harbour.md"
    good.write_text("## The Quay\n\nIt was early.\n\nNobody came.", encoding="utf-8")
    tab.get_by_label("File to import").set_input_files(good)
    tab.locator(".card").nth(1).wait_for()
    assert site.draft().title == "My harbour"
    assert [p.text for p in site.draft().paragraphs] == ["## The Quay\n\nIt was early.", "Nobody came."]
