"""What a page may suffer while the studio works: reload, closing, a cut line, typing during the stream."""

from __future__ import annotations

import re
from collections.abc import Callable

import pytest

from longwriter_ui.engine.scripted import ScriptedEngine
from tests.e2e.conftest import Site, held
from tests.script import author

pytestmark = pytest.mark.browser

Serve = Callable[..., Site]
SERVER_CALLS = re.compile("component_server")
FIRST_IS_WRITTEN = re.compile("Writing [2-5] of 5")


def texts(tab) -> str:  # type: ignore[no-untyped-def]
    return "\n\n".join(held(node) for node in tab.locator(".card .text").all())


def start_writing(site: Site, tab, engine: ScriptedEngine, words: int = 300) -> None:  # type: ignore[no-untyped-def]
    """Write the first paragraph, and go on so slowly that there is time for anything."""
    site.make_plan(tab, "Write about the weather on the coast.", words)
    engine.words_per_second = words / 5
    tab.locator("[data-part=write]").click()
    tab.get_by_text(FIRST_IS_WRITTEN).wait_for()
    engine.words_per_second = words / 60


def test_reload_in_the_middle_of_writing_loses_nothing(serve: Serve) -> None:
    site = serve(engine := ScriptedEngine(author))
    tab = site.open()
    start_writing(site, tab, engine)
    tab.reload()
    tab.locator(".card.is-writing").wait_for()
    engine.words_per_second = 0
    tab.locator(".status .now", has_text="Finished").wait_for()
    assert texts(tab) == site.draft().text
    assert len(site.draft().text.split()) == 300


def test_a_closed_page_does_not_stop_the_writing_and_a_new_one_finds_it(serve: Serve) -> None:
    site = serve(engine := ScriptedEngine(author))
    tab = site.open()
    start_writing(site, tab, engine)
    tab.close()
    engine.words_per_second = 80
    site.until(lambda: site.draft().paragraphs[2].text != "", "the writing goes on without a page")
    engine.words_per_second = 5
    tab = site.open()
    tab.locator(".card.is-writing").wait_for()
    engine.words_per_second = 0
    tab.locator(".status .now", has_text="Finished").wait_for()
    assert texts(tab) == site.draft().text


def test_typing_into_a_paragraph_while_another_streams_loses_no_keystroke(serve: Serve) -> None:
    site = serve(engine := ScriptedEngine(author))
    tab = site.open()
    start_writing(site, tab, engine, words=1000)
    typed = " Salt on the window, gulls on the wall; and every word of this was typed while more came in below."
    tab.locator(".card .text").nth(0).click()
    tab.keyboard.press("Control+End")
    for letter in typed:
        tab.keyboard.type(letter)
        tab.wait_for_timeout(10)
    assert held(tab.locator(".card .text").nth(0)).endswith(typed)
    assert tab.locator(".card.is-writing").count() == 1, "the typing must have happened during the stream"
    engine.words_per_second = 0
    tab.locator(".status .now", has_text="Finished").wait_for()
    site.settled(tab)
    assert site.draft().paragraphs[0].text.endswith(typed)
    assert texts(tab) == site.draft().text


def test_edits_made_while_the_line_is_cut_arrive_when_it_is_back(serve: Serve) -> None:
    site = serve()
    tab = site.open()
    site.make_plan(tab, "Write about rain.", 250)
    tab.route(SERVER_CALLS, lambda route: route.abort())
    tab.locator(".point").nth(0).fill("Written without a line")
    tab.get_by_text("Not connected, trying again").wait_for()
    assert tab.locator(".point").nth(0).input_value() == "Written without a line"
    tab.locator(".card").nth(2).focus()
    tab.keyboard.press("Alt+ArrowUp")
    tab.unroute(SERVER_CALLS)
    site.until(lambda: site.draft().steps[0].main_point == "Written without a line", "the edit arrives")
    site.until(lambda: site.draft().steps[1].main_point.startswith("What it costs"), "the move arrives")
    tab.get_by_text("Not connected, trying again").wait_for(state="hidden")
    assert len(site.draft().steps) == 5


def test_an_answer_lost_on_its_way_does_not_add_a_step_twice(serve: Serve) -> None:
    site = serve()
    tab = site.open()
    site.make_plan(tab, "Write about rain.", 250)
    lost: list[str] = []

    def lose_one(route) -> None:  # type: ignore[no-untyped-def]
        if '"apply"' in (route.request.post_data or "") and not lost:
            lost.append(route.request.post_data)
            route.fetch()  # it reaches the studio, but the page never hears of it
            route.abort()
        else:
            route.continue_()

    tab.route(SERVER_CALLS, lose_one)
    tab.get_by_role("button", name="Add a step").last.click()
    tab.wait_for_function("document.querySelectorAll('.card').length === 6")
    site.settled(tab)  # it was sent again, or found to be done
    assert lost
    assert len(site.draft().steps) == 6


def test_two_tabs_the_later_edit_of_the_same_step_asks_first(serve: Serve) -> None:
    site = serve()
    first = site.open()
    site.make_plan(first, "Write about rain.", 250)
    second = site.open()
    second.locator(".card").nth(4).wait_for()
    second.locator(".point").nth(0).fill("From the second tab")
    second.locator(".title").click()
    site.until(lambda: site.draft().steps[0].main_point == "From the second tab", "the second tab's edit is stored")
    first.evaluate("longwriter.board.link.revs.set(longwriter.board.draft, 1)")
    first.locator(".point").nth(0).fill("From the first tab")
    first.locator(".title").click()
    first.get_by_text("changed elsewhere in the meantime").wait_for()
    assert site.draft().steps[0].main_point == "From the second tab"
    first.get_by_role("button", name="Use mine").click()
    site.until(lambda: site.draft().steps[0].main_point == "From the first tab", "mine is stored after the answer")


def test_what_was_typed_in_the_moment_of_leaving_is_there_on_return(serve: Serve) -> None:
    site = serve()
    tab = site.open()
    site.make_plan(tab, "Write about rain.", 250)
    tab.locator(".point").nth(0).fill("Typed and gone at once")
    tab.reload()
    site.until(lambda: site.draft().steps[0].main_point == "Typed and gone at once", "the last words are stored")
    tab.wait_for_function("document.querySelector('.point')?.value === 'Typed and gone at once'")
