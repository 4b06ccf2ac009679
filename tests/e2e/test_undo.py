"""Undo and redo in a real browser: toolbar and keys, plan and text, over a reload and a restart of the page."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from tests.e2e.conftest import Site

pytestmark = pytest.mark.browser

Serve = Callable[..., Site]


def test_everything_is_undone_and_done_again_also_after_a_reload(serve: Serve) -> None:
    site = serve()
    tab = site.open()
    site.make_plan(tab, "Write about rain.", 250)
    planned = site.draft().steps
    tab.locator(".point").nth(0).fill("Clouds")
    tab.locator(".title").focus()
    site.until(lambda: site.draft().steps[0].main_point == "Clouds", "the main point is stored")
    tab.locator(".card").nth(2).focus()
    tab.keyboard.press("Delete")
    site.until(lambda: len(site.draft().steps) == 4, "the step is gone")
    tab.get_by_text("Step 3 deleted.").wait_for()
    tab.locator(".card").nth(1).focus()
    tab.keyboard.press("l")
    tab.get_by_text("Step 3 deleted.").wait_for(state="detached")  # its Undo would mean the lock now
    tab.keyboard.press("Control+z")
    site.until(lambda: not site.draft().steps[1].locked, "the step is free again")
    tab.locator("[data-part=foot]").get_by_text("About").wait_for()  # what it costs, before it begins
    tab.locator("[data-part=write]").click()
    tab.locator(".status .now", has_text="Finished").wait_for()
    written = site.draft()
    tab.locator(".card .text").nth(1).click()
    tab.keyboard.press("Control+End")
    tab.keyboard.type(" Mine.")
    tab.locator(".title").click()
    site.until(lambda: site.draft().text != written.text, "the text is stored")
    end = site.draft()

    tab.locator(".card").nth(0).focus()
    tab.keyboard.press("Control+z")
    site.until(lambda: site.draft().text == written.text, "the typing is undone")
    tab.wait_for_function("!document.body.innerText.includes(' Mine.')")
    tab.reload()
    tab.locator(".card").nth(3).wait_for()
    undo, redo = tab.get_by_role("button", name="Undo"), tab.get_by_role("button", name="Redo")
    for _ in range(4):
        undo.click()
    site.until(lambda: site.draft().text == "", "what the model wrote is undone")
    undo.click()
    site.until(lambda: len(site.draft().steps) == 5, "the step is back")
    undo.click()
    site.until(lambda: site.draft().steps == planned, "the plan is as it was made")
    assert tab.locator(".point").nth(0).input_value() == planned[0].main_point
    undo.click()
    site.until(lambda: site.draft().steps == (), "even the plan is undone")
    for _ in range(8):
        redo.click()
    site.until(lambda: site.draft().text == end.text, "all is done again")
    assert site.draft().steps == end.steps
    tab.wait_for_function("document.body.innerText.includes(' Mine.')")
    assert redo.is_disabled()


def test_presses_faster_than_the_studio_answers_each_take_one_change_back(serve: Serve) -> None:
    site = serve()
    tab = site.open()
    site.make_plan(tab, "Write about rain.", 250)
    for left in (4, 3, 2):
        tab.locator(".card").nth(0).focus()
        tab.keyboard.press("Delete")
        site.until(lambda left=left: len(site.draft().steps) == left, "the step is gone")
    press = "part => { const button = document.querySelector(part); for (let i = 0; i < 3; i++) button.click() }"
    tab.evaluate(press, "[data-part=undo]")
    site.until(lambda: len(site.draft().steps) == 5, "all three are back")
    tab.locator(".card").nth(4).wait_for()
    tab.evaluate(press, "[data-part=redo]")
    site.until(lambda: len(site.draft().steps) == 2, "and gone again")


def test_in_a_field_undo_is_the_fields_own_until_it_is_left(serve: Serve) -> None:
    site = serve()
    tab = site.open()
    site.make_plan(tab, "Write about rain.", 250)
    before = site.draft().steps
    point = tab.locator(".point").nth(0)
    point.focus()
    tab.keyboard.press("End")
    tab.keyboard.type("!")
    tab.keyboard.press("Control+z")
    assert point.input_value() == before[0].main_point
    assert len(site.draft().steps) == 5
