"""The page under load, in a real Chromium: a draft of 40 cards and 10,000 words while text streams in.

    python bench/page.py --json [--seconds 20]

edit_ms_p95, reorder_ms_p95          from the key or the drop to the first frame that shows it
keystrokes_typed, keystrokes_lost    typed into a paragraph while others are written
bytes_received_per_text_byte         all that the page received, headers too, per byte of new text
main_thread_busy_fraction            of the browser's main thread, while nothing but the writing goes on
server_cpu_fraction                  of one core, of this process while nothing but the writing goes on
first_page_seconds                   from the start of `python app.py` to a form that can be used
"""

from __future__ import annotations

import argparse
import json
import os
import random
import resource
import shutil
import subprocess
import sys
import tempfile
import time
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))  # so that it runs as a script

PROJECT = Path(__file__).resolve().parents[1]
FLAGS = ["--no-sandbox", "--disable-gpu", "--disable-background-networking", "--no-first-run"]
CARDS, WRITTEN, WORDS = 40, 38, 263  # the last two cards are written while we look
SPEED = 12  # words per second, a fast laptop
TYPED = "the tide came in and nobody was there to see it but a boy with a lamp "

# How long the page takes to show what a person did: up to the frame after it.
EDITS = """async () => {
  const frame = () => new Promise((done) => requestAnimationFrame(() => setTimeout(done)));
  const times = [];
  for (let n = 0; n < 40; n += 1) {
    const card = [...longwriter.board.cards.values()][n % 30];
    const began = performance.now();
    card.point.value += "x";
    card.point.dispatchEvent(new Event("input", { bubbles: true }));
    await frame();
    times.push(performance.now() - began);
  }
  return times;
}"""
REORDERS = """async () => {
  const frame = () => new Promise((done) => requestAnimationFrame(() => setTimeout(done)));
  const times = [];
  for (let n = 0; n < 20; n += 1) {
    const board = longwriter.board;
    const card = board.cards.get(board.order[3 + n]);
    const began = performance.now();
    board.move(card, 2 + n);
    await frame();
    times.push(performance.now() - began);
    await new Promise((done) => setTimeout(done, 120));
  }
  return times;
}"""


def p95(times: list[float]) -> float:
    return round(sorted(times)[int(0.95 * (len(times) - 1))], 1)


def first_page(browser: Any) -> float:
    """Seconds from the start of the program to a form that can be used."""
    with tempfile.TemporaryDirectory() as folder:
        began = time.monotonic()
        environment = {**os.environ, "LONGWRITER_HOME": folder}
        program = subprocess.Popen(
            [sys.executable, str(PROJECT / "app.py")], stdout=subprocess.PIPE, text=True, env=environment
        )
        try:
            assert program.stdout is not None
            address = next(line for line in program.stdout if "http" in line).split()[-1]
            tab = browser.new_page()
            tab.goto(address)
            tab.locator("#lw-make").wait_for()
            tab.wait_for_function("window.longwriter && window.longwriter.board")
            seconds = time.monotonic() - began
            tab.close()
        finally:
            program.terminate()
            program.wait(20)
    return round(seconds, 2)


def busy(session: Any) -> float:
    metrics = {entry["name"]: entry["value"] for entry in session.send("Performance.getMetrics")["metrics"]}
    return float(metrics["TaskDuration"])


def cpu() -> float:
    used = resource.getrusage(resource.RUSAGE_SELF)
    return used.ru_utime + used.ru_stime


def long_draft(studio: Any) -> str:
    """A draft with all but its last cards written."""
    from longwriter_ui.brief import Brief

    draft = studio.create(Brief.create("Write about a harbour.", 10_000))
    plan = "\n".join(f"{n}. Part {n} of the harbour's story ({WORDS} words)" for n in range(1, CARDS + 1))
    studio.edit(draft.id, None, {"do": "set_plan", "text": plan})
    words = TYPED.split()
    for paragraph in studio.draft(draft.id).paragraphs[:WRITTEN]:
        text = " ".join(words[n % len(words)] for n in range(WORDS))
        studio.edit(draft.id, None, {"do": "edit_text", "key": paragraph.key, "text": text + "."})
    return str(draft.id)


def measure(browser: Any, seconds: float) -> dict[str, Any]:
    from longwriter_ui.engine.scripted import ScriptedEngine
    from longwriter_ui.host import EngineHost
    from longwriter_ui.paths import home
    from longwriter_ui.studio import Studio
    from longwriter_ui.ui.page import Page
    from tests.relay import Relay
    from tests.script import ScriptedOpener

    def endless(_: object) -> str:
        # No two phrases alike, or the loop guard would end it.
        chance = random.Random(len(calls))
        calls.append(1)
        return " ".join("".join(chance.choices("aeiourstlnm", k=chance.randint(3, 8))) for _ in range(3000))

    calls: list[int] = []

    engine = ScriptedEngine(endless, words_per_second=SPEED)
    studio = Studio(home(), EngineHost(ScriptedOpener(engine), Path("script")))
    page = Page(studio, home())
    draft = long_draft(studio)
    tab = browser.new_page(viewport={"width": 1440, "height": 900})
    session = tab.context.new_cdp_session(tab)
    relay = Relay(urlsplit(page.launch(server_name="127.0.0.1")).port or 0)
    tab.goto(f"{relay.address}?draft={draft}")
    tab.locator(".card").nth(CARDS - 1).wait_for()
    studio.write(draft)
    tab.locator(".card.is-writing .text p").wait_for()
    tab.wait_for_timeout(2000)
    session.send("Performance.enable")

    # nothing but the writing
    text, task, used, began = len(studio.draft(draft).text), busy(session), cpu(), time.monotonic()
    received = relay.bytes
    tab.wait_for_timeout(int(seconds * 1000))
    passed = time.monotonic() - began
    idle_busy, idle_cpu = (busy(session) - task) / passed, (cpu() - used) / passed
    per_byte = (relay.bytes - received) / max(1, len(studio.draft(draft).text) - text)

    # the person at work, while the writing goes on
    edits, reorders = tab.evaluate(EDITS), tab.evaluate(REORDERS)
    field = tab.locator(".card .text").nth(5)
    field.click()
    tab.keyboard.press("Control+End")
    typed = (TYPED * 4).strip()
    tab.keyboard.type(typed, delay=25)
    tab.locator(".title").click()
    tab.wait_for_function("!longwriter.board.link.unsaved")
    key = tab.locator(".card").nth(5).get_attribute("data-key")
    kept = next(p.text for p in studio.draft(draft).paragraphs if p.key == key)
    lost = 0 if typed in kept else len(typed) - max(n for n in range(len(typed) + 1) if typed[:n] in kept)
    studio.stop(draft)
    tab.close()
    page.close()
    relay.close()
    studio.close()
    return {
        "edit_ms_p95": p95(edits),
        "reorder_ms_p95": p95(reorders),
        "keystrokes_typed": len(typed),
        "keystrokes_lost": lost,
        "bytes_received_per_text_byte": round(per_byte, 2),
        "main_thread_busy_fraction": round(idle_busy, 3),
        "server_cpu_fraction": round(idle_cpu, 3),
    }


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--json", action="store_true", help="print one JSON object and nothing else")
    parser.add_argument("--seconds", type=float, default=20.0, help="how long only the writing is watched")
    options = parser.parse_args()
    from playwright.sync_api import sync_playwright

    names = ("chromium", "chromium-browser", "google-chrome")
    executable = os.environ.get("LONGWRITER_CHROMIUM") or next(filter(None, map(shutil.which, names)), None)
    with tempfile.TemporaryDirectory() as folder, sync_playwright() as playwright:
        os.environ["LONGWRITER_HOME"] = folder
        browser = playwright.chromium.launch(executable_path=executable, args=FLAGS)
        figures = {**measure(browser, options.seconds), "first_page_seconds": first_page(browser)}
        browser.close()
    if options.json:
        print(json.dumps(figures))
    else:
        for name, value in figures.items():
            print(f"{name:32}{value}")


if __name__ == "__main__":
    main()
