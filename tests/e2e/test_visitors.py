"""Two people with browsers of their own on one studio."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from longwriter_ui.engine.scripted import ScriptedEngine
from longwriter_ui.host import EngineHost
from longwriter_ui.limits import Limits
from longwriter_ui.paths import home
from longwriter_ui.studio import Studio
from tests.e2e.conftest import Site
from tests.script import ScriptedOpener, author

pytestmark = pytest.mark.browser


@pytest.fixture
def visitors(browser: Any) -> Iterator[Callable[[], Site]]:
    """Opens browser profiles on one studio that several people share."""
    from longwriter_ui.ui.page import Page

    engine = ScriptedEngine(author, words_per_second=400)
    studio = Studio(home(), EngineHost(ScriptedOpener(engine), Path("script")), limits=Limits(words=2000))
    page = Page(studio, home())
    address = page.launch(server_name="127.0.0.1")
    sites: list[Site] = []

    def come() -> Site:
        context = browser.new_context(viewport={"width": 1440, "height": 900}, accept_downloads=True)
        sites.append(Site(address, studio, context))
        return sites[-1]

    yield come
    for site in sites:
        site.context.close()
    page.close()
    studio.close()
    assert [alarm for site in sites for alarm in site.alarms] == []


def test_two_visitors_write_see_their_own_and_leave(visitors: Callable[[], Site]) -> None:
    ann, eve = visitors(), visitors()
    anns, eves = ann.open(), eve.open()
    console: list[str] = []
    anns.on("console", lambda message: console.append(message.text))
    ann.make_plan(anns, "Tides of Ann.", 250)
    eve.make_plan(eves, "Rain of Eve.", 250)
    anns.locator("[data-part=write]").click()
    anns.locator(".status .now", has_text="Finished").wait_for()
    for name in ("Models", "Evaluate"):
        assert anns.get_by_role("tab", name=name).count() == 0
    # The address of Ann's draft is of no use to Eve.
    thief = eve.open(anns.url.removeprefix(ann.address))
    thief.wait_for_function("longwriter.board.draft === null")
    assert "Tides" not in thief.locator("body").inner_text()
    for tab, title, other in ((anns, "Tides of Ann", "Rain of Eve"), (eves, "Rain of Eve", "Tides of Ann")):
        tab.get_by_role("tab", name="Library").click()
        tab.locator(".shelf-title").wait_for()
        assert tab.locator(".shelf-title").all_inner_texts() == [title]
        tab.locator("#lw-library .lede", has_text="removed 30 days after").wait_for()
        assert other not in tab.locator("body").inner_text()
    anns.get_by_role("tab", name="Settings").click()
    anns.locator("#lw-settings [data-part=holds]:not(:empty)").wait_for()  # the studio has answered
    assert not anns.locator("[data-scope=new]").is_visible()
    # After a reload it is still the same visitor; another browser is another one.
    anns.reload()
    anns.locator(".card").first.wait_for()
    anns.get_by_role("tab", name="Library").click()
    anns.get_by_role("button", name="Delete everything of mine").click()
    anns.get_by_role("button", name="Delete for good").click()
    anns.get_by_text("Everything is deleted.").wait_for()
    assert [line.title for line in ann.studio.drafts()] == ["Rain of Eve"]
    assert [text for text in console if "Content Security Policy" in text] == []
