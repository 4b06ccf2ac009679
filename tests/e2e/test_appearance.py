"""How the page looks and fits: light and dark, narrow and zoomed, and what it says before anything else."""

from __future__ import annotations

import random
from collections.abc import Callable
from typing import Any

import pytest

from longwriter_ui.brief import Brief
from longwriter_ui.engine.base import Request
from longwriter_ui.engine.scripted import ScriptedEngine
from longwriter_ui.paths import home
from tests.e2e.conftest import VIEWS, Site

pytestmark = pytest.mark.browser

Serve = Callable[..., Site]

# Which of the boxes of a card, each with text or fields of its own, lie over one another.
OVERLAPS = """() => [...document.querySelectorAll(".card")].flatMap((card) => {
  const seen = (node) => node.getClientRects().length && node.getBoundingClientRect().height > 1;
  const parts = [...card.querySelectorAll(".cue, .n, .point, .note, .steps-side, .text-side, .text")].filter(seen);
  const boxes = parts.map((part) => [part.className, part.getBoundingClientRect()]);
  const meet = (a, b, start, end) => Math.min(a[end], b[end]) - Math.max(a[start], b[start]) > 8;
  return boxes.flatMap(([one, a], i) => boxes.slice(i + 1).flatMap(([other, b]) =>
    meet(a, b, "left", "right") && meet(a, b, "top", "bottom") ? [card.ariaLabel + ": " + one + " and " + other] : []));
})"""
SIDEWAYS = "document.documentElement.scrollWidth - document.documentElement.clientWidth"


def test_light_or_dark_is_chosen_under_settings_and_outlives_a_reload(serve: Serve) -> None:
    site = serve()
    tab = site.open()
    background = "getComputedStyle(document.body).backgroundColor"
    light = tab.evaluate(background)
    tab.get_by_role("tab", name="Settings").click()
    tab.get_by_label("Light or dark").select_option("dark")
    assert tab.evaluate(background) != light
    tab = site.open()
    tab.wait_for_function("document.body.classList.contains('dark')")
    tab.get_by_role("tab", name="Settings").click()
    tab.get_by_label("Light or dark").select_option("As the system")
    assert tab.evaluate(background) == light


def test_a_damaged_store_is_told_in_the_pages_language_until_it_is_read(serve: Serve) -> None:
    home().store.parent.mkdir(parents=True, exist_ok=True)
    home().store.write_bytes(b"This is no database. " * 1000)
    site = serve()
    assert "was damaged" in site.studio.notice
    tab = site.open()
    tab.get_by_text("The file with your drafts was damaged.").wait_for()
    tab.evaluate("localStorage.setItem('longwriter.locale', 'zh')")
    tab = site.open()
    told = tab.locator("[data-part=storeNotice] .flag")
    told.get_by_text("从中没有读出任何内容").wait_for()
    assert "damaged." not in told.inner_text()
    languages = tab.locator("#lw-language option").all_inner_texts()
    assert (languages[0], "法语" in languages, "French" in languages) == ("与要求相同", True, False)
    told.get_by_role("button", name="已阅读").click()
    told.wait_for(state="detached")
    assert site.studio.notice == ""


@pytest.mark.parametrize("size", [(390, 844), (720, 450)], ids=["phone", "zoomed to 200 %"])
def test_a_narrow_page_neither_scrolls_sideways_nor_lays_one_thing_over_another(
    serve: Serve, size: tuple[int, int]
) -> None:
    site = serve()
    draft = site.studio.create(Brief.create("Write about a harbour.", 600)).id
    plan = "\n".join(f"{n}. Part {n} of the harbour's story, told at some length (150 words)" for n in range(1, 5))
    site.studio.edit(draft, None, {"do": "set_plan", "text": plan})
    first, second, *_ = (p.key for p in site.studio.draft(draft).paragraphs)
    aside = {"do": "edit_step", "note": "Name the viewpoint.", "cue": "Shorter sentences from here on; more food."}
    site.studio.edit(draft, None, {**aside, "key": second})
    tab = site.open(f"?draft={draft}")
    tab.set_viewport_size(dict(zip(("width", "height"), size, strict=True)))
    tab.locator(".card").nth(3).wait_for()
    assert (tab.evaluate(OVERLAPS), tab.evaluate(SIDEWAYS)) == ([], 0)
    in_window(tab, lambda: tab.locator(".card").last.locator(".steps-side [aria-haspopup=menu]").click())
    for key in (first, second):
        site.studio.edit(draft, None, {"do": "edit_text", "key": key, "text": "The tide comes in. " * 60})
    site.look(tab)
    tab.get_by_role("button", name="Draft", exact=True).click()
    tab.locator(".card .text p").nth(1).wait_for()
    assert (tab.evaluate(OVERLAPS), tab.evaluate(SIDEWAYS)) == ([], 0)
    tab.locator(".card").nth(1).focus()
    in_window(tab, lambda: tab.keyboard.press("Shift+F10"))
    tab.keyboard.press("Control+Shift+F")
    tab.locator(".find").wait_for()
    assert tab.evaluate(SIDEWAYS) == 0
    tab.get_by_role("button", name="Brief", exact=True).click()
    assert tab.evaluate(SIDEWAYS) == 0
    for name, content in VIEWS.items():
        tab.evaluate(f"document.getElementById('lw-tab-{name.lower()}-button')?.click()")
        tab.locator(content).first.wait_for()
        assert tab.evaluate(SIDEWAYS) == 0, name


def in_window(tab: Any, open_menu: Callable[[], None]) -> None:
    """The menu opens wholly inside the window, and closes again."""
    open_menu()
    box, height = tab.locator(".menu").bounding_box(), tab.evaluate("window.innerHeight")
    assert 0 <= box["y"] <= height - box["height"]
    tab.keyboard.press("Escape")
    tab.locator(".menu").wait_for(state="detached")


def wordy(request: Request) -> str:
    """As long as it takes to leave the window, with no two phrases alike."""
    chance = random.Random(len(request.conversation))
    return " ".join("".join(chance.choices("aeiourstlnm", k=chance.randint(3, 8))) for _ in range(250)) + "."


def test_what_a_stale_paragraph_would_cost_is_asked_when_it_comes_into_view(serve: Serve) -> None:
    site = serve(ScriptedEngine(wordy))
    draft = site.studio.create(Brief.create("Write about a harbour.", 3000)).id
    plan = "\n".join(f"{n}. Part {n} of the harbour's story (250 words)" for n in range(1, 13))
    site.studio.edit(draft, None, {"do": "set_plan", "text": plan})
    site.studio.write(draft).wait(30)
    assert site.draft().paragraphs[-1].finished
    tab = site.open(f"?draft={draft}")
    tab.locator(".card .text p").nth(11).wait_for(state="attached")
    asked: list[str] = []
    tab.on("request", lambda request: asked.append(request.url) if '"price"' in (request.post_data or "") else None)
    key = site.draft().paragraphs[0].key
    site.studio.edit(draft, None, {"do": "edit_text", "key": key, "text": "Another beginning. " * 100})
    site.look(tab)
    tab.wait_for_function("document.querySelectorAll('.card.is-stale').length === 11")
    tab.wait_for_timeout(300)
    assert len(asked) < 11
    for card in (tab.locator(".card").nth(1), tab.locator(".card").last):
        card.locator(".answers").scroll_into_view_if_needed()
        card.locator(".answers p", has_text="Re-reads").first.wait_for()
