"""Every action on plan and draft once, in a real browser."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
from playwright.sync_api import expect

from longwriter_ui.engine.base import Request
from longwriter_ui.engine.scripted import ScriptedEngine
from tests.e2e.conftest import Site
from tests.script import author

pytestmark = pytest.mark.browser

Serve = Callable[..., Site]


def varied(request: Request) -> str:
    """Another text for another seed."""
    return author(request) if request.grammar else f"Number {request.sampling.seed % 997}. " + author(request)


def press(tab: Any, card: int, *keys: str) -> None:
    tab.locator(".card").nth(card).focus()
    for key in keys:
        tab.keyboard.press(key)


def points(site: Site) -> list[str]:
    return [step.main_point for step in site.draft().steps]


def test_the_plan_by_keyboard_and_menu(serve: Serve) -> None:
    site = serve()
    tab = site.open()
    site.make_plan(tab, "Write a guide to a small harbour town.", 1500)
    made = site.draft().steps

    tab.locator(".point").nth(0).fill("The harbour; the town")
    press(tab, 0, "s")
    site.until(lambda: points(site)[:2] == ["The harbour", "The town"], "the step is split")
    press(tab, 0, "m")
    site.until(lambda: points(site)[0] == "The harbour; The town", "the halves are merged")
    press(tab, 1, "l")
    site.until(lambda: site.draft().steps[1].locked, "the step is locked")
    tab.locator(".card.is-locked").wait_for()
    send = "field.dispatchEvent(new Event('input'))"
    typing = f"(field) => ['12', '12.', '12.5'].forEach((typed) => {{ field.value = typed; {send}; }})"
    tab.locator(".stepper input").nth(0).evaluate(typing)  # 12 on the way is no number that was meant
    tab.locator(".stepper input").nth(0).focus()
    tab.locator(".stepper input").nth(0).blur()
    tab.get_by_text("“12.5” is no number of words.").wait_for()
    assert tab.locator(".stepper input").nth(0).input_value() == str(site.draft().steps[0].words) != "12"
    tab.locator(".stepper input").nth(0).fill("900")
    tab.get_by_role("button", name="Rebalance 4 steps").click()
    site.until(lambda: sum(step.words or 0 for step in site.draft().steps) == 1500, "the target is met")
    assert site.draft().steps[1].words == made[1].words
    press(tab, 2, "n")
    tab.keyboard.type("Name ${streets} <b>.")
    tab.keyboard.press("Escape")
    press(tab, 3, "h")
    tab.keyboard.type("Slower from here.")
    tab.keyboard.press("Escape")
    site.until(lambda: site.draft().steps[3].cue == "Slower from here.", "the cue is stored")
    assert site.draft().steps[2].note == "Name ${streets} <b>."
    tab.locator(".card").nth(2).locator(".note .aside-text").wait_for()
    press(tab, 4, "g")
    site.until(lambda: points(site)[4] == "Another look at the matter", "another point came")

    # another plan: the edited one is kept until the person chooses
    mine = points(site)
    tab.get_by_role("button", name="New plan").click()
    tab.get_by_text("A new plan is ready.").wait_for()
    assert points(site) == mine
    tab.get_by_role("button", name="Compare").click()
    tab.locator(".proposal li").first.wait_for()
    tab.get_by_role("button", name="Keep my plan").click()
    tab.locator(".proposal").wait_for(state="detached")
    assert points(site) == mine
    tab.get_by_role("button", name="New plan").click()
    tab.get_by_role("button", name="Use the new plan").click()
    site.until(lambda: points(site) == [step.main_point for step in made], "the new plan is there")

    # an outline out and in again
    with tab.expect_download() as download:
        tab.get_by_role("button", name="Save outline").click()
    outline = download.value.path().read_text(encoding="utf-8")
    tab.get_by_role("button", name="Import outline").click()
    tab.locator("#lw-outline").fill("My <b>plan\n1. Alpha (200 words)\n2. Beta ${x}\n")
    tab.get_by_role("button", name="Use this outline").click()
    site.until(lambda: points(site) == ["Alpha", "Beta ${x}"], "the outline is the plan")
    expect(tab.get_by_text("These lines of the outline belong to no step:").locator("..")).to_contain_text("My <b>plan")
    tab.get_by_role("button", name="Import outline").click()
    tab.locator("#lw-outline").fill(outline)
    tab.get_by_role("button", name="Use this outline").click()
    site.until(lambda: points(site) == [step.main_point for step in made], "the exported outline is the plan again")

    # points that begin alike are told apart beside the draft
    tab.get_by_role("button", name="Import outline").click()
    tab.locator("#lw-outline").fill("1. Town: its harbour\n2. Town: its market\n3. Farewell: the last boat\n")
    tab.get_by_role("button", name="Use this outline").click()
    labels = tab.locator("[data-part=outline] .label")
    expect(labels).to_have_text(["its harbour", "its market", "Farewell"])
    tab.reload()  # all of them come at once
    expect(labels).to_have_text(["its harbour", "its market", "Farewell"])


def test_the_draft_versions_wishes_alternatives_and_stale_answers(serve: Serve) -> None:
    site = serve(ScriptedEngine(varied))
    tab = site.open()
    site.make_plan(tab, "Write a guide to a small harbour town.", 300)
    tab.locator("[data-part=write]").click()
    site.settled(tab)
    first = site.draft().paragraphs[1].text
    card = tab.locator(".card").nth(1)

    # a rewrite with a wish, priced before it is sent
    press(tab, 1, "r")
    tab.keyboard.type("more vivid")
    card.locator(".wish .price b").first.wait_for()
    plain = card.locator(".wish .price").inner_text()
    card.get_by_label("Fit the next paragraph").check()
    tab.wait_for_function("was => document.querySelector('.wish .price').innerText !== was", arg=plain)  # what it reads
    card.get_by_label("Wish").focus()
    tab.keyboard.press("Enter")
    site.until(lambda: "Once more" in site.draft().paragraphs[1].text, "the paragraph is written again")
    site.settled(tab)
    second = site.draft().paragraphs[1].text

    # versions: changes, one back, one forward
    press(tab, 1, "d")
    card.locator(".compared del").first.wait_for()
    assert card.locator(".compared ins").count()
    card.get_by_role("button", name="Hide changes").click()
    press(tab, 1, "[")
    site.until(lambda: site.draft().paragraphs[1].text == first, "the first version is back")
    card.get_by_text("Version 1 of 2").wait_for()
    press(tab, 1, "]")
    site.until(lambda: site.draft().paragraphs[1].text == second, "the second version is back")

    # the stale answers of what follows, with their prices
    stale = tab.locator(".card").nth(2)
    stale.locator(".answers b").first.wait_for()
    third = site.draft().paragraphs[2].text
    stale.get_by_role("button", name="Mend the seam").click()
    site.until(lambda: site.draft().paragraphs[2].text != third, "the seam is mended")
    site.settled(tab)
    assert site.draft().stale(2) == ()

    # longer by key and shorter by button; nothing happens before the price was shown and the answer given
    last = tab.locator(".card").nth(4)
    fifth = len(site.draft().paragraphs[4].text)
    press(tab, 4, "+")
    last.locator(".wish .price b").first.wait_for()
    assert len(site.draft().paragraphs[4].text) == fifth
    tab.keyboard.press("Enter")
    site.until(lambda: len(site.draft().paragraphs[4].text) > fifth, "it is longer")
    site.settled(tab)
    longer = len(site.draft().paragraphs[4].text)
    last.get_by_role("button", name="Shorter").click()
    last.locator(".wish .price b").first.wait_for()
    last.locator(".wish").get_by_role("button", name="Shorter").click()
    site.until(lambda: len(site.draft().paragraphs[4].text) < longer, "it is shorter")
    site.settled(tab)

    # three to choose from, at a price; the answer may be no
    first_card = tab.locator(".card").nth(0)
    press(tab, 0, "a")
    first_card.get_by_text("then writes for at most").wait_for()
    tab.keyboard.press("Escape")
    first_card.locator(".wish").wait_for(state="detached")
    assert tab.evaluate("longwriter.board.job === null")
    press(tab, 0, "a")
    tab.keyboard.press("Enter")
    first_card.locator(".alt").nth(2).wait_for()
    site.settled(tab)
    offered = site.draft().paragraphs[0].offered
    assert len({version.text for version in offered}) == 3
    box = first_card.locator(".choices").bounding_box()
    assert box and box["y"] + box["height"] <= tab.viewport_size["height"] + 1, "they grew below the window"
    # nor where none was seen coming, nor where others were there when they were asked for
    at_once = """([key, first]) => {
        const card = longwriter.board.cards.get(key);
        window.scrollTo(0, 0);
        if (first) {
            card.choices.remove();
            card.choices = null;
        }
        card.choiceSignature = null;
        card.choicesAsked = true;
        card.showChoices();
        return card.choices.getBoundingClientRect().bottom - window.innerHeight;
    }"""
    for first in (True, False):
        assert tab.evaluate(at_once, [site.draft().paragraphs[0].key, first]) <= 1
    # whoever has scrolled past them is not taken back
    above = """key => {
        const card = longwriter.board.cards.get(key);
        document.body.style.paddingBottom = '200vh';
        window.scrollTo(0, card.choices.getBoundingClientRect().bottom + window.scrollY + 50);
        const before = window.scrollY;
        card.choiceSignature = null;
        card.showChoices();
        return [before, window.scrollY];
    }"""
    before, after = tab.evaluate(above, site.draft().paragraphs[0].key)
    assert before > 0 and after >= before
    press(tab, 0, "2")
    site.until(lambda: site.draft().paragraphs[0].version == offered[1], "the second is chosen")
    tab.locator(".alts").wait_for(state="detached")


def test_find_and_replace_insert_and_write_from_here(serve: Serve) -> None:
    site = serve()
    tab = site.open()
    site.make_plan(tab, "Write a guide to a small harbour town.", 300)
    tab.locator("[data-part=write]").click()
    site.settled(tab)
    many = site.draft().text.lower().count("shore")
    assert many > 1
    tab.locator(".card").nth(0).focus()
    tab.keyboard.press("Control+Shift+F")
    tab.locator("#lw-find").fill("shore")
    tab.get_by_text(f"1 of {many}").wait_for()
    tab.locator("#lw-replace").fill("strand ${1}")
    tab.get_by_role("button", name="Replace", exact=True).click()
    site.until(lambda: site.draft().text.lower().count("shore") == many - 1, "one place is replaced")
    tab.get_by_text(f"1 of {many - 1}").wait_for()
    tab.get_by_role("button", name=f"Replace all {many - 1}").click()
    site.until(lambda: site.draft().text.count("strand ${1}") == many, "all are replaced")
    tab.get_by_role("button", name="Close").click()

    # a paragraph between two, and writing from there on
    press(tab, 1, "i")
    tab.wait_for_function("document.querySelectorAll('.card').length === 6")
    tab.keyboard.type("The lifeboat")
    tab.keyboard.press("Enter")
    site.until(lambda: points(site)[2] == "The lifeboat", "the step is stored")
    press(tab, 2, "w")
    tab.get_by_text("This paragraph and all after it are written anew.").wait_for()
    tab.locator(".wish .price b").first.wait_for()
    tab.keyboard.press("Enter")
    site.until(lambda: site.draft().paragraphs[2].text.startswith("The lifeboat"), "the new paragraph is written")
    site.settled(tab)
    assert site.draft().stale(5) == ()
