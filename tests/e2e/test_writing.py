"""While the studio writes: following, the queue, a line that is cut, and what the person is told and asked."""

from __future__ import annotations

import re
from collections.abc import Callable
from pathlib import Path
from urllib.parse import urlsplit

import pytest

from longwriter_ui.brief import Brief
from longwriter_ui.engine.base import Request
from longwriter_ui.engine.scripted import ScriptedEngine
from tests.e2e.conftest import Site, held
from tests.relay import Relay
from tests.script import author

pytestmark = pytest.mark.browser
Serve = Callable[..., Site]


def test_the_text_is_followed_until_the_person_scrolls(serve: Serve) -> None:
    site = serve(engine := ScriptedEngine(author))
    tab = site.open()
    site.make_plan(tab, "Write about rain.", 2500)
    engine.words_per_second = 400
    tab.locator("[data-part=foot] [data-part=write]").click()
    tab.get_by_role("button", name="Following").wait_for()
    tab.wait_for_function("scrollY > 300")
    engine.words_per_second = 60  # there is much left to be written
    tab.wait_for_function(
        "(() => { const at = document.querySelector('.caret')?.getBoundingClientRect();"
        " return at && at.top > 0 && at.bottom < innerHeight; })()"
    )
    tab.mouse.move(700, 400)
    tab.mouse.wheel(0, -2000)
    tab.get_by_role("button", name="Follow", exact=True).wait_for()
    tab.wait_for_function("scrollY === 0")
    length = len(site.draft().text)
    site.until(lambda: len(site.draft().text) > length + 150, "the writing goes on")
    assert tab.evaluate("scrollY") == 0, "the page stays where the person put it"
    tab.get_by_role("button", name="Follow", exact=True).click()
    tab.wait_for_function("scrollY > 300")
    tab.get_by_role("button", name="Stop", exact=True).click()
    tab.locator(".status .now", has_text="Stopped").wait_for()


def test_a_piece_waits_its_turn_and_leaves_the_line(serve: Serve) -> None:
    site = serve(engine := ScriptedEngine(author))
    tab = site.open()
    other = site.studio.create(Brief.create("Write about wind.", 2000))
    assert site.studio.plan(other.id).wait(60)
    site.make_plan(tab, "Write about rain.", 300)
    engine.words_per_second = 20
    first = site.studio.write(other.id)
    tab.locator("[data-part=foot] [data-part=write]").click()
    tab.get_by_text("Next in line. Another piece is being written first.").wait_for()
    tab.get_by_role("button", name="Leave the line").click()
    tab.locator(".status .now", has_text="Not begun").wait_for()
    site.studio.stop(other.id)
    engine.words_per_second = 0
    assert first.wait(20)
    assert site.studio.write(other.id).wait(20)  # what was still in line would be written before
    key = tab.evaluate("longwriter.board.draft")
    assert site.studio.draft(key).text == ""


def test_a_paragraph_folds_and_unfolds(serve: Serve) -> None:
    site = serve(ScriptedEngine(author))
    tab = site.open()
    site.make_plan(tab, "Write about rain.", 2000)
    tab.locator("[data-part=foot] [data-part=write]").click()
    tab.locator(".status .now", has_text="Finished").wait_for()
    text = tab.locator(".card .text").nth(1)
    tall = text.bounding_box()["height"]
    tab.locator(".card").nth(1).focus()
    tab.keyboard.press("f")
    assert text.bounding_box()["height"] < tall / 2
    tab.locator(".card").nth(1).locator(".acts-v").get_by_role("button", name="More for paragraph 2").click()
    tab.get_by_role("menuitem", name="Unfold").click()
    assert text.bounding_box()["height"] == tall


def test_notes_come_from_a_file_with_their_price_and_the_language_is_told(serve: Serve, tmp_path: Path) -> None:
    site = serve()
    tab = site.open()
    tab.locator("#lw-ask textarea").fill("写一篇关于海边小镇的游记，给从没去过那里的人看。")
    tab.get_by_text("Detected: Chinese.").wait_for()
    notes = tmp_path / "notes.md"
    notes.write_text("# Names\n\nThe ferry is called Aurora. " * 40, encoding="utf-8")
    tab.locator("#lw-notes-file").set_input_files(notes)
    tab.wait_for_function("document.querySelector('#lw-notes textarea').value.includes('called Aurora')")
    price = tab.locator("#lw-notes-price")
    price.get_by_text("tokens, read once for the plan and once for the text").wait_for()
    assert int("".join(filter(str.isdigit, price.inner_text()))) > 200
    bad = tmp_path / "notes.docx"
    bad.write_bytes(b"no archive")
    tab.locator("#lw-notes-file").set_input_files(bad)
    tab.get_by_text("This is no DOCX file").wait_for()
    site.make_plan(tab, "Write about rain.", 250)
    assert "called Aurora" in site.draft().brief.notes


def test_a_paragraph_broken_off_for_repeating_itself_says_so_and_can_be_gone_on_with(serve: Serve) -> None:
    looping = True

    def loops(request: Request) -> str:
        if request.grammar or not looping:
            return author(request)
        return ("" if request.begun else "The ferry left at dawn. ") + "And zum and" + " zum and" * 200

    site = serve(ScriptedEngine(loops))
    tab = site.open()
    site.make_plan(tab, "Write about rain.", 400)
    tab.locator("[data-part=foot] [data-part=write]").click()
    tab.locator(".notices").get_by_text("The model keeps repeating itself here").wait_for()
    card = tab.locator(".card").nth(0)
    card.get_by_text("Broken off: it repeated itself").wait_for()
    card.get_by_text("Stopped", exact=True).wait_for()
    assert held(card.locator(".text")) == "The ferry left at dawn."
    looping = False
    tab.get_by_role("button", name="Continue").click()
    tab.locator(".status .now", has_text="Finished").wait_for()
    card.get_by_text("Broken off").wait_for(state="hidden")
    assert site.draft().paragraphs[0].text.startswith("The ferry left at dawn.")


def test_a_conflict_shows_both_texts_and_loses_neither(serve: Serve) -> None:
    site = serve()
    tab = site.open()
    site.make_plan(tab, "Write about rain.", 250)
    tab.locator("[data-part=foot] [data-part=write]").click()
    tab.locator(".status .now", has_text="Finished").wait_for()
    key = site.draft().paragraphs[0].key
    tab.locator(".card .text").nth(0).click()
    tab.keyboard.press("Control+End")
    site.studio.edit(site.draft().id, None, {"do": "edit_text", "key": key, "text": "The other tab wrote this."})
    tab.keyboard.type(" And I wrote that.")
    tab.locator(".title").click()
    tab.get_by_text("changed elsewhere in the meantime").wait_for()
    tab.locator(".versus h3", has_text="Yours").wait_for()
    mine, stored = (side.inner_text() for side in tab.locator(".versus .compared").all())
    assert mine.endswith("And I wrote that.")
    assert stored == "The other tab wrote this."
    assert site.draft().paragraphs[0].text == "The other tab wrote this."
    tab.get_by_role("button", name="Use mine").click()
    site.until(lambda: site.draft().paragraphs[0].text.endswith("And I wrote that."), "mine is stored after the answer")
    site.studio.undo(site.draft().id)
    assert site.draft().paragraphs[0].text == "The other tab wrote this.", "the other text can still be had"


def test_a_stale_mark_tells_the_old_main_point(serve: Serve) -> None:
    site = serve()
    tab = site.open()
    site.make_plan(tab, "Write about rain.", 250)
    tab.locator("[data-part=foot] [data-part=write]").click()
    tab.locator(".status .now", has_text="Finished").wait_for()
    tab.locator(".point").nth(1).fill("Who gets wet")
    tab.locator(".title").click()
    tab.get_by_text("Its step in the plan changed after it was written.").wait_for()
    tab.get_by_text("It was written for: “Who keeps it going in this piece”").wait_for()


def test_the_connection_is_cut_for_five_seconds_while_typing_and_nothing_is_lost(serve: Serve) -> None:
    site = serve(engine := ScriptedEngine(author))
    relay = Relay(urlsplit(site.address).port or 0)
    site.address = relay.address
    tab = site.open()
    site.make_plan(tab, "Write about rain.", 300)
    tab.locator(".point").nth(0).fill("One")
    engine.words_per_second = 60
    tab.locator("[data-part=foot] [data-part=write]").click()
    tab.get_by_text(re.compile("Writing [2-5] of 5")).wait_for(timeout=30_000)
    engine.words_per_second = 10  # it goes on as long as the line is cut
    tab.evaluate("window.stayed = true")
    tab.locator(".card .text").nth(0).click()
    tab.keyboard.press("Control+End")
    relay.cut()
    typed = " These words were typed while the line was cut, and not one of them is lost."
    tab.keyboard.type(typed, delay=60)
    tab.get_by_text("Not connected, trying again").wait_for()
    relay.mend()
    tab.get_by_text("Not connected, trying again").wait_for(state="hidden")
    site.until(lambda: site.draft().paragraphs[0].text.endswith(typed), "what was typed is stored")
    engine.words_per_second = 0
    tab.locator(".status .now", has_text="Finished").wait_for(timeout=60_000)
    assert tab.evaluate("window.stayed"), "the page was not loaded anew"
    assert [held(node) for node in tab.locator(".card .text").all()] == [p.text for p in site.draft().paragraphs]
    relay.close()
