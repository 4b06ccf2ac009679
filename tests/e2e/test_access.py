"""What axe-core finds in each view, light and dark, wide and narrow: nothing serious."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

from tests.e2e.conftest import VIEWS, Site

pytestmark = pytest.mark.browser

Serve = Callable[..., Site]

LOOKS = (("dark", 1440), ("light", 390), ("light", 1440))
COLOURS = ["color-contrast", "link-in-text-block"]  # the rules that look at them
FINDINGS = """async (options) => (await axe.run({ resultTypes: ["violations"], ...options })).violations
  .filter((each) => each.impact === "serious" || each.impact === "critical")
  .flatMap((each) => each.nodes.map((node) => `${each.id}: ${node.target} ${node.failureSummary.slice(0, 200)}`))"""


def findings(tab: Any) -> list[str]:
    """What is found in the view as it is now, in each of the looks; in the dark only the colours are others."""
    if tab.evaluate("!window.axe"):
        from axe_playwright_python.sync_playwright import Axe

        tab.evaluate(Axe().axe_script)
    found = []
    for theme, width in LOOKS:
        tab.set_viewport_size({"width": width, "height": 900})
        tab.evaluate("dark => document.body.classList.toggle('dark', dark)", theme == "dark")
        # What is half faded in has neither of its two colours.
        tab.wait_for_function("document.getAnimations().every(animation => animation.playState !== 'running')")
        rules = {"runOnly": {"type": "rule", "values": COLOURS}} if theme == "dark" else {}
        found += [f"{theme}, {width}: {finding}" for finding in tab.evaluate(FINDINGS, rules)]
    return found


def test_no_view_has_a_serious_finding(serve: Serve) -> None:
    site = serve()
    tab = site.open()
    assert findings(tab) == [], "brief"
    site.make_plan(tab, "Write a guide to a small harbour town.", 300)
    key = site.draft().paragraphs[1].key
    site.studio.edit(site.draft().id, None, {"do": "edit_step", "key": key, "note": "Name it.", "cue": "Slow down."})
    site.look(tab)
    tab.locator(".card .cue").nth(1).wait_for()
    tab.get_by_role("button", name="Import outline").click()
    assert findings(tab) == [], "plan"
    tab.locator(".outline-form").get_by_role("button", name="Close").click()
    tab.locator("[data-part=write]").click()
    tab.locator(".status .now", has_text="Finished").wait_for()
    site.settled(tab)
    site.studio.edit(site.draft().id, None, {"do": "edit_text", "key": key, "text": "Quite another text."})
    site.studio.alternatives(site.draft().id, key).wait(10)
    site.look(tab)
    tab.locator(".alt").nth(2).wait_for()
    tab.locator(".card.is-stale").first.wait_for()
    site.settled(tab)
    tab.locator(".card").nth(1).focus()
    tab.keyboard.press("d")
    tab.locator(".compared").wait_for()
    tab.locator(".card").nth(0).focus()
    tab.keyboard.press("r")
    tab.locator(".wish .price b").first.wait_for()
    assert findings(tab) == [], "draft"
    tab.keyboard.press("Escape")
    tab.keyboard.press("Control+Shift+F")
    tab.keyboard.type("road")
    tab.locator(".find .num", has_text="of").wait_for()
    assert findings(tab) == [], "find"
    tab.keyboard.press("Escape")
    tab.locator("[data-part=export]").click()
    tab.locator("dialog [data-part=download]").wait_for()
    assert findings(tab) == [], "export"
    tab.keyboard.press("Escape")
    for name, content in VIEWS.items():
        tab.get_by_role("tab", name=name).click()
        tab.locator(content).first.wait_for()
        assert findings(tab) == [], name
