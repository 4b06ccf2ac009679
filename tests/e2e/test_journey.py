"""The whole way of a piece in a real browser: brief, plan, edits, writing, stopping, going on, export."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest
from docx import Document

from longwriter_ui.draft import Author
from longwriter_ui.engine.scripted import ScriptedEngine
from longwriter_ui.manner import Manner
from tests.e2e.conftest import Site, held
from tests.script import author

pytestmark = pytest.mark.browser

Serve = Callable[..., Site]


def test_from_the_brief_to_the_exported_files(serve: Serve, tmp_path: Path) -> None:
    site = serve(engine := ScriptedEngine(author))
    tab = site.open()
    site.make_plan(tab, "Write a guide to a small harbour town.", 300)
    cards = tab.locator(".card")
    assert cards.count() == 5
    assert tab.locator("[data-part=total]").inner_text() == "5 steps, 300 of 300\u00a0words"

    # change the plan: a main point, a word count, a step more, a step less, another order
    cards.nth(0).locator(".point").fill("How the harbour began")
    cards.nth(1).locator(".stepper input").fill("40")
    assert "280 of" in tab.locator("[data-part=total]").inner_text()
    assert tab.locator("[data-part=off]").inner_text() == "20 to spare"
    cards.nth(1).focus()
    tab.keyboard.press("i")
    tab.wait_for_function("document.querySelectorAll('.card').length === 6")
    assert cards.nth(2).locator(".point").evaluate("node => node === document.activeElement")
    tab.keyboard.type("A walk at low tide")
    tab.keyboard.press("Enter")
    cards.nth(5).locator(".steps-side [aria-haspopup=menu]").click()
    tab.get_by_role("menuitem", name="Delete").click()
    tab.wait_for_function("document.querySelectorAll('.card').length === 5")
    cards.nth(0).focus()
    tab.keyboard.press("Alt+ArrowDown")
    grip, target = cards.nth(4).locator(".grip"), cards.nth(2)
    grip.hover()
    tab.mouse.down()
    box = target.bounding_box()
    tab.mouse.move(box["x"] + 60, box["y"] + 20, steps=4)
    tab.mouse.move(box["x"] + 60, box["y"] + 4, steps=4)
    tab.mouse.up()
    expected = [
        ("Who keeps it going in this piece", 40),
        ("How the harbour began", 60),
        ("What is often overlooked in this piece", 60),
        ("A walk at low tide", 300),
        ("What it costs in this piece", 60),
    ]
    site.until(lambda: [(s.main_point, s.words) for s in site.draft().steps] == expected, "the edited plan is stored")
    assert [card.input_value() for card in tab.locator(".point").all()] == [point for point, _ in expected]

    # write, watch, pause, go on, stop, go on
    engine.words_per_second = 10
    tab.locator("[data-part=write]").click()
    tab.get_by_text("Writing 1 of 5").wait_for()
    tab.locator(".card.is-writing .text p").wait_for()
    tab.get_by_text("tokens/s").wait_for()
    tab.get_by_text("left").first.wait_for()
    engine.words_per_second = 100
    tab.get_by_text("Writing 4 of 5").wait_for()  # the long one
    engine.words_per_second = 10
    tab.get_by_role("button", name="Pause").click()
    tab.locator(".status .now", has_text="Paused").wait_for()
    engine.words_per_second = 0  # all would be there at once, were it not paused
    rested = None
    while rested != (text := site.draft().text):  # what came before the pause may not be stored yet
        rested = text
        tab.wait_for_timeout(500)
    assert not site.draft().paragraphs[4].text, "nothing is written during a pause"
    engine.words_per_second = 20
    tab.get_by_role("button", name="Continue").first.click()
    site.until(lambda: len(site.draft().text) > len(rested), "it goes on")
    tab.get_by_role("button", name="Stop", exact=True).click()
    tab.locator(".status .now", has_text="Stopped").wait_for()
    stopped = site.draft().text
    assert stopped.startswith(rested)
    engine.words_per_second = 0
    tab.get_by_role("button", name="Continue").first.click()
    tab.locator(".status .now", has_text="Finished").wait_for()
    text = site.draft().text
    assert text.startswith(stopped)
    shown = [held(node) for node in tab.locator(".card .text").all()]
    assert "\n\n".join(shown) == text

    # edit a paragraph in place; what comes after it is marked, not rewritten
    tab.locator(".card .text").nth(0).click()
    tab.keyboard.press("Control+End")
    tab.keyboard.type(" And then the tide came in.")
    tab.locator(".title").click()
    site.until(lambda: site.draft().paragraphs[0].text.endswith("the tide came in."), "the edited text is stored")
    assert site.draft().paragraphs[0].version.author is Author.USER
    tab.locator(".card.is-edited").wait_for()
    assert tab.locator(".card.is-stale").count() == 4
    tab.locator(".card.is-stale").first.get_by_role("button", name="Keep as it is").click()
    tab.wait_for_function("document.querySelectorAll('.card.is-stale').length === 3")

    # export
    markdown = (tmp_path / "out.md").with_suffix(".md")
    download(tab, "Markdown").save_as(markdown)
    assert site.draft().paragraphs[4].text in markdown.read_text(encoding="utf-8")
    docx = tmp_path / "out.docx"
    download(tab, "Word document").save_as(docx)
    assert "And then the tide came in." in "\n".join(p.text for p in Document(str(docx)).paragraphs)


def download(tab, name: str):  # type: ignore[no-untyped-def]
    tab.get_by_role("button", name="Export", exact=True).click()
    tab.get_by_role("radio", name=name).check()
    with tab.expect_download() as expected:
        tab.get_by_role("button", name="Download").click()
    tab.get_by_role("dialog").get_by_role("button", name="Close").click()
    assert expected.value.suggested_filename.startswith("Write a guide to a small harbour town.")
    return expected.value


def test_a_deleted_step_comes_back_with_undo(serve: Serve) -> None:
    site = serve()
    tab = site.open()
    site.make_plan(tab, "Write about rain.", 250)
    before = site.draft().steps
    tab.locator(".card").nth(1).focus()
    tab.keyboard.press("Delete")
    tab.get_by_text("Step 2 deleted.").wait_for()
    site.until(lambda: len(site.draft().steps) == 4, "the step is deleted")
    tab.locator(".notices").get_by_role("button", name="Undo").click()
    site.until(lambda: site.draft().steps == before, "the step is back")


def test_one_paragraph_is_rewritten_and_the_others_stay(serve: Serve) -> None:
    site = serve()
    tab = site.open()
    site.make_plan(tab, "Write about rain.", 250)
    tab.locator("[data-part=write]").click()
    tab.locator(".status .now", has_text="Finished").wait_for()
    before = [p.text for p in site.draft().paragraphs]
    tab.locator("[data-stage=plan]").click()
    tab.locator(".stepper input").nth(4).fill("20")
    tab.locator("[data-stage=draft]").click()
    flag = tab.locator(".card").nth(4).locator(".flag")
    assert "changed after it was written" in flag.inner_text()
    flag.get_by_role("button", name="Rewrite").click()
    site.until(lambda: len(site.draft().paragraphs[4].text.split()) == 20, "the paragraph has its new length")
    assert [p.text for p in site.draft().paragraphs][:4] == before[:4]
    tab.locator(".status .now", has_text="Finished").wait_for()


def test_library_opens_and_deletes_drafts(serve: Serve) -> None:
    site = serve()
    tab = site.open()
    site.make_plan(tab, "Write about rain.", 250)
    tab.get_by_role("tab", name="Library").click()
    tab.get_by_role("button", name="Open", exact=True).click()
    tab.locator(".card").nth(4).wait_for()
    tab.get_by_role("tab", name="Library").click()
    tab.get_by_role("button", name="Duplicate").click()
    tab.get_by_text("(copy)").wait_for()
    copy = tab.locator(".shelf-row").filter(has_text="(copy)")
    copy.get_by_role("button", name="Rename").click()
    tab.keyboard.type("Snow ${1}")
    tab.keyboard.press("Enter")
    tab.get_by_role("button", name="Snow ${1}").wait_for()
    tab.get_by_label("Search the library").fill("snow")
    tab.wait_for_function("document.querySelectorAll('.shelf-row').length === 1")
    tab.get_by_role("button", name="Delete", exact=True).click()
    tab.get_by_text("Moved to the trash.").wait_for()
    tab.get_by_role("button", name="Restore").click()
    tab.get_by_role("button", name="Snow ${1}").wait_for()
    tab.get_by_label("Search the library").fill("")
    tab.wait_for_function("document.querySelectorAll('.shelf-row').length === 2")
    for left in (1, 0):
        tab.get_by_role("button", name="Delete", exact=True).first.click()
        tab.wait_for_function(f"document.querySelectorAll('.shelf-row').length === {left}")
    tab.get_by_role("button", name="Trash (2)").click()
    for left in (1, 0):
        tab.get_by_role("button", name="Delete for good").first.click()
        assert len(site.studio.drafts(trashed=True)) == left + 1  # nothing happens before the answer
        tab.locator(".shelf-question").get_by_role("button", name="Delete for good").click()
        tab.wait_for_function(f"document.querySelectorAll('.shelf-row').length === {left}")
    tab.get_by_role("button", name="Back to the library").click()
    tab.get_by_text("No drafts yet").wait_for()
    assert site.studio.drafts() == []
    tab.get_by_role("tab", name="Write").click()
    tab.locator("#lw-make").wait_for()


def test_settings_hold_for_new_pieces_and_outlive_a_reload(serve: Serve) -> None:
    site = serve()
    tab = site.open()
    tab.get_by_role("tab", name="Settings").click()
    tab.get_by_role("radio", name="AgentWrite").check()
    tab.get_by_role("radio", name="Strict").check()
    tab.locator("#lw-seed").fill("7")
    tab.get_by_label("Temperature").fill("warm")
    tab.get_by_label("Temperature").blur()
    tab.get_by_text("is no number").wait_for()
    tab.get_by_label("Temperature").fill("9")
    tab.get_by_label("Temperature").blur()
    tab.get_by_text("Temperature cannot be 9").wait_for()
    tab.get_by_label("Temperature").fill("0.9")
    tab.get_by_label("Temperature").blur()
    site.until(lambda: site.studio.loader.settings.manner.temperature == 0.9, "the settings are saved")
    assert site.studio.loader.settings.seed == 7
    tab.reload()
    tab.locator("#lw-make").wait_for()
    site.make_plan(tab, "Write about rain.", 250)
    assert (site.draft().mode.value, site.draft().seed) == ("agentwrite", 7)
    assert site.draft().manner == Manner(temperature=0.9, length="strict")


def test_the_length_that_a_brief_names_is_its_target_until_another_is_chosen(serve: Serve) -> None:
    site = serve()
    tab = site.open()
    asked, custom = tab.locator("#lw-ask textarea"), tab.locator("#lw-custom input")
    asked.fill("A travel guide to Lisbon in 3,000 words")
    tab.locator("#lw-length input[value='3,000']:checked").wait_for(state="attached")
    asked.fill("写一篇1200字的散文")
    custom.wait_for()
    assert custom.input_value() == "1,200"
    asked.fill("A travel guide to Lisbon")
    tab.locator("#lw-length input[value='1,000']:checked").wait_for(state="attached")
    asked.fill("A travel guide to Lisbon in 700 words")
    tab.locator("#lw-make").click()  # before the page has looked at what was typed
    tab.locator("[data-part=foot] [data-part=write]").wait_for()
    assert site.draft().brief.target_words == 700
    site.studio.delete(site.draft().id)

    tab.reload()
    tab.locator("#lw-length").get_by_text("10,000", exact=True).click()
    asked.fill("A travel guide to Lisbon in 400 words")
    tab.get_by_text("Detected: English.").wait_for()
    tab.wait_for_timeout(1000)
    assert tab.locator("#lw-length input[value='10,000']").is_checked()


def test_settings_of_the_open_piece_are_its_own(serve: Serve) -> None:
    site = serve()
    tab = site.open()
    tab.get_by_role("tab", name="Settings").click()
    assert tab.get_by_role("button", name="The open piece").is_disabled()
    tab.get_by_role("tab", name="Write").click()
    site.make_plan(tab, "Write about rain.", 250)
    tab.get_by_role("tab", name="Settings").click()
    tab.get_by_role("button", name="The open piece").click()
    tab.get_by_label("Top k").fill("12")
    tab.get_by_label("DRY").fill("0.8")
    tab.get_by_role("checkbox", name="Break off loops").uncheck()
    tab.get_by_role("radio", name="Free").check()
    wanted = Manner(top_k=12, dry_multiplier=0.8, length="off", guard=False)
    site.until(lambda: site.draft().manner == wanted, "the piece has its own settings")
    assert site.studio.loader.settings.manner == Manner()
    tab.get_by_role("button", name="Back to the usual values").click()
    site.until(lambda: site.draft().manner == Manner(length="gentle"), "the usual values are back")
