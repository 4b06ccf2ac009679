"""Bad and hostile input: a clear message, nothing lost, and text that stays text."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest

from longwriter_ui.engine.base import Engine, Proceed, Request
from longwriter_ui.engine.scripted import ScriptedEngine
from longwriter_ui.errors import ModelFileError
from longwriter_ui.host import ModelChoice
from longwriter_ui.paths import home
from tests.e2e.conftest import Site, held
from tests.script import author

pytestmark = pytest.mark.browser

Serve = Callable[..., Site]
HOSTILE = "${alert(1)} {{x}} {{{y}}} <img src=x onerror=alert(2)> `${alert(3)}`"


def test_a_brief_that_cannot_be_used_says_so_and_keeps_what_was_typed(serve: Serve) -> None:
    site = serve()
    tab = site.open()
    tab.locator("#lw-length").get_by_text("Custom", exact=True).click()
    for instruction, words, told in [
        ("", "500", "The instruction is empty."),
        ("Write about rain.", "abc", "is not a number"),
        ("Write about rain.", "0", "out of range"),
        ("Write about rain.", "10000000", "out of range"),
    ]:
        tab.locator("#lw-ask textarea").fill(instruction)
        tab.locator("#lw-custom input").fill(words)
        tab.locator("#lw-brief-problem .flag").wait_for(state="detached")  # typing clears the last message
        tab.locator("#lw-make").click()
        problem = tab.locator("#lw-brief-problem .flag")
        problem.wait_for()
        assert told in problem.inner_text()
        assert tab.locator("#lw-ask textarea").input_value() == instruction
        assert tab.locator("#lw-custom input").input_value() == words
    assert site.studio.drafts() == []


def test_a_brief_typed_but_not_sent_survives_a_reload(serve: Serve) -> None:
    site = serve()
    tab = site.open()
    tab.locator("#lw-ask textarea").fill("Half of an idea")
    tab.reload()
    tab.wait_for_function("document.querySelector('#lw-ask textarea')?.value === 'Half of an idea'")


def test_hostile_text_is_shown_as_text_everywhere(serve: Serve) -> None:
    def hostile(request: Request) -> str:
        return author(request) if request.grammar is not None else HOSTILE

    site = serve(ScriptedEngine(hostile))
    tab = site.open()
    site.make_plan(tab, HOSTILE, 250)
    assert tab.locator("[data-part=instruction]").inner_text() == HOSTILE
    assert tab.locator(".title").input_value().rstrip("…") in HOSTILE
    tab.locator(".title").fill(HOSTILE)
    tab.locator(".point").nth(0).fill(HOSTILE)
    tab.locator(".title").click()
    site.until(lambda: site.draft().steps[0].main_point == HOSTILE, "the main point is stored as typed")
    tab.locator("[data-part=write]").click()
    tab.locator(".status .now", has_text="Finished").wait_for()
    assert held(tab.locator(".card .text").nth(1)) == HOSTILE
    tab.locator(".card .text").nth(2).fill(HOSTILE + " typed")
    tab.locator(".title").click()
    site.until(lambda: site.draft().paragraphs[2].text == HOSTILE + " typed", "the paragraph is stored as typed")
    tab.reload()
    tab.locator(".card.is-edited").wait_for()
    assert held(tab.locator(".card .text").nth(2)) == HOSTILE + " typed"
    assert tab.locator(".point").nth(0).input_value() == HOSTILE
    tab.get_by_role("tab", name="Library").click()
    tab.locator(".shelf-title").wait_for()
    assert tab.locator(".shelf-title").inner_text() == HOSTILE
    assert tab.locator("img[src='x']").count() == 0
    assert tab.title() == "LongWriter Studio"


def test_an_error_of_the_engine_is_shown_with_its_hint_and_the_writing_goes_on_after_it(serve: Serve) -> None:
    class Opener:
        """Fails to load until it is mended."""

        broken = True

        def check(self, path: Path) -> ModelChoice:
            return ModelChoice(path, HOSTILE, demonstration=False)

        def open(self, path: Path, proceed: Proceed | None = None) -> Engine:
            if self.broken:
                raise ModelFileError(f"{HOSTILE} cannot be loaded.", "Choose another file.")
            return ScriptedEngine(author)

    opener = Opener()
    site = serve(opener=opener)
    tab = site.open()
    tab.locator("#lw-ask textarea").fill("Write about rain.")
    tab.locator("#lw-make").click()
    error = tab.locator(".notices .flag.fail")
    error.wait_for()
    assert error.locator(".lead").inner_text() == f"{HOSTILE} cannot be loaded."
    assert "Choose another file." in error.inner_text()
    opener.broken = False
    error.get_by_role("button", name="Try again").click()
    tab.locator(".card").nth(4).wait_for()
    error.wait_for(state="detached")
    assert tab.locator("[data-part=model]").inner_text() == HOSTILE


def test_a_plan_that_cannot_be_read_is_kept_and_can_be_mended(serve: Serve) -> None:
    site = serve(ScriptedEngine(lambda request: f"Certainly. {HOSTILE}" if request.grammar else author(request)))
    tab = site.open()
    tab.locator("#lw-ask textarea").fill("Write about rain.")
    tab.locator("#lw-make").click()
    raw = tab.locator("[data-part=raw]")
    raw.wait_for()
    assert raw.input_value() == f"Certainly. {HOSTILE}"
    tab.get_by_role("button", name="Use this plan").click()
    # One message is of the job that made the plan, the other of this try to use it.
    tab.locator(".notices").get_by_text("No step was found").nth(1).wait_for()
    assert raw.input_value() == f"Certainly. {HOSTILE}"
    raw.fill("Paragraph 1 - Main Point: Clouds - Word Count: 120 words\n2. Drops - 80 words")
    tab.get_by_role("button", name="Use this plan").click()
    tab.locator(".card").first.wait_for()
    first = site.draft().steps[0]
    assert (first.main_point, first.words) == ("Clouds", 120)
    assert not raw.is_visible()


def test_a_file_that_is_no_model_is_refused_with_a_hint_and_the_old_one_stays(serve: Serve, tmp_path: Path) -> None:
    from longwriter_ui.bootstrap import LlamaCppOpener

    class Opener:
        """The scripted engine, but real checks of files."""

        def check(self, path: Path) -> ModelChoice:
            if path == Path("script"):
                return ModelChoice(path, "Scripted", demonstration=False)
            return LlamaCppOpener(home().settings).check(path)

        def open(self, path: Path, proceed: Proceed | None = None) -> Engine:
            return ScriptedEngine(author)

    text = tmp_path / "notes.gguf"
    text.write_text("not a model", encoding="utf-8")
    site = serve(opener=Opener())
    tab = site.open()
    tab.get_by_role("tab", name="Models").click()
    tab.locator("[data-part=path]").fill(str(text))
    tab.get_by_role("button", name="Use this model").click()
    flag = tab.locator("#lw-models .flag.fail")
    flag.wait_for()
    assert "notes.gguf" in flag.inner_text()
    assert tab.locator("#lw-models [data-part=name]").inner_text() == "Scripted"
    assert site.studio.model.name == "Scripted"
