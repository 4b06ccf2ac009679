"""A real Chromium on the real page, served on the loopback with the scripted engine.

Every page of a test is watched: a dialog, an error in a script or a request to another host fails the test.
"""

from __future__ import annotations

import os
import shutil
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pytest

from longwriter_ui.engine.scripted import ScriptedEngine
from longwriter_ui.host import EngineHost, ModelOpener
from longwriter_ui.paths import home
from longwriter_ui.studio import Studio
from tests.script import ScriptedOpener, author

REQUIRED = os.environ.get("LONGWRITER_REQUIRE_BROWSER") == "1"
FLAGS = [
    "--no-sandbox",
    "--disable-gpu",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
    "--no-first-run",
]

# The tabs besides the first one, and what each shows once it has asked the studio.
VIEWS = {
    "Library": ".shelf-title",
    "Models": ".model-row:visible",
    "Evaluate": ".evaluate [data-part=mode]:has(option)",
    "Settings": "#lw-settings [data-part=holds]:not(:empty)",
}


def missing(reason: str) -> None:
    """Skip, or fail where a browser is demanded."""
    if REQUIRED:
        pytest.fail(f"LONGWRITER_REQUIRE_BROWSER=1, but {reason}")
    pytest.skip(reason)


@pytest.fixture(scope="session")
def browser() -> Iterator[Any]:
    names = ("chromium", "chromium-browser", "google-chrome")
    executable = os.environ.get("LONGWRITER_CHROMIUM") or next(filter(None, map(shutil.which, names)), None)
    if executable is None:
        missing("no Chromium was found: install one, or name it in LONGWRITER_CHROMIUM")
    try:
        from playwright.sync_api import sync_playwright
    except ImportError:
        missing("playwright is not installed: pip install -r requirements-dev.txt")
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=executable, args=FLAGS)
        yield browser
        browser.close()


def held(text: Any) -> str:
    """The text that a paragraph's field holds. Not what it shows: out of view it may not be laid out."""
    lines = "node => [...node.children].map(line => line.textContent).join('\\n\\n')"
    return str(text.evaluate(lines))


@dataclass
class Site:
    """The page being served, the studio behind it, and a browser profile that has it open."""

    address: str
    studio: Studio
    context: Any
    alarms: list[str] = field(default_factory=list)

    def open(self, path: str = "") -> Any:
        """A new tab in the same profile, once the board and the form are there."""
        tab = self.context.new_page()
        tab.set_default_timeout(15_000)
        tab.on("dialog", lambda dialog: (self.alarms.append(f"dialog: {dialog.message}"), dialog.dismiss()))
        tab.on("pageerror", lambda error: self.alarms.append(f"script error: {error}"))
        tab.on("request", self._watch)
        tab.goto(self.address + path)
        tab.locator("#lw-make").wait_for(state="attached")
        tab.wait_for_function("window.longwriter && window.longwriter.board")
        return tab

    def make_plan(self, tab: Any, instruction: str, words: int) -> None:
        """Fill in the brief, press the button, and wait for the whole plan."""
        tab.locator("#lw-ask textarea").fill(instruction)
        tab.locator("#lw-length").get_by_text("Custom", exact=True).click()
        tab.locator("#lw-custom input").fill(str(words))
        tab.locator("#lw-make").click()
        tab.locator("[data-part=foot] [data-part=write]").wait_for()

    def draft(self) -> Any:
        """The only draft there is."""
        [line] = self.studio.drafts()
        return self.studio.draft(line.id)

    def settled(self, tab: Any) -> None:
        """Wait until nothing is on its way and no job runs, as far as the page knows."""
        tab.wait_for_function("!longwriter.board.busy && !longwriter.board.link.unsaved")

    def look(self, tab: Any) -> None:
        """The page asks for news now, not with its next poll."""
        tab.evaluate("longwriter.board.link.wake(0)")

    def until(self, holds: Callable[[], bool], what: str) -> None:
        """Wait for the studio to get there."""
        end = time.monotonic() + 20
        while not holds():
            assert time.monotonic() < end, f"never happened: {what}"
            time.sleep(0.05)

    def _watch(self, request: Any) -> None:
        if not request.url.startswith((self.address, "data:", "blob:")):
            self.alarms.append(f"request to {request.url}")


@pytest.fixture
def serve(browser: Any, one_app: None, monkeypatch: pytest.MonkeyPatch) -> Iterator[Callable[..., Site]]:
    """Starts the page on an engine, or on an opener of models. It hears of news oftener than a person needs to."""
    from longwriter_ui.ui import feed
    from longwriter_ui.ui.page import Page

    monkeypatch.setattr(feed, "_BEAT_SECONDS", 0.1)
    running: list[tuple[Page, Site]] = []

    def start(engine: ScriptedEngine | None = None, opener: ModelOpener | None = None) -> Site:
        opener = opener or ScriptedOpener(engine or ScriptedEngine(author, words_per_second=400))
        studio = Studio(home(), EngineHost(opener, Path("script")))
        page = Page(studio, home())
        address = page.launch(server_name="127.0.0.1")
        context = browser.new_context(viewport={"width": 1440, "height": 900}, accept_downloads=True)
        site = Site(address, studio, context)
        running.append((page, site))
        return site

    yield start
    for page, site in running:
        site.context.close()
        page.close()
        site.studio.close()
    assert [alarm for _, site in running for alarm in site.alarms] == []
