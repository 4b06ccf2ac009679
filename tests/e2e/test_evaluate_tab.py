"""The Evaluate tab in a real browser: a run is started, watched, judged and reported; a piece is scored."""

from __future__ import annotations

import json
import re
from collections.abc import Callable
from pathlib import Path

import pytest

from longwriter_ui.engine.base import Request
from longwriter_ui.engine.scripted import ScriptedEngine
from longwriter_ui.evaluate.quality import DIMENSIONS
from longwriter_ui.trials import Trials
from tests.e2e.conftest import Site
from tests.script import author

pytestmark = pytest.mark.browser

Serve = Callable[..., Site]
HOSTILE = "<img src=x onerror=alert(1)>${alert(2)}"


def author_and_judge(request: Request) -> str:
    if "strict and fair reader" in request.conversation[0].text:
        return json.dumps(dict.fromkeys(DIMENSIONS, 4))
    return author(request)


def evaluate(site: Site) -> object:
    tab = site.open()
    tab.get_by_role("tab", name="Evaluate").click()
    tab.locator(".evaluate [data-part=mode] option").first.wait_for(state="attached")
    return tab


def test_a_run_from_a_file_is_watched_judged_and_reported(serve: Serve, tmp_path: Path) -> None:
    path = tmp_path / "prompts.jsonl"
    lines = [{"prompt": f"{HOSTILE} {n}", "type": HOSTILE, "length": 150} for n in range(3)]
    path.write_text("\n".join(map(json.dumps, lines)), encoding="utf-8")
    site = serve(engine := ScriptedEngine(author_and_judge, words_per_second=20))
    tab = evaluate(site)
    panel = tab.locator(".evaluate")
    panel.locator("[data-part=prompts]").select_option("file")
    panel.get_by_label("Prompt file (JSONL)").set_input_files(path)
    panel.get_by_label("Name of the run").fill(HOSTILE)
    panel.get_by_label("Way of writing").select_option(label="Direct answer")
    panel.get_by_text("The prompt itself, answered at once").wait_for()
    panel.get_by_label("Way of writing").select_option(label="AgentWrite")
    panel.get_by_role("button", name="Start the run").click()
    panel.locator("[data-part=doing]").get_by_text(re.compile(r"prompt \d of 3")).wait_for()
    engine.words_per_second = 0
    row = panel.locator(".eval-runs li")
    row.get_by_text("AgentWrite · 3 of 3 written").wait_for()
    row.get_by_role("button", name="Judge quality").click()
    row.get_by_text("quality 75 by Scripted").wait_for()
    row.get_by_role("checkbox").check()
    panel.get_by_role("button", name="Report on the marked runs").click()
    frame = panel.frame_locator("iframe")
    frame.get_by_role("heading", name="Length").wait_for()
    assert frame.get_by_role("img").count() == 3
    panel.locator("[data-part=making]").wait_for(state="hidden")
    panel.locator("[data-part=judge]").select_option(label="demo.gguf")
    panel.get_by_text("this model takes the place of the one in use").wait_for()
    assert panel.get_by_role("link", name="Save the report").get_attribute("download").endswith(".html")


def test_a_run_is_stopped_and_gone_on_with(serve: Serve) -> None:
    site = serve(ScriptedEngine(author, words_per_second=20))
    tab = evaluate(site)
    panel = tab.locator(".evaluate")
    panel.get_by_label("Name of the run").fill("mine")
    panel.get_by_role("button", name="Start the run").click()
    panel.locator(".activity").get_by_role("button", name="Stop").click()
    panel.get_by_role("button", name="Go on").wait_for()
    panel.locator("[data-part=activity]").wait_for(state="hidden")
    tab.reload()
    tab.get_by_role("tab", name="Evaluate").click()
    panel.get_by_role("button", name="Go on").click()
    panel.locator("[data-part=activity]").wait_for(state="visible")


def test_the_open_piece_is_scored_and_judged(serve: Serve) -> None:
    site = serve(ScriptedEngine(author_and_judge))
    tab = site.open()
    site.make_plan(tab, f"Write about boats {HOSTILE}", 500)
    tab.locator("[data-part=foot] [data-part=write]").click()
    site.until(lambda: site.draft().words == 500, "the piece is written")
    tab.get_by_role("tab", name="Evaluate").click()
    panel = tab.locator(".evaluate")
    panel.get_by_text("Length score 100").wait_for()
    panel.get_by_text("500 of 500 words asked for").wait_for()
    said = panel.locator("[data-part=draft] option").first.inner_text()
    assert re.search(r" · 500\swords · just now$", said), said  # what tells two pieces of one title apart
    panel.get_by_role("button", name="Judge this piece").click()
    panel.get_by_text("Quality 75, judged by Scripted; scores of other judges do not compare with it").wait_for()


def test_a_judgement_that_is_over_before_the_page_hears_of_it_is_shown(serve: Serve, monkeypatch) -> None:
    begin = Trials._begin

    def begin_and_wait(trials: Trials, *work) -> None:
        begin(trials, *work)
        trials._thread.join()

    monkeypatch.setattr(Trials, "_begin", begin_and_wait)
    site = serve(ScriptedEngine(author_and_judge))
    tab = site.open()
    site.make_plan(tab, "Write about boats", 300)
    tab.locator("[data-part=foot] [data-part=write]").click()
    site.until(lambda: site.draft().words == 300, "the piece is written")
    tab.get_by_role("tab", name="Evaluate").click()
    tab.locator(".evaluate").get_by_role("button", name="Judge this piece").click()
    tab.locator(".evaluate").get_by_text("Quality 75, judged by Scripted").wait_for()
